// Finds, in the log of earlier runs, the creates that were left open: in the file and in those that it was rotated into
// lately. Reads in the background and in constant memory, and looks at nothing that this run has written.
import { stat } from 'node:fs/promises';
import { type Head, hashOfLine } from '../log/chain.ts';
import { findRotated } from '../log/rotated-files.ts';
import { linkOf } from '../record/found-record.ts';
import { readRecords } from '../record/read-records.ts';
import { OpenIntents } from './open-intents.ts';

export interface FoundIntents {
  readonly intents: ReturnType<OpenIntents['all']>;
  /** The requests that made peerings, by the vendor's ids of these. */
  readonly knownPeerings: ReadonlyMap<string, string>;
  /** The vendor's ids of peerings that more than one create may have made. */
  readonly ambiguousPeerings: readonly string[];
}

/** A request that nobody accepted lapses after seven days (the vendor's contract), and with it the question. */
const recentMs = 8 * 24 * 3_600_000;
/** Files that are renamed while they are read are read again so often. */
const mostReadings = 3;

/** `startedAfter`: the last record of the earlier runs. Rejects when a file cannot be read. */
export async function findOpenIntents(path: string, startedAfter: Head, now: number): Promise<FoundIntents> {
  if (startedAfter.sequence === 0) return { intents: [], knownPeerings: new Map(), ambiguousPeerings: [] };
  for (let reading = 1; ; reading += 1) {
    const found = new OpenIntents();
    const files = await filesOf(path, now);
    const end = await takeEarlier(files, startedAfter, found);
    // Without their end a file was renamed meanwhile, or it was rotated long ago.
    const settled = end === 'met' || (end === 'missed' && sameFiles(files, await filesOf(path, now)));
    if (settled)
      return {
        intents: found.all(),
        knownPeerings: found.knownPeerings(),
        ambiguousPeerings: found.ambiguousPeerings(),
      };
    if (reading === mostReadings) throw new Error('the files of the audit log are renamed all the time');
  }
}

/** Takes what the earlier runs have written. What became of their last record? */
async function takeEarlier(
  files: readonly LogAt[],
  startedAfter: Head,
  found: OpenIntents,
): Promise<'met' | 'missed' | 'renamed'> {
  const paths = files.map(({ path }) => path);
  try {
    for await (const at of readRecords(paths, () => undefined)) {
      const link = linkOf(at.record);
      // The first record of this run, in whichever file it is by now: all behind it is of this run, too.
      if (link?.previous === startedAfter.hash) return 'missed';
      found.take(at);
      const last = link?.sequence === startedAfter.sequence && hashOfLine(at.bytes) === startedAfter.hash;
      if (last) return 'met';
    }
    return 'missed';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'renamed';
    throw error;
  }
}

interface LogAt {
  readonly path: string;
  readonly identity: string;
}

/** Those that were written lately, oldest first. */
async function filesOf(path: string, now: number): Promise<LogAt[]> {
  const rotated = (await findRotated(path)).filter(({ writtenAt }) => writtenAt >= now - recentMs);
  const all = await Promise.all([...rotated.map((file) => file.path), path].map(identify));
  return all.filter((file) => file !== undefined);
}

async function identify(path: string): Promise<LogAt | undefined> {
  try {
    const { dev, ino } = await stat(path);
    return { path, identity: `${dev}:${ino}` };
  } catch {
    return undefined;
  }
}

const sameFiles = (before: readonly LogAt[], after: readonly LogAt[]): boolean =>
  before.map(({ path, identity }) => `${identity} ${path}`).join() ===
  after.map(({ path, identity }) => `${identity} ${path}`).join();
