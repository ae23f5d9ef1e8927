// Where results go: into `results/` when the run was whole, so that a short look never replaces figures that somebody
// relies on.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchFolder } from '../stand/stand.ts';
import { includeResults } from './include-results.ts';

const document = join(benchFolder, '..', 'docs', 'performance.md');

/** The text of a result file; `undefined` when there is none. */
export function readResult(name: string): string | undefined {
  const path = join(benchFolder, 'results', name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

export function includeInDocument(): void {
  writeFileSync(document, includeResults(readFileSync(document, 'utf8'), readResult));
}

/** Gives the folder. */
export function writeResults(files: Readonly<Record<string, string>>, whole: boolean): string {
  const folder = whole
    ? join(benchFolder, 'results')
    : mkdtempSync(join(tmpdir(), 'peergate-bench-results-'));
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
