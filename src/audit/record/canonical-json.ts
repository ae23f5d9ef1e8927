// The canonical form of JSON (RFC 8785): one text for one value, however a copy orders its members or lays them out.
// Members without a value are left out, since a record has none and some systems add them.

/** Throws a `RangeError` for what has no canonical form: a number that is not finite, what `textOf` refuses. */
export function canonicalJson(value: unknown, textOf = canonicalText): string {
  if (typeof value === 'string') return textOf(value);
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('a number is not finite');
    return String(value ?? null);
  }
  if (Array.isArray(value)) return `[${value.map((entry) => canonicalJson(entry, textOf)).join()}]`;
  const object = value as Readonly<Record<string, unknown>>;
  let members = '';
  for (const name of sortedNames(object)) {
    const member = object[name];
    if (member === undefined || member === null) continue;
    members += `${members === '' ? '' : ','}${textOf(name)}:${canonicalJson(member, textOf)}`;
  }
  return `{${members}}`;
}

/** In the order of UTF-16 code units (RFC 8785 section 3.2.3). Most objects of a record have it already. */
function sortedNames(object: object): readonly string[] {
  const names = Object.keys(object);
  for (let at = 1; at < names.length; at += 1)
    if ((names[at - 1] as string) > (names[at] as string)) return names.sort();
  return names;
}

/** Text that JSON holds as it is. Nearly all text of a record is of this form, and `JSON.stringify` costs several times more. */
const unescaped = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** A string of JSON. Throws a `RangeError` for an unpaired surrogate. */
export function canonicalText(text: string): string {
  if (unescaped.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new RangeError('a string has an unpaired surrogate');
  return JSON.stringify(text);
}

/** Of a value of an event, which is recorded whatever is in it: half of a character becomes the replacement character. */
export const recordedText = (text: string): string => canonicalText(text.toWellFormed());
