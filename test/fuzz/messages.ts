// Reads bytes as HTTP/1.1 requests by the letter of RFC 9112, and stops at the first thing that is not one. Only what is
// read here may have any effect; the gateway's own parser has no part in it.
import { METHODS } from 'node:http';

export interface Message {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  /** Names in lower case, values as Latin-1 without the white space around them, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** Of the request line and the fields, in bytes. */
  readonly headSize: number;
  /** Chunked, with something about it, in its chunks or behind them that may be refused. */
  readonly decorated: boolean;
}

export interface Messages {
  readonly complete: readonly Message[];
  /** Nothing is left behind them: `true`. */
  readonly whole: boolean;
}

/** Beyond so many bytes a header section may or may not be refused. */
export const maxCertain = 15_000;

export function readMessages(bytes: Buffer): Messages {
  const complete: Message[] = [];
  let certain = true;
  let rest = bytes;
  for (;;) {
    // RFC 9112 section 2.2: empty lines before a request line may be passed over, whatever ends them.
    while (rest[0] === 0x0d || rest[0] === 0x0a) rest = rest.subarray(1);
    if (rest.length === 0) return { complete, whole: certain };
    const found = readMessage(rest);
    if (found === undefined) return { complete, whole: false };
    const { message, length } = found;
    const tunnel = message.method === 'CONNECT';
    // What may be refused behind another request is, without an answer that could be taken for one to that.
    if (complete.length > 0 && (tunnel || message.headSize > maxCertain)) certain = false;
    complete.push(message);
    rest = rest.subarray(length);
    // RFC 9112 section 9.6: nothing follows it, and a CONNECT makes a tunnel.
    if (tunnel || tokens(message, 'connection').includes('close'))
      return { complete, whole: certain && rest.length === 0 };
  }
}

/** The values of a field, as one list. */
export const valuesOf = ({ fields }: Pick<Message, 'fields'>, name: string): string[] =>
  fields.filter(([other]) => other === name).map(([, value]) => value);

const tokens = (message: Pick<Message, 'fields'>, name: string): string[] =>
  valuesOf(message, name)
    .join(',')
    .split(',')
    .map((token) => token.replace(/^[ \t]+|[ \t]+$/g, '').toLowerCase());

// RFC 9112 section 3 lets a recipient take more than one space for the one.
const requestLine =
  /^([A-Z-]+) +((?:[/*]|[A-Za-z]+:[/][/])[\x21-\x7e]*|(?<=^CONNECT +)[\x21-\x7e]+) +(HTTP[/]\d\.\d)$/;
const fieldLine = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;

function readMessage(bytes: Buffer): { message: Message; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const start = requestLine.exec(first);
  const fields = readFields(lines);
  if (start === null || fields === undefined) return undefined;
  const [, method = '', target = '', version = ''] = start;
  // Any other one is answered as malformed, and ends the connection.
  if (!METHODS.includes(method)) return undefined;
  const rest = bytes.subarray(headEnd + 4);
  const content = readContent(rest, { fields, version });
  if (content === undefined) return undefined;
  const { body, length } = content;
  // White space behind a coding may be refused, though RFC 9112 section 5 allows it.
  const decorated = content.decorated || lines.some((line) => /^transfer-encoding:.*[ \t]$/i.test(line));
  return {
    message: { method, target, version, fields, body, headSize: headEnd, decorated },
    length: headEnd + 4 + length,
  };
}

function readFields(lines: readonly string[]): [string, string][] | undefined {
  const fields: [string, string][] = [];
  for (const line of lines) {
    const found = fieldLine.exec(line);
    if (found === null) return undefined;
    fields.push([(found[1] ?? '').toLowerCase(), found[2] ?? '']);
  }
  return fields;
}

interface Content {
  readonly body: Buffer;
  readonly length: number;
  readonly decorated: boolean;
}

/** RFC 9112 section 6.3, without what it merely tolerates. */
function readContent(rest: Buffer, head: Pick<Message, 'fields' | 'version'>): Content | undefined {
  const codings = valuesOf(head, 'transfer-encoding');
  const lengths = valuesOf(head, 'content-length');
  if (codings.length > 0) {
    const chunked = codings.length === 1 && codings[0]?.toLowerCase() === 'chunked';
    return chunked && lengths.length === 0 && head.version === 'HTTP/1.1' ? readChunks(rest) : undefined;
  }
  if (lengths.length === 0) return { body: rest.subarray(0, 0), length: 0, decorated: false };
  if (lengths.length > 1 || !/^\d{1,15}$/.test(lengths[0] ?? '')) return undefined;
  const length = Number(lengths[0]);
  return rest.length < length ? undefined : { body: rest.subarray(0, length), length, decorated: false };
}

const chunkLine = /^([0-9A-Fa-f]{1,8})((?:;[\w-]+(?:=(?:[\w-]+|"[\w -]*"))?)*)$/;

/** RFC 9112 section 7.1. */
function readChunks(bytes: Buffer): Content | undefined {
  const chunks: Buffer[] = [];
  let decorated = false;
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const line = lineEnd < 0 ? '' : bytes.subarray(at, lineEnd).toString('latin1');
    const size = chunkLine.exec(line);
    if (size === null) return undefined;
    decorated ||= size[2] !== '';
    const length = Number.parseInt(size[1] ?? '', 16);
    at = lineEnd + 2;
    if (length === 0) break;
    chunks.push(bytes.subarray(at, at + length));
    at += length + 2;
    if (bytes.length < at || bytes[at - 2] !== 0x0d || bytes[at - 1] !== 0x0a) return undefined;
  }
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const line = bytes.subarray(at, lineEnd).toString('latin1');
    at = lineEnd + 2;
    if (line === '') return { body: Buffer.concat(chunks), length: at, decorated };
    // RFC 9110 section 6.5.1: what frames a message cannot come behind it.
    if (!fieldLine.test(line) || /^(content-length|transfer-encoding)[ \t]*:/i.test(line)) return undefined;
    decorated = true;
  }
}
