// Reads audit logs line by line in constant memory, compressed ones too. Lines that are no audit records, such as the log
// lines that share standard output with them, are passed over.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

/** A record as it was found; nothing in it has been checked. */
export type FoundRecord = Readonly<Record<string, unknown>>;

export interface RecordAt {
  readonly file: string;
  readonly line: number;
  readonly record: FoundRecord;
}

/** Bytes of all files together, as they are on disk. Rejects when one cannot be read. */
export async function sizeOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The records of the files, in order. `onRead` is told of every piece that is read from disk, in bytes. */
export async function* readRecords(
  files: readonly string[],
  onRead: (bytes: number) => void,
): AsyncGenerator<RecordAt, void, undefined> {
  for (const file of files) {
    const source = createReadStream(file);
    source.on('data', (chunk) => onRead(chunk.length));
    const input = file.endsWith('.gz') ? source.pipe(createGunzip()) : source;
    // readline passes on no error of its input; without this a broken file would end like a complete one.
    let failure: Error | undefined;
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    for (const stream of new Set([source, input])) {
      stream.once('error', (error: Error) => {
        failure = error;
        lines.close();
      });
    }
    let line = 0;
    for await (const text of lines) {
      line += 1;
      const record = recordIn(text);
      if (record !== undefined) yield { file, line, record };
    }
    if (failure !== undefined) throw failure;
  }
}

function recordIn(text: string): FoundRecord | undefined {
  if (!text.includes('"class_uid":6003')) return undefined;
  try {
    const value = JSON.parse(text) as FoundRecord | null;
    return typeof value === 'object' && value !== null && value['class_uid'] === 6003 ? value : undefined;
  } catch {
    return undefined;
  }
}
