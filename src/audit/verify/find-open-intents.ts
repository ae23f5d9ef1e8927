// Finds, in the log of earlier runs, the changes that were left open: in the file and in those that it was rotated into
// lately. Reads in the background and in constant memory, and takes records of one chain only.
import { isDeepStrictEqual } from 'node:util';
import type { Head } from '../log/chain.ts';
import { describeFile, type FoundFile, findRotated } from '../log/rotated-files.ts';
import { linkOf } from '../record/found-record.ts';
import { readRecords } from '../record/read-records.ts';
import { OpenIntents } from './open-intents.ts';

/** A request that nobody accepted lapses after seven days (the vendor's contract), and with it the question. */
const recentMs = 8 * 24 * 3_600_000;
/** Attempts to read files that are renamed while they are read. */
const maxReadings = 3;

/** `upTo`: the last record of the earlier runs; a later one is of this run. Rejects when a file cannot be read. */
export async function findOpenIntents(path: string, upTo: Head, now: number): Promise<OpenIntents> {
  for (let reading = 1; ; reading += 1) {
    const files = await filesOf(path, now);
    const found = await openIntentsIn(files, upTo);
    if (found !== undefined && isDeepStrictEqual(files, await filesOf(path, now))) return found;
    if (reading === maxReadings) throw new Error('the files of the audit log are renamed all the time');
  }
}

/** `undefined` when a file was renamed meanwhile. */
async function openIntentsIn(
  files: readonly Pick<FoundFile, 'path'>[],
  upTo: Head,
): Promise<OpenIntents | undefined> {
  const found = new OpenIntents();
  try {
    for await (const at of readRecords(
      files.map(({ path }) => path),
      () => undefined,
    )) {
      const link = linkOf(at.record, at.text);
      if (link?.intact && link.chain === upTo.chain && link.sequence <= upTo.sequence) found.take(at);
    }
    return found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Those that were written lately and what follows them, oldest first. */
async function filesOf(path: string, now: number): Promise<Pick<FoundFile, 'path' | 'identity'>[]> {
  const rotated = await findRotated(path);
  const older = rotated.findIndex(({ writtenAt }) => writtenAt >= now - recentMs);
  const recent = older < 0 ? [] : rotated.slice(older);
  const all = [...recent, await describeFile(path)].filter((file) => file !== undefined);
  return all.map((file) => ({ path: file.path, identity: file.identity }));
}
