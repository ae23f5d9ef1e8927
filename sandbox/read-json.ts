// Reads members of JSON that somebody else wrote. Whatever is not there, or is of another type, reads as absent;
// nothing here throws.

export function memberOf(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const name of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, name)) return undefined;
    current = Reflect.get(current, name);
  }
  return current;
}

export function textOf(value: unknown, ...path: readonly string[]): string | undefined {
  const found = memberOf(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

export function numberOf(value: unknown, ...path: readonly string[]): number | undefined {
  const found = memberOf(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

export function listOf(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = memberOf(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The JSON of a text, or `undefined` when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
