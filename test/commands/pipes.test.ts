// A setting that names a pipe or a device: a fault that is told at once, and never a call that hangs. An argument may be a pipe.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { endAtExit, endWithTest } from '../support/child-process.ts';
import { clusterId, guardrailsOnly } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { environment, finish, root, run, start } from './run-main.ts';

const folder = temporaryFolder();
const pipe = join(folder, 'pipe');
execFileSync('mkfifo', [pipe]);

const variables = [
  'POLICY_FILE',
  'POLICY_TESTS_FILE',
  'AUTH_ISSUERS_FILE',
  'AEROSPIKE_CLIENT_SECRET_FILE',
  'REDIS_URL_FILE',
  'AUDIT_SIGNING_KEY_FILE',
  'TLS_CERT_FILE',
  'TLS_KEY_FILE',
  'TLS_CLIENT_CA_FILE',
];

for (const path of [pipe, '/dev/zero'])
  test(`check reports every setting that names ${path === pipe ? 'a pipe without a writer' : path}`, async () => {
    const { AUTH_ISSUERS: _, AUTH_AUDIENCE: __, AEROSPIKE_CLIENT_SECRET: ___, ...rest } = await environment();
    const named = Object.fromEntries(variables.map((variable) => [variable, path]));
    const { status, out, err } = await run(['check'], { ...rest, ...named });
    assert.deepEqual([status, out], [1, '']);
    for (const variable of variables.slice(2)) assert.match(err, new RegExp(`^ {2}${variable}: found `, 'm'));
    // Policy, tests and issuers.
    assert.equal(err.match(/cannot be read \(no regular file\)/g)?.length, 3, err);
    assert.match(err, /^9 faults:\n/);
  });

test('a gateway whose policy becomes a pipe keeps the last good one, and ends when it is told to', async (t) => {
  const settings = await environment();
  const gateway = endWithTest(t, start(['serve'], settings));
  const ended = once(gateway, 'close');
  const lines = createInterface({ input: gateway.stdout as NodeJS.ReadableStream });
  let rejection = '';
  for await (const line of lines) {
    const { msg } = JSON.parse(line);
    if (msg === 'listening') {
      const other = join(dirname(settings.POLICY_FILE), 'pipe');
      execFileSync('mkfifo', [other]);
      renameSync(other, settings.POLICY_FILE);
      gateway.kill('SIGHUP');
    }
    if (msg !== 'policy rejected') continue;
    rejection = line;
    gateway.kill('SIGTERM');
  }
  assert.match(rejection, /cannot be read \(no regular file\)/);
  assert.deepEqual(await ended, [0, null]);
});

test('policy test takes its files from pipes, and says so when a list beside the policy is one', async () => {
  const at = (name: string) => join(folder, name);
  writeFileSync(at('policy.yaml'), guardrailsOnly);
  writeFileSync(at('list.yaml'), guardrailsOnly.replace('[10.0.0.0/8, 172.16.0.0/12]', '{ file: pipe }'));
  const request = `{ action: list, clusterId: ${clusterId} }`;
  writeFileSync(
    at('tests.yaml'),
    `tests: [{ name: all may list, claims: {}, request: ${request}, expect: allow }]`,
  );
  execFileSync('mkfifo', [at('written')]);
  const script = `cat "$FOLDER/policy.yaml" >"$FOLDER/written" &
    cat "$FOLDER/tests.yaml" | "$NODE" "$MAIN" policy test "$FOLDER/written" /dev/stdin`;
  const env = { FOLDER: folder, NODE: process.execPath, MAIN: `${root}/src/main.ts`, PATH: '/usr/bin:/bin' };
  const piped = await finish(
    endAtExit(spawn('sh', ['-c', script], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })),
  );
  assert.deepEqual(piped, { status: 0, out: '✓ all may list\n\n1 passed, 0 failed\n', err: '' });
  const listed = await run(['policy', 'test', at('list.yaml'), at('tests.yaml')]);
  assert.equal(listed.status, 1);
  assert.match(listed.err, /\/guardrails\/cidrs\/file cannot be read \(no regular file\)/);
});
