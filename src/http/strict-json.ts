// Reads JSON as RFC 8259 says and more strictly: UTF-8 without errors and without a byte order mark, and no object that
// names a member twice, since two readers of such an object may each believe another value.
import { isUtf8 } from 'node:buffer';

/** The value, or the sentence that says what is wrong. Never throws. */
export type StrictJson = { readonly value: unknown } | { readonly fault: string };

export function readStrictJson(bytes: Uint8Array): StrictJson {
  if (!isUtf8(bytes)) return { fault: 'The body is not valid UTF-8.' };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'The body is not valid JSON.' };
  }
  return repeatsMember(text, value)
    ? { fault: 'The body has an object that names a member twice.' }
    : { value };
}

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

/** Needs text that `JSON.parse` made the value of, which has one member for all that an object names alike. */
const repeatsMember = (text: string, value: unknown): boolean => countNames(text) !== countMembers(value);

/** In text that is JSON a string is a member's name exactly when a colon follows it. */
function countNames(text: string): number {
  let names = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    at = endOfString(text, at);
    if (text.charCodeAt(skipSpace(text, at + 1)) === colon) names += 1;
  }
  return names;
}

/** Without a call for each level: a body may have as many as it has bytes. */
function countMembers(value: unknown): number {
  let members = 0;
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    const values: unknown[] = Object.values(next);
    if (!Array.isArray(next)) members += values.length;
    for (const inner of values) open.push(inner);
  }
  return members;
}

/** The index of the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

/** RFC 8259 section 2. */
const isSpace = (code: number): boolean => code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
