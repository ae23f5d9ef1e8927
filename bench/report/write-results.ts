// Where results go: into `results/` when the run was whole, so that a short look never replaces figures that somebody relies on.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchFolder } from '../stand/stand.ts';

/** Gives the folder. */
export function writeResults(files: Readonly<Record<string, string>>, whole: boolean): string {
  const folder = whole
    ? join(benchFolder, 'results')
    : mkdtempSync(join(tmpdir(), 'peergate-bench-results-'));
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
