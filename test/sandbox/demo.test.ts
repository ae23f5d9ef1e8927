import assert from 'node:assert/strict';
import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { request } from 'undici';
import { endWithTest } from '../support/child-process.ts';

const run = promisify(execFile);
const demo = fileURLToPath(new URL('../../sandbox/demo.ts', import.meta.url));

type Demo = ChildProcessByStdio<null, Readable, null>;

/** Starts the serving demo and resolves, once `shown` has been printed, with everything printed so far. */
async function serveUntil(t: TestContext, shown: RegExp): Promise<{ child: Demo; printed: string }> {
  const child = endWithTest(
    t,
    spawn(process.execPath, [demo], { stdio: ['ignore', 'pipe', 'inherit'] }),
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
