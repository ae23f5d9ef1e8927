// Splits audit logs into lines, byte for byte, in constant memory, compressed ones too. A line that is longer than any
// record can be is passed over without being held.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

export interface LineAt {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Without the newline; empty when the line was too long. */
  readonly bytes: Buffer;
}

/** Records are bounded: the longest possible one is far below this. */
export const longestLineBytes = 1024 * 1024;
const newline = 0x0a;

/** Bytes of all files together, as they are on disk. Rejects when one cannot be read. */
export async function sizeOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * The lines of the files, in order; the last one of a file also without a newline. `onRead` is told of every piece that
 * is read from disk, in bytes. Rejects when a file cannot be read to its end.
 */
export async function* readLines(
  files: readonly string[],
  onRead: (bytes: number) => void,
): AsyncGenerator<LineAt, void, undefined> {
  for (const file of files) {
    let line = 0;
    try {
      for await (const bytes of split(open(file, onRead))) {
        line += 1;
        yield { file, line, bytes };
      }
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

async function* split(source: Readable): AsyncGenerator<Buffer, void, undefined> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  const hold = (part: Buffer): void => {
    begunBytes += part.length;
    if (begunBytes > longestLineBytes) begun = [];
    else if (part.length > 0) begun.push(part);
  };
  const finish = (): Buffer => {
    const line = begunBytes > longestLineBytes ? Buffer.alloc(0) : Buffer.concat(begun);
    begun = [];
    begunBytes = 0;
    return line;
  };
  for await (const chunk of source as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      const part = chunk.subarray(from, at);
      from = at + 1;
      if (begunBytes === 0) yield part.length > longestLineBytes ? Buffer.alloc(0) : part;
      else {
        hold(part);
        yield finish();
      }
    }
    hold(chunk.subarray(from));
  }
  if (begunBytes > 0) yield finish();
}
