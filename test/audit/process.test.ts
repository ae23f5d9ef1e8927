// The gateway as a process of its own, with its audit log on a pipe: a reader in trouble stops neither the process nor
// its end, and what is not recorded is not forwarded.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { allowed, guardrailsOnly, type Loose, send } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import { settingsBetween } from '../support/settings.ts';
import { until } from '../support/until.ts';
import { assertChain } from './faulty-sink.ts';
import { openPipe } from './pipe.ts';

const parse = (line: string): Loose => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};
const isRecord = (line: string) => parse(line)?.metadata?.event_code !== undefined;

async function startProcess(test: TestContext) {
  const [issuer, cloud] = [await startIssuer(), await startAerospikeCloud()];
  const folder = await mkdtemp(join(tmpdir(), 'peergate-test-'));
  const policyFile = join(folder, 'policy.yaml');
  await writeFile(policyFile, guardrailsOnly);
  const { fd, reader } = openPipe(test);
  reader.start();
  const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: {
      PATH: process.env['PATH'],
      ...settingsBetween({ issuer, cloud }, policyFile),
      PREFLIGHT: 'off',
      RATE_LIMIT_PER_MINUTE: '0',
      RATE_LIMIT_ADDRESS_PER_MINUTE: '0',
      SHUTDOWN_GRACE_MS: '1000',
    },
    stdio: ['ignore', fd, 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  test.after(async () => {
    child.kill('SIGKILL');
    await exited;
    await Promise.all([issuer.close(), cloud.close(), rm(folder, { recursive: true })]);
  });
  const listening = () => reader.lines.map(parse).find((entry) => entry?.msg === 'listening');
  await until('the gateway listens', () => listening() !== undefined);
  const { port, adminPort } = listening();
  const admin = async (path: string) => (await send(`http://127.0.0.1:${adminPort}`, { path })).status;
  await until('the gateway is ready', async () => (await admin('/readyz')) === 200);
  return {
    reader,
    child,
    exited,
    admin,
    creates: () => cloud.requests.filter(({ method, path }) => method === 'POST' && path.startsWith('/v1/')),
    async create() {
      const headers = { authorization: `Bearer ${await issuer.sign()}`, 'content-type': 'application/json' };
      return send(`http://127.0.0.1:${port}`, { method: 'POST', headers, body: JSON.stringify(allowed) });
    },
  };
}

test('a reader that stops reading stops creates and nothing else, and loses no record when it goes on', async (t) => {
  const { reader, child, exited, admin, creates, create } = await startProcess(t);
  assert.equal((await create()).status, 201);
  reader.stop();
  await until('a create is refused', async () => (await create()).status === 503, 60_000);
  const sent = creates().length;
  const refused = await create();
  assert.equal(refused.status, 503);
  assert.equal(refused.headers['retry-after'], '2');
  assert.equal(creates().length, sent);
  assert.equal(await admin('/healthz'), 200);
  assert.equal(await admin('/readyz'), 503);
  reader.start();
  await until('the gateway is ready', async () => (await admin('/readyz')) === 200);
  assert.equal((await create()).status, 201);
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
  await until('the last line has come', () => reader.lines.some((line) => parse(line)?.msg === 'stopped'));
  for (const line of reader.lines) assert.notEqual(parse(line), undefined);
  const records = reader.lines.filter(isRecord);
  assertChain(records);
  const ids = (code: string) =>
    records
      .map(parse)
      .filter(({ metadata }) => metadata.event_code === code)
      .map(({ api }) => api.request.uid)
      .sort();
  assert.ok(creates().length <= ids('peering.create.intent').length);
  assert.deepEqual(ids('peering.create.outcome'), ids('peering.create.intent'));
});

test('a process whose reader has stopped ends when it is told to', async (t) => {
  const { reader, child, exited, create } = await startProcess(t);
  reader.stop();
  await until('a create is refused', async () => (await create()).status === 503, 60_000);
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
});

test('a process whose reader is gone lives on, forwards nothing, and ends when it is told to', async (t) => {
  const { reader, child, exited, admin, creates, create } = await startProcess(t);
  await reader.close();
  for (let count = 0; count < 3; count += 1) assert.equal((await create()).status, 503);
  assert.deepEqual(creates(), []);
  assert.equal(await admin('/healthz'), 200);
  assert.equal(await admin('/readyz'), 503);
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
});
