// The audit records of logs, in order. What is none, such as the log lines that share standard output with them, is passed
// over.
import { type Found, recordsIn } from './found-record.ts';
import { type Place, readValues } from './read-values.ts';

export interface RecordAt extends Place, Found {}

/** `onRead` is told of every piece that is read from disk, in bytes. Rejects when a file cannot be read to its end. */
export async function* readRecords(
  files: readonly string[],
  onRead: (bytes: number) => void,
): AsyncGenerator<RecordAt, void, undefined> {
  for await (const { file, line, value, text } of readValues(files, onRead))
    for (const found of recordsIn(value, text)) yield { file, line, ...found };
}
