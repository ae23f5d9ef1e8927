// The audit records of logs, in order. Lines that are none, such as the log lines that share standard output with them,
// are passed over.
import { type FoundRecord, recordIn } from './found-record.ts';
import { readLines } from './read-lines.ts';

export interface RecordAt {
  readonly file: string;
  readonly line: number;
  /** The line as it stands in the file, without its newline. */
  readonly bytes: Buffer;
  readonly record: FoundRecord;
}

/** `onRead` is told of every piece that is read from disk, in bytes. Rejects when a file cannot be read to its end. */
export async function* readRecords(
  files: readonly string[],
  onRead: (bytes: number) => void,
): AsyncGenerator<RecordAt, void, undefined> {
  for await (const { file, line, bytes } of readLines(files, onRead)) {
    const record = recordIn(bytes);
    if (record !== undefined) yield { file, line, bytes, record };
  }
}
