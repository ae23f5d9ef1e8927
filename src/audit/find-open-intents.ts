// Finds, in the log of earlier runs, the creates that were left open: in the file and in those that it was rotated into
// lately. Reads in the background and in constant memory, and looks at nothing that this run has written.
import { stat } from 'node:fs/promises';
import type { Head } from './chain.ts';
import { linkOf } from './found-record.ts';
import { OpenIntents } from './open-intents.ts';
import { readRecords } from './read-records.ts';
import { findRotated } from './rotated-files.ts';

export interface FoundIntents {
  readonly intents: ReturnType<OpenIntents['all']>;
  /** The vendor's ids of the peerings that settled creates made. */
  readonly knownPeerings: readonly string[];
}

/** A request that nobody accepted lapses after seven days (the vendor's contract), and with it the question. */
const recentMs = 8 * 24 * 3_600_000;

/** `startedAfter`: the last record of the earlier runs. Rejects when a file cannot be read. */
export async function findOpenIntents(path: string, startedAfter: Head, now: number): Promise<FoundIntents> {
  const found = new OpenIntents();
  if (startedAfter.sequence > 0) {
    const rotated = (await findRotated(path)).filter(({ writtenAt }) => writtenAt >= now - recentMs);
    const files = [...rotated.map((file) => file.path), ...((await exists(path)) ? [path] : [])];
    for await (const at of readRecords(files, () => undefined)) {
      const link = linkOf(at.record);
      if (link !== undefined && link.sequence > startedAfter.sequence && at.file === path) break;
      found.take(at);
    }
  }
  return { intents: found.all(), knownPeerings: found.knownPeerings() };
}

const exists = async (path: string): Promise<boolean> =>
  await stat(path).then(
    () => true,
    () => false,
  );
