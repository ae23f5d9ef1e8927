// Keeping the log as docs/audit.md says: its snippet for logrotate rotates the log of a running gateway without a break in the
// chain.
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { endWithTest } from '../support/child-process.ts';
import { allowed, guardrailsOnly } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { ask, settingsOf } from './clocked-gateway.ts';
import { fencedBlocks, readText, root } from './documents.ts';
import { runShell } from './run-queries.ts';

const guide = readText('docs/audit.md');

/** What the guide says of the folders of the log and of the process id, in the test's own. */
const here = (text: string, folder: string): string =>
  text.replaceAll('/var/log/peergate', folder).replaceAll('/run/peergate', folder);

/** A gateway as a process of its own, started as the guide says, which logrotate can signal. */
async function startProcess(t: TestContext) {
  const folder = temporaryFolder();
  runShell(fencedBlocks(guide, 'sh').find((block) => block.includes('generateKeyPairSync')) ?? '', folder);
  await writeFile(join(folder, 'policy.yaml'), guardrailsOnly);
  const issuer = await startIssuer();
  const cloud = await startAerospikeCloud();
  const env = { PATH: process.env['PATH'], ...settingsOf({ folder, issuer, cloud }) };
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const start = here(fencedBlocks(guide, 'sh').find((block) => block.includes('$$')) ?? '', folder);
  const child = endWithTest(t, spawn('sh', ['-c', start], { cwd: root, env, stdio: [...stdio] }));
  const exited = once(child, 'exit');
  t.after(() => Promise.all([issuer.close(), cloud.close()]));
  const port = await new Promise<number>((resolve, reject) => {
    exited.then(() => reject(new Error('the gateway did not start')));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg, port: listening } = JSON.parse(line);
      if (msg === 'listening') resolve(listening);
    });
  });
  const create = async (index: number): Promise<void> => {
    const body = { ...allowed, vpcId: `vpc-0000000${index}`, cidrBlock: `10.20.${4 * index}.0/22` };
    const asked = { subject: 'svc-payments', from: '192.0.2.10', body };
    const reply = await ask({ port }, { issuer, time: { ms: Date.now() }, tokens: [] }, asked);
    assert.equal(reply.status, 201);
  };
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };
  return { folder, create, stop };
}

/** Another gateway of the host, to a command that looks for one by its arguments. Resolves to whether it was signalled. */
async function startAnother(t: TestContext): Promise<() => Promise<boolean>> {
  const script =
    "process.on('SIGUSR2', () => console.log('signalled')); process.stdin.resume(); console.log('ready')";
  const child = endWithTest(t, spawn(process.execPath, ['-e', script, 'src/main.ts', 'serve']));
  let printed = '';
  child.stdout.on('data', (text) => {
    printed += text;
  });
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end();
    await once(child, 'close');
    return printed.includes('signalled');
  };
}

test('the snippet for logrotate rotates and compresses, no record is lost, and no other gateway is signalled', {
  skip: spawnSync('logrotate', ['--version']).error !== undefined && 'logrotate is not installed',
}, async (t) => {
  const { folder, create, stop } = await startProcess(t);
  const wasSignalled = await startAnother(t);
  const [snippet = ''] = fencedBlocks(guide, 'logrotate');
  assert.ok(snippet.startsWith('/var/log/peergate/audit.log {'));
  await writeFile(join(folder, 'logrotate.conf'), here(snippet, folder), { mode: 0o644 });
  const rotate = async (): Promise<void> => {
    const args = ['-f', '-s', join(folder, 'state'), join(folder, 'logrotate.conf')];
    await promisify(execFile)('logrotate', args);
    // The name has the second in which logrotate ran, this one at the latest.
    const second = Math.floor(Date.now() / 1000);
    await until('the log goes on in a new file', () => existsSync(join(folder, 'audit.log')));
    await until('what is rotated next gets another name', () => Date.now() / 1000 >= second + 1);
  };
  await create(1);
  await rotate();
  await create(2);
  await rotate();
  await create(3);
  assert.equal(await wasSignalled(), false);
  await stop();
  const rotated = (await readdir(folder)).filter((name) => name.startsWith('audit.log-')).sort();
  assert.deepEqual(
    rotated.map((name) => name.replace(/\d+-\d+/, 'WHEN')),
    ['audit.log-WHEN.gz', 'audit.log-WHEN'],
  );
  const verify = 'bin/peergate audit verify --json --key audit-signing.public.jwk audit.log-* audit.log';
  // At the start four, with the first signature; of each create two; at the stop two.
  const { ok, records, chains, signed } = JSON.parse(runShell(verify, folder));
  assert.deepEqual([ok, records, chains, signed.unsigned], [true, 12, 1, 0]);
});
