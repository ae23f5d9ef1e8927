// Parses JSON more strictly than RFC 8259: valid UTF-8 without a byte order mark, and no duplicate members, which parsers
// interpret differently.
import { isUtf8 } from 'node:buffer';

/** The value, or a sentence about the fault. */
type StrictJson = { readonly value: unknown } | { readonly fault: string };

export function readStrictJson(bytes: Uint8Array): StrictJson {
  if (!isUtf8(bytes)) return { fault: 'The body is not valid UTF-8.' };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'The body is not valid JSON.' };
  }
  // Each name is followed by a colon: with as many names as members none is repeated. V8 may misread an escaped name.
  const isSimple = !text.includes('\\') && (text.match(nameEnd)?.length ?? 0) === plainMembersOf(value);
  if (isSimple) return { value };
  return repeatsMember(text) ? { fault: 'The body contains an object with a duplicate member.' } : { value };
}

/** Also matches in some strings, but misses no name. */
const nameEnd = /"[ \t\n\r]*:/g;

/** The number of an object's members; `undefined` if it has others in it, or is none. */
function plainMembersOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const values = Object.values(value);
  return values.some((member) => typeof member === 'object' && member !== null) ? undefined : values.length;
}

const quote = 0x22;
const backslash = 0x5c;

/** Needs text that `JSON.parse` accepted: then a string is a member's name exactly when a colon follows it. */
export function repeatsMember(text: string): boolean {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '{' || character === '[') open.push(new Set());
    else if (character === '}' || character === ']') open.pop();
    if (character !== '"') continue;
    const end = endOfString(text, at);
    const isName = text[skipSpace(text, end + 1)] === ':';
    if (isName && !isNew(JSON.parse(text.slice(at, end + 1)) as string, open.at(-1))) return true;
    at = end;
  }
  return false;
}

function isNew(name: string, members: Set<string> | undefined): boolean {
  if (members?.has(name)) return false;
  members?.add(name);
  return true;
}

/** The index of the closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (' \t\n\r'.includes(text[at] ?? '.')) at += 1;
  return at;
}
