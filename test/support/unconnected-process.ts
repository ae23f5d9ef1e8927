// The gateway as a process whose neighbours are not there: enough for what it does with its files and with signals.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endWithTest } from './child-process.ts';
import type { OutputLine } from './log-line.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** `lines` grows with its output. `ended` resolves to exit status and signal. */
export function startUnconnected(
  test: TestContext,
  policyFile: string,
  settings: Readonly<Record<string, string>> = {},
) {
  const child = endWithTest(
    test,
    spawn(process.execPath, [main, 'serve'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        HOST: '127.0.0.1',
        PORT: '0',
        ADMIN_PORT: '0',
        AUTH_ISSUERS: 'http://127.0.0.1:9',
        AUTH_AUDIENCE: 'x',
        AEROSPIKE_CLIENT_ID: 'id',
        AEROSPIKE_CLIENT_SECRET: 'secret',
        POLICY_FILE: policyFile,
        ...settings,
      },
    }),
  );
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('close', (...status) => resolve(status)),
  );
  const lines: OutputLine[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  return { child, lines, ended };
}
