// The policy commands as processes: the exit status that a script sees, and colours on a terminal alone.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endAtExit } from '../support/child-process.ts';
import { clusterId, guardrailsOnly } from '../support/gateway.ts';
import { folderWith } from './policy-run.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const esc = '\x1b';
const tests = (expect: string) =>
  `tests: [{ name: anybody may list, claims: {}, request: { action: list, clusterId: ${clusterId} }, expect: ${expect} }]\n`;

const files = () =>
  folderWith({
    'policy.yaml': guardrailsOnly,
    'good.yaml': tests('allow'),
    'bad.yaml': tests('deny'),
    'r.yaml': `{ action: list, clusterId: ${clusterId} }`,
    'c.json': '{}',
    'audit.log': '{"class_uid":6003,"metadata":{"product":{"name":"peergate"}}}\n',
  });

async function run(file: string, args: readonly string[], environment: Record<string, string> = {}) {
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  const child = endAtExit(spawn(file, args, { env, stdio: ['ignore', 'pipe', 'ignore'] }));
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, out };
}

test('each command ends with the status that it promises, and writes no colours into a pipe', async () => {
  const path = await files();
  const [policy, good, bad] = [path('policy.yaml'), path('good.yaml'), path('bad.yaml')];
  const wanted: readonly (readonly [status: number, args: readonly string[]])[] = [
    [0, ['test', policy, good]],
    [1, ['test', policy, bad]],
    [2, ['test', policy]],
    [0, ['explain', policy, '--request', path('r.yaml'), '--claims', path('c.json')]],
    [0, ['replay', policy, path('audit.log')]],
  ];
  const ran = await Promise.all(wanted.map(([, args]) => run(process.execPath, [main, 'policy', ...args])));
  assert.deepEqual(
    ran.map(({ status }) => status),
    wanted.map(([status]) => status),
  );
  for (const { out } of ran) assert.ok(!out.includes(esc));
});

/** The one of util-linux, which gives a command a terminal; others have the name, too. */
const { stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' });
const hasTerminal = /util-linux/.test(stdout ?? '');

test('on a terminal there are colours, but for whom NO_COLOR says otherwise', {
  skip: hasTerminal ? false : 'needs script of util-linux',
}, async () => {
  const path = await files();
  const command = [process.execPath, main, 'policy', 'test', path('policy.yaml'), path('good.yaml')];
  const onTerminal = (environment: Record<string, string>) =>
    run('script', ['-qec', command.join(' '), '/dev/null'], {
      TERM: 'xterm',
      SHELL: '/bin/sh',
      ...environment,
    });
  const [plain, empty, none] = await Promise.all([
    onTerminal({}),
    onTerminal({ NO_COLOR: '' }),
    onTerminal({ NO_COLOR: '1' }),
  ]);
  assert.deepEqual([plain.status, empty.status, none.status], [0, 0, 0]);
  assert.ok(plain.out.includes(`${esc}[32m✓${esc}[0m anybody may list`));
  assert.ok(empty.out.includes(esc));
  assert.ok(!none.out.includes(esc));
  assert.ok(none.out.includes('✓ anybody may list'));
});
