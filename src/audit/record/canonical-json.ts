// The canonical form of JSON (RFC 8785): one text for one value, however a copy orders its members or lays them out.
// Members without a value are left out, since a record has none and some systems add them.

/** Throws a `RangeError` for what has no canonical form: a number that is not finite, an unpaired surrogate. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return canonicalText(value);
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('a number is not finite');
    return JSON.stringify(value ?? null);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  const object = value as Readonly<Record<string, unknown>>;
  let members = '';
  // The default order is that of UTF-16 code units, as RFC 8785 section 3.2.3 asks.
  for (const name of Object.keys(object).sort()) {
    const member = object[name];
    if (member === undefined || member === null) continue;
    members += `${members === '' ? '' : ','}${canonicalText(name)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

function canonicalText(text: string): string {
  if (!text.isWellFormed()) throw new RangeError('a string has an unpaired surrogate');
  return JSON.stringify(text);
}
