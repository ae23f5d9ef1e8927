// The gateway as a process of its own, with its logs and its audit log on a real pipe whose reader can be slow, stand still
// or go away.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { openPipe, type PipeReader } from '../logging/pipe.ts';
import { endWithTest } from '../support/child-process.ts';
import { allowedNumber, guardrailsOnly, send } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import type { OutputLine } from '../support/log-line.ts';
import { settingsBetween } from '../support/settings.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** `undefined`: not JSON. */
export const parse = (line: string): OutputLine | undefined => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};
export const isRecord = (line: string) => parse(line)?.metadata?.event_code !== undefined;

/** Without rate limits. */
export async function startPipedProcess(
  test: TestContext,
  read: (reader: PipeReader) => void = (reader) => reader.start(),
) {
  const [issuer, cloud] = [await startIssuer(), await startAerospikeCloud()];
  const folder = temporaryFolder();
  const policyFile = join(folder, 'policy.yaml');
  await writeFile(policyFile, guardrailsOnly);
  const { fd, reader } = openPipe(test);
  read(reader);
  const child = endWithTest(
    test,
    spawn(process.execPath, ['src/main.ts', 'serve'], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: {
        PATH: process.env['PATH'],
        ...settingsBetween({ issuer, cloud }, policyFile),
        RATE_LIMIT_PER_MINUTE: '0',
        RATE_LIMIT_ADDRESS_PER_MINUTE: '0',
        SHUTDOWN_GRACE_MS: '1000',
      },
      stdio: ['ignore', fd, 'inherit'],
    }),
  );
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  test.after(() => Promise.all([issuer.close(), cloud.close()]));
  const listening = () => reader.lines.map(parse).find((entry) => entry?.msg === 'listening');
  await until('the gateway listens', () => listening() !== undefined);
  const { port, adminPort } = listening() as OutputLine;
  let creates = 0;
  const admin = async (path: string) => (await send(`http://127.0.0.1:${adminPort}`, { path })).status;
  await until('the gateway is ready', async () => (await admin('/readyz')) === 200);
  return {
    reader,
    port: port as number,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    child,
    exited,
    admin,
    creates: () => cloud.requests.filter(({ method, path }) => method === 'POST' && path.startsWith('/v1/')),
    async create() {
      const headers = { authorization: `Bearer ${await issuer.sign()}`, 'content-type': 'application/json' };
      return send(`http://127.0.0.1:${port}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(allowedNumber(creates++)),
      });
    },
  };
}
