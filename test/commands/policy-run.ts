// Commands as a script calls them, in this process: arguments in, both outputs and the exit status out.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commands } from '../../src/commands/commands.ts';
import { runCommand } from '../../src/commands/run-command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export const now = Date.parse('2026-11-01T00:00:00Z');

export async function peergate(
  args: readonly string[],
  run: { readonly colours?: boolean; readonly watched?: boolean; readonly now?: number } = {},
): Promise<Ran> {
  let out = '';
  let err = '';
  const status = await runCommand(commands, args, {
    environment: {},
    now: run.now ?? now,
    version: '0.0.0-test',
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    colours: run.colours ?? false,
    isInteractive: run.watched ?? false,
    stopRequested: () => new Promise(() => undefined),
    stopRequestedAgain: () => new Promise(() => undefined),
    onReload: () => undefined,
    onReopen: () => undefined,
  });
  return { status, out, err };
}

/** A folder with these files, gone when the test ends; gives the path of each. */
export async function folderWith(
  files: Readonly<Record<string, string | Buffer>>,
): Promise<(name: string) => string> {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder, name);
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(path(name), content)));
  return path;
}
