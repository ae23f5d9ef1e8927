// Reads the JSON objects of audit logs in bounded memory: one a line, laid out over several lines, or as the elements of an
// array; files that end in .gz are decompressed. Whatever stands between them is passed over, but counted.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parseJson } from '../../net/json.ts';

export interface Place {
  readonly file: string;
  /** Where it begins, from 1. */
  readonly line: number;
}

/** `undefined` in place of the value: an object that is not complete, no JSON or too long, or a line of other text. */
interface ValueAt extends Place {
  readonly value: unknown;
  /** As it stands in the file; empty when it was too long. */
  readonly text: string;
}

/** Records are bounded; an array of them is not read as a whole. */
export const maxValueBytes = 1024 * 1024;

/** Bytes of all files together, as they are on disk. Rejects when one cannot be read. */
export async function sizeOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * The values of the files, in order. `onRead` is told of every piece that is read from disk, in bytes. Rejects when a file
 * cannot be read to its end.
 */
export async function* readValues(
  files: readonly string[],
  onRead: (bytes: number) => void,
): AsyncGenerator<ValueAt, void, undefined> {
  for (const file of files) {
    const splitter = new ValueSplitter();
    try {
      for await (const chunk of open(file, onRead) as AsyncIterable<Buffer>)
        for (const { line, text } of splitter.split(chunk))
          yield { file, line, text, value: parseJson(text) };
      for (const { line, text } of splitter.end()) yield { file, line, text, value: parseJson(text) };
    } catch (error) {
      // zlib does not say in which file the end is missing.
      const { message } = error as Error;
      throw message.includes(file) ? error : new Error(`${file}: ${message}`, { cause: error });
    }
  }
}

function open(file: string, onRead: (bytes: number) => void): Readable {
  const source = createReadStream(file, { highWaterMark: 256 * 1024 });
  source.on('data', (chunk) => onRead(chunk.length));
  // A failure of the file destroys what comes after it, and so reaches the reader.
  return file.endsWith('.gz') ? pipeline(source, createGunzip(), () => undefined) : source;
}

interface Piece {
  readonly line: number;
  readonly text: string;
}

const [newline, quote, backslash, openBrace, closeBrace] = [0x0a, 0x22, 0x5c, 0x7b, 0x7d];
/** Between objects these mean nothing: white space, commas and the brackets of an array. */
const betweenValues = new Set(Buffer.from(' \t\r\n,[]'));
/** What a line can begin with inside an object. A brace in the first column begins another one. */
const withinValue = new Set(Buffer.from(' \t\r\n,"}]'));

/** Finds where objects begin and end. An object that breaks off ends with its line at the latest, and not the reading. */
class ValueSplitter {
  #line = 1;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #atLineStart = true;
  /** Something on this line is no part of an object. */
  #otherText = false;
  #startLine = 1;
  /** Earlier chunks' part of the object. */
  #held: Buffer[] = [];
  #heldBytes = 0;

  *split(chunk: Buffer): Generator<Piece> {
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      if (this.#depth > 0 && this.#breaksOff(byte)) yield this.#finish(chunk.subarray(start, at));
      if (this.#depth === 0 && byte === openBrace) start = at;
      if (this.#step(byte)) yield this.#finish(chunk.subarray(start, at + 1));
      this.#atLineStart = byte === newline;
      if (this.#atLineStart) yield* this.#endLine();
    }
    if (this.#depth > 0) this.#hold(chunk.subarray(start));
  }

  *end(): Generator<Piece> {
    if (this.#depth > 0) yield this.#finish(Buffer.alloc(0));
    if (this.#otherText) yield { line: this.#line, text: '' };
  }

  #breaksOff(byte: number): boolean {
    return this.#inString ? byte === newline : this.#atLineStart && !withinValue.has(byte);
  }

  *#endLine(): Generator<Piece> {
    if (this.#otherText) yield { line: this.#line, text: '' };
    this.#otherText = false;
    this.#line += 1;
  }

  /** Does an object end with this byte? */
  #step(byte: number): boolean {
    if (this.#depth > 0) {
      this.#stepInside(byte);
      return this.#depth === 0;
    }
    if (byte === openBrace) {
      this.#depth = 1;
      this.#startLine = this.#line;
      this.#otherText = false;
    } else if (!betweenValues.has(byte)) this.#otherText = true;
    return false;
  }

  #stepInside(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (this.#inString) {
      if (byte === backslash) this.#escaped = true;
      else if (byte === quote) this.#inString = false;
    } else if (byte === quote) this.#inString = true;
    else if (byte === openBrace) this.#depth += 1;
    else if (byte === closeBrace) this.#depth -= 1;
  }

  #hold(part: Buffer): void {
    this.#heldBytes += part.length;
    if (this.#heldBytes > maxValueBytes) this.#held = [];
    else this.#held.push(part);
  }

  #finish(part: Buffer): Piece {
    this.#hold(part);
    const text = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    this.#depth = 0;
    this.#inString = false;
    this.#escaped = false;
    return { line: this.#startLine, text: text.toString('utf8') };
  }
}
