// An `AUDIT_FILE` that is a file of another setting: records would be appended to it, and its last line might be set aside. What
// can never be a file is found in `src/audit/log/audit-faults.ts`.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { identityOf } from '../audit/log/unacknowledged.ts';
import type { NamedFile } from './named-files.ts';

/** One line at most. `others`: the files that the gateway reads. */
export function auditFileFaults(file: string | undefined, others: readonly NamedFile[]): string[] {
  if (file === undefined) return [];
  const own = identityAt(file);
  const other = others.find(({ path }) => identityAt(path) === own);
  if (other === undefined) return [];
  const { variable, from } = other;
  const whose = from === undefined ? variable : `${variable} (${from})`;
  return [
    `AUDIT_FILE: found ${JSON.stringify(file)}, which is also that of ${whose}; expected a file of its own`,
  ];
}

/** Symbolic links are followed, if they lead to something. */
function identityAt(path: string): string {
  try {
    return identityOf(statSync(path));
  } catch {
    return resolve(path);
  }
}
