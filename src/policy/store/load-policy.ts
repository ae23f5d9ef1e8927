// Reads a policy from its files. Never throws: a file that cannot be read is a fault like any other.
import { dirname, join } from 'node:path';
import { faultOfFile, type ReadPolicy } from '../engine/policy-data.ts';
import { contentOf, type ReadContent } from '../language/content-of.ts';
import { parsePolicy } from '../language/parse-policy.ts';
import type { KnownSettings } from '../language/settings-checks.ts';

/**
 * `now`: milliseconds since the epoch. `settings`: those of the gateway that is to load it. `read`: reads the policy, but not
 * the lists beside it.
 */
export function loadPolicy(
  path: string,
  now: number,
  settings: KnownSettings = {},
  read: ReadContent = contentOf,
): ReadPolicy {
  const bytes = read(path);
  if (typeof bytes === 'string')
    return { faults: [faultOfFile(path, `cannot be read (${bytes})`)], version: null, files: [] };
  const readList = (list: string) => contentOf(join(dirname(path), list));
  return parsePolicy({ path, bytes, readList }, now, settings);
}
