// `src/main.ts` as a person or a script calls it: a process of its own with an environment of its own, with pipes or on a
// terminal.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endAtExit } from '../support/child-process.ts';
import { guardrailsOnly } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'src/main.ts');

export interface Run {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export function start(
  args: readonly string[],
  environment: Record<string, string> = {},
  cwd = root,
): ChildProcess {
  return endAtExit(
    spawn(process.execPath, [main, ...args], {
      cwd,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

export const run = (
  args: readonly string[],
  environment?: Record<string, string>,
  cwd?: string,
): Promise<Run> => finish(start(args, environment, cwd));

const overdueMs = 45_000;

/** Both outputs and the status of a process that ends by itself. */
export async function finish(child: ChildProcess): Promise<Run> {
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk) => (out += chunk));
  child.stderr?.on('data', (chunk) => (err += chunk));
  // One that hangs fails its test, and does not outlive it.
  const overdue = setTimeout(() => child.kill('SIGKILL'), overdueMs);
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(overdue);
  return { status, out, err };
}

/** Why no test can open a terminal here, or `false` when it can. */
export const noTerminal =
  spawnSync('script', ['--version']).status === 0 ? false : 'needs script of util-linux (Debian: bsdutils)';

/** A program on a terminal of its own: everything that it writes there, whichever output it is. */
export function onTerminal(args: readonly string[], environment: Record<string, string> = {}): Promise<Run> {
  const command = [process.execPath, ...args].map((word) => `'${word}'`).join(' ');
  return finish(
    endAtExit(
      spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
        cwd: root,
        env: { PATH: process.env['PATH'], TERM: 'xterm-256color', ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    ),
  );
}

/** Settings without a fault, and the policy that they name. */
export async function environment(
  policy = guardrailsOnly,
): Promise<Record<string, string> & { readonly POLICY_FILE: string }> {
  const folder = temporaryFolder();
  const file = join(folder, 'policy.yaml');
  await writeFile(file, policy);
  return {
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PORT: '0',
    AUTH_ISSUERS: 'http://127.0.0.1:9',
    AUTH_AUDIENCE: 'x',
    AEROSPIKE_CLIENT_ID: 'the-client-id',
    AEROSPIKE_CLIENT_SECRET: 'the-client-secret',
    POLICY_FILE: file,
  };
}
