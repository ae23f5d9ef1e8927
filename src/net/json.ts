// Reads JSON of which nothing is known yet, without loss where it is written again, and writes JSON pointers (RFC 6901).

/** `undefined` when the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A member of what may be an object. */
export const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

export const stringIn = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** A member's name as it stands in a JSON Pointer (RFC 6901 section 3). */
export const escapePointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** Bound on the nesting of objects and arrays. What the vendor's contract describes has about ten levels. */
const maxDepth = 32;

/** `JSON.stringify` fails for deeply nested values that `JSON.parse` accepts. */
export const isShallow = (value: unknown, levels = maxDepth): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((member) => isShallow(member, levels - 1)));

/** Every number that JavaScript may not write as it was read: `-0`, more than 15 digits, or an exponent. Also matches in strings. */
const mayChange = /[[:,\s](?:-0|-?[\d.]{16,}|-?[\d.]+[eE])/;

/**
 * The same value, with numbers that `JSON.stringify` writes as they stand in the text. `parsed`: what `JSON.parse` made of the
 * text; it must be shallow.
 */
export function withExactNumbers(text: Buffer, parsed: unknown): unknown {
  // A reviver makes parsing several times slower.
  if (!mayChange.test(text.toString('latin1'))) return parsed;
  return exactJson.parse(new TextDecoder().decode(text), (_, value, { source }) =>
    typeof value === 'number' && String(value) !== source ? exactJson.rawJSON(source) : value,
  );
}

/** Node has these; the types of TypeScript do not know them yet. */
const exactJson = JSON as unknown as {
  parse(text: string, reviver: (name: string, value: unknown, from: { source: string }) => unknown): unknown;
  rawJSON(source: string): unknown;
};
