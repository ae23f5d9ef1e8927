// The gateway as a process of its own, with its audit log in a file, between a real issuer and the Aerospike Cloud sandbox:
// what a signal does can only be seen on one.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type AerospikeCloud, startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import type { AuditRecord } from '../support/audit-record.ts';
import { endWithTest } from '../support/child-process.ts';
import { guardrailsOnly, send } from '../support/gateway.ts';
import { startIssuer, type TestIssuer } from '../support/issuer.ts';
import type { LogLine } from '../support/log-line.ts';
import { settingsBetween } from '../support/settings.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

export interface Surroundings {
  readonly folder: string;
  readonly issuer: TestIssuer;
  readonly cloud: AerospikeCloud;
  /** `X-Request-Id` of every create that the sandbox saw. */
  readonly creates: string[];
}

export async function surround(test: TestContext): Promise<Surroundings> {
  const [issuer, cloud] = [await startIssuer(), await startAerospikeCloud()];
  const folder = temporaryFolder();
  await writeFile(join(folder, 'policy.yaml'), guardrailsOnly);
  test.after(() => Promise.all([issuer.close(), cloud.close()]));
  const creates: string[] = [];
  cloud.setFault(({ method, path, headers }) => {
    if (method === 'POST' && path.startsWith('/v1/')) creates.push(String(headers['x-request-id']));
    return undefined;
  });
  return { folder, issuer, cloud, creates };
}

export interface ServedProcess {
  readonly port: number;
  readonly adminPort: number;
  /** Log lines so far. */
  readonly logs: LogLine[];
  /** What else it printed. */
  readonly printed: string[];
  signal(name: NodeJS.Signals): void;
  /** Exit status and signal. */
  readonly exited: Promise<[number | null, NodeJS.Signals | null]>;
  admin(path: string): Promise<number>;
}

/** Resolves when it is ready. `name` is that of its audit log, in which it goes on when it is there. */
export async function serve(
  test: TestContext,
  { folder, issuer, cloud }: Surroundings,
  name: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServedProcess> {
  const child = endWithTest(
    test,
    spawn(process.execPath, ['src/main.ts', 'serve'], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: {
        PATH: process.env['PATH'],
        ...settingsBetween({ issuer, cloud }, join(folder, 'policy.yaml')),
        AUDIT_FILE: join(folder, name),
        // Many creates for one cluster are on their way when a signal comes.
        PREFLIGHT: 'off',
        RATE_LIMIT_PER_MINUTE: '0',
        RATE_LIMIT_ADDRESS_PER_MINUTE: '0',
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  const exited = once(child, 'exit') as ServedProcess['exited'];
  const { logs, printed } = readLines(child);
  await until('the gateway listens', () => logs.some(({ msg }) => msg === 'listening'), 30_000);
  const { port, adminPort } = logs.find(({ msg }) => msg === 'listening') as LogLine;
  const admin = async (path: string) => (await send(`http://127.0.0.1:${adminPort}`, { path })).status;
  await until('the gateway is ready', async () => (await admin('/readyz')) === 200, 30_000);
  return { port, adminPort, logs, printed, exited, admin, signal: (signal) => void child.kill(signal) };
}

function readLines(child: ChildProcess) {
  const logs: LogLine[] = [];
  const printed: string[] = [];
  if (child.stdout === null) throw new Error('a process without an output');
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) logs.push(JSON.parse(line));
    else printed.push(line);
  });
  return { logs, printed };
}

export interface AuditedCreate {
  intents: number;
  outcomes: number;
  /** Of the outcome. */
  statusId?: number;
}

/** What the audit logs say of each create, by the `X-Request-Id` that went upstream. */
export async function readCreates(
  { folder }: Surroundings,
  ...names: string[]
): Promise<Map<string, AuditedCreate>> {
  const found = new Map<string, AuditedCreate>();
  for (const name of names) {
    const lines = (await readFile(join(folder, name), 'utf8')).trimEnd().split('\n');
    for (const { metadata, http_request, status_id } of lines.map((line): AuditRecord => JSON.parse(line))) {
      const kind = /^peering\.create\.(intent|outcome)$/.exec(metadata.event_code)?.[1];
      if (kind === undefined) continue;
      const entry = found.get(http_request.uid) ?? { intents: 0, outcomes: 0 };
      found.set(http_request.uid, entry);
      if (kind === 'intent') entry.intents += 1;
      else Object.assign(entry, { outcomes: entry.outcomes + 1, statusId: status_id });
    }
  }
  return found;
}
