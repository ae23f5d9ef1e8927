import assert from 'node:assert/strict';
import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { request } from 'undici';
import { endWithTest } from '../support/child-process.ts';
import { noCurl } from '../support/curl.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
const demo = fileURLToPath(new URL('../../sandbox/demo.ts', import.meta.url));

type Demo = ChildProcessByStdio<null, Readable, null>;

/** Starts the serving demo and resolves, once `shown` has been printed, with everything printed so far. */
async function serveUntil(
  t: TestContext,
  shown: RegExp,
  args: readonly string[] = [],
): Promise<{ child: Demo; printed: string }> {
  const child = endWithTest(
    t,
    spawn(process.execPath, [demo, ...args], { stdio: ['ignore', 'pipe', 'inherit'] }),
    'SIGTERM',
  );
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      if (shown.test(printed)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the demo ended with ${code}: ${printed}`)));
  });
  return { child, printed };
}

const exitOf = (child: Demo) => new Promise<number | null>((resolve) => child.once('exit', resolve));

test('the tour with the real gateway gets seven answers as expected, and shows no token and no secret', async () => {
  const { stdout, stderr } = await run(process.execPath, [demo, '--exit']);
  assert.equal(stderr, '');
  assert.match(stdout, /\n {3}✓ 7 of 7 answers as expected\n$/);
  assert.doesNotMatch(stdout, /eyJ|demo-secret/);
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
});

test('every line that the demo prints to paste works in a shell, in its order', {
  skip: noCurl,
}, async (t) => {
  const { printed } = await serveUntil(t, /Serving until Ctrl-C/);
  const lines = printed.split('\n').filter((line) => /^(?:TOKEN=|ID=|curl |http)/.test(line));
  const pages = lines.filter((line) => line.startsWith('http'));
  const commands = lines.filter((line) => !line.startsWith('http'));
  const script = commands.map((line) =>
    line.replace(/^curl (?:-i )?/, 'curl -s -o /dev/null -w "%{http_code} " '),
  );
  const { stdout } = await run('sh', [
    '-c',
    script.join('\n').replace('timeoutSeconds=30', 'timeoutSeconds=1'),
  ]);
  assert.deepEqual(stdout.trim().split(' '), ['201', '200', '200', '202', '204', '403', '403', '200']);
  for (const page of pages) assert.equal((await request(page)).statusCode, 200, page);
  assert.equal(pages.length, 2);
});

test('with a documented port taken the demo says so, and serves on another one', async (t) => {
  // Another run of the demo may hold some of them at the moment.
  const held = (await Promise.all([8080, 8081, 8082, 9090].map((port) => hold(t, port)))).filter(
    (port) => port !== undefined,
  );
  const { printed } = await serveUntil(t, /\n1 {2}A service/);
  for (const port of held) {
    assert.match(printed, new RegExp(`Taken by other programs: port .*${port}`));
    assert.doesNotMatch(printed, new RegExp(`http://127\\.0\\.0\\.1:${port}`));
  }
});

/** The port, once it is held until the end of the test; `undefined` when another program has it. */
function hold(t: TestContext, port: number): Promise<number | undefined> {
  const server = createServer();
  t.after(() => server.close());
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(port));
  });
}

test('with --policy and --audit it serves with that policy, and its records can be verified', async (t) => {
  const folder = temporaryFolder();
  const policy = fileURLToPath(new URL('../../examples/smallest/policy.yaml', import.meta.url));
  const log = join(folder, 'audit.log');
  const { child, printed } = await serveUntil(t, /Serving until Ctrl-C/, [
    '--policy',
    policy,
    '--audit',
    log,
  ]);
  assert.doesNotMatch(printed, /\n1 {2}A service/);
  child.kill('SIGINT');
  assert.equal(await exitOf(child), 0);
  const verify = fileURLToPath(new URL('../../bin/peergate', import.meta.url));
  const { stdout } = await run(process.execPath, [verify, 'audit', 'verify', log]);
  assert.match(stdout, /records/);
});

test('Ctrl-C while it serves ends the demo with 0, and no part of it answers any more', async (t) => {
  const { child, printed } = await serveUntil(t, /Serving until Ctrl-C/);
  const urls = [...printed.matchAll(/^ {3}\S.*? (http:\/\/127\.0\.0\.1:\d+)/gm)].map(([, url]) => url ?? '');
  assert.equal(urls.length, 4);
  child.kill('SIGINT');
  assert.equal(await exitOf(child), 0);
  for (const url of urls) await assert.rejects(request(url), { code: 'ECONNREFUSED' }, url);
});

test('SIGTERM in the middle of the tour ends the demo with 143, and no part of it answers any more', async (t) => {
  const { child, printed } = await serveUntil(t, /\n1 {2}A service/);
  const urls = [...printed.matchAll(/^ {3}\S.*? (http:\/\/127\.0\.0\.1:\d+)/gm)].map(([, url]) => url ?? '');
  child.kill('SIGTERM');
  assert.equal(await exitOf(child), 143);
  for (const url of urls) await assert.rejects(request(url), { code: 'ECONNREFUSED' }, url);
});

test('with --fleet the sandbox is filled through the gateway, and the page to look at it is named', async () => {
  const { stdout, stderr } = await run(process.execPath, [demo, '--fleet', '--exit']);
  assert.equal(stderr, '');
  assert.match(stdout, /A fleet of 12 clusters and 149 peerings/);
  assert.match(stdout, /http:\/\/127\.0\.0\.1:\d+\/docs\/peerings\n/);
});
