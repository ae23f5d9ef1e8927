// Reads JSON of which nothing is known yet, and writes JSON pointers (RFC 6901).

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

/** A member's name as it stands in a JSON Pointer (RFC 6901 section 3). */
export const escapePointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** Bound on the nesting of objects and arrays. What the vendor's contract describes has about ten levels. */
const maxDepth = 32;

/** `JSON.stringify` fails for deeply nested values that `JSON.parse` accepts. */
export const isShallow = (value: unknown, levels = maxDepth): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((member) => isShallow(member, levels - 1)));
