// Folders for one test file's processes. They are removed when the process of the file ends: by then everything that the
// tests started is gone, so that no program still writes into a folder while it is removed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];

process.once('exit', () => {
  for (const folder of folders) remove(folder);
});

/** The path of a new, empty folder. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'peergate-test-'));
  folders.push(folder);
  return folder;
}

/** A folder that cannot be removed is reported, and fails no test. */
function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  } catch (error) {
    process.stderr.write(`${folder} was not removed: ${String(error)}\n`);
  }
}
