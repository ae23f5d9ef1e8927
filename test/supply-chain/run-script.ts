// The scripts of the supply chain as npm runs them, in the repository or in a folder that stands in for it.
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { finish, type Run, root } from '../commands/run-main.ts';
import { endAtExit } from '../support/child-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

export function runScript(
  name: string,
  { folder = root, args = [], environment = {} }: ScriptOptions = {},
): Promise<Run> {
  const { SOURCE_DATE_EPOCH: _, ...inherited } = process.env;
  return finish(
    endAtExit(
      spawn(process.execPath, [join(root, 'scripts', name), ...args], {
        cwd: folder,
        env: { ...inherited, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    ),
  );
}

export interface ScriptOptions {
  readonly folder?: string;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A folder with these files, gone when the test ends. What is not a text is written as JSON. */
export async function folderWith(files: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, dirname(name)), { recursive: true });
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}
