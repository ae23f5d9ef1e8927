// Finds the end of an existing log, so that its chain continues across restarts and rotations: in the file itself, or in the
// newest of those that it was rotated into.
import { constants } from 'node:fs';
import { type LinkedRecord, linkOf } from '../record/found-record.ts';
import { readRecords } from '../record/read-records.ts';
import { type JudgedTail, judgeTail } from './judge-tail.ts';
import type { LogFiles } from './log-file-system.ts';
import { findRotated } from './rotated-files.ts';
import type { CheckpointKey } from './signing-key.ts';
import { recordsBackwards } from './tail.ts';

/** Compressions that hide what is in a file. */
const unreadable = /\.(?:bz2|lz4|xz|Z|zip|zst)$/;
/** More than a gateway leaves without a checkpoint. */
const maxKept = 2500;

/** Rejects when a file that should hold the end cannot be read: a chain must not begin anew by mistake. */
export const findTail = (
  files: LogFiles,
  path: string,
  key: CheckpointKey | undefined,
): Promise<JudgedTail> => judgeTail(allBackwards(files, path), key);

async function* allBackwards(files: LogFiles, path: string): AsyncGenerator<LinkedRecord, void, undefined> {
  yield* fileBackwards(files, path);
  const rotated = await findRotated(path);
  for (const { path: file } of rotated.reverse()) {
    if (unreadable.test(file))
      throw new Error(`the end of the audit log may be in ${file}, which cannot be read`);
    yield* file.endsWith('.gz') ? compressedBackwards(files, file) : fileBackwards(files, file, true);
  }
}

async function* fileBackwards(
  files: LogFiles,
  path: string,
  isRotated = false,
): AsyncGenerator<LinkedRecord, void, undefined> {
  let fd: number;
  try {
    // A pipe must not make it wait for a writer.
    fd = await files.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const found = await files.fstat(fd);
    if (!found.isFile()) throw new Error('the audit file is no regular file');
    // No later sync reaches what a gateway wrote to it before it died.
    if (isRotated) await files.fdatasync(fd);
    yield* recordsBackwards(files, path, fd, found.size);
  } finally {
    await files.close(fd);
  }
}

async function* compressedBackwards(
  files: LogFiles,
  path: string,
): AsyncGenerator<LinkedRecord, void, undefined> {
  const fd = await files.open(path, constants.O_RDONLY);
  // What compressed it need not have synced it.
  await files.fdatasync(fd).finally(() => files.close(fd));
  const kept: LinkedRecord[] = [];
  for await (const { record, text } of readRecords([path], () => undefined)) {
    kept.push({ record, link: linkOf(record, text) });
    if (kept.length > 2 * maxKept) kept.splice(0, maxKept);
  }
  yield* kept.reverse();
}
