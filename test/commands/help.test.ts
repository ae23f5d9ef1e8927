// The help is held against the program: what it lists is what there is, and its examples work as they stand.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { type Setting, settings } from '../../src/config/schema.ts';
import { endAtExit } from '../support/child-process.ts';
import { finish, noTerminal, onTerminal, root, run } from './run-main.ts';

const commands = [
  'serve',
  'check',
  'doctor',
  'health',
  'policy test',
  'policy explain',
  'policy replay',
  'policy suggest',
  'peerings',
  'audit verify',
];

const helpOf = async (command: string): Promise<string> =>
  (await run([...command.split(' ').filter((word) => word !== ''), '--help'])).out;

/** The commands in a help's text, those on several lines in one. */
const callsIn = (help: string): string[] =>
  help
    .replaceAll(/ \\\n */g, ' ')
    .split('\n')
    .filter(
      (line) =>
        line.startsWith('  ') &&
        /(?:^ +|[A-Z_]+=\S+ |^ +npm )(?:(?:node .*)?bin\/peergate|run \w)/.test(line),
    )
    .map((line) => line.trim());

/** As it is pasted into a shell in the root of the repository, with this Node as `node`. */
function paste(call: string) {
  const path = `${dirname(process.execPath)}:${process.env['PATH']}`;
  return finish(
    endAtExit(
      spawn('sh', ['-c', call], { cwd: root, env: { PATH: path }, stdio: ['ignore', 'pipe', 'pipe'] }),
    ),
  );
}

test('the overview lists every command, and no line of any help is wider than 80 columns', async () => {
  const overview = await helpOf('');
  const listed = [...overview.matchAll(/^ {2}(\w+(?: \w+)*) {2,}[A-Z]/gm)].map(([, name]) => name);
  assert.deepEqual(listed, commands);
  for (const help of [overview, ...(await Promise.all(commands.map(helpOf)))]) {
    for (const line of help.split('\n')) assert.ok(line.length <= 80, line);
  }
});

test('the help of every command has its call, an example and the exit statuses', async () => {
  for (const command of commands) {
    const help = await helpOf(command);
    assert.ok(help.startsWith(`Usage: bin/peergate ${command}`), command);
    assert.match(help, /\nExit status: 0 /);
    const example = callsIn(help.slice(help.indexOf('\nExample')));
    assert.equal(example.length, 1, command);
    assert.match(example[0] ?? '', new RegExp(`bin/peergate ${command}( |$)`));
  }
});

for (const [command, expected] of [
  ['check', 0],
  ['policy test', 0],
  // Its example is a denial, which is where there is something to explain.
  ['policy explain', 1],
] as const) {
  test(`the example of ${command} works as it stands`, async () => {
    const [example = ''] = callsIn((await helpOf(command)).replace(/^.*\n/, ''));
    const { status, out, err } = await paste(example);
    assert.deepEqual([example, status, err], [example, expected, '']);
    assert.notEqual(out, '');
  });
}

test('the examples of the overview exist and work as they stand', async () => {
  const [demo, ...others] = callsIn((await helpOf('')).replace(/^Usage.*$/m, ''));
  assert.equal(demo, 'npm run demo');
  assert.ok('demo' in packageJson.scripts);
  assert.equal(others.length, 2);
  for (const call of others) {
    const { status, err } = await paste(call);
    assert.deepEqual([call, status, err], [call, 0, '']);
  }
});

test('serve and check list every setting that is required, and no other', async () => {
  const required = Object.entries<Setting<unknown>>(settings).filter(([, setting]) => setting.required);
  for (const command of ['serve', 'check']) {
    const help = await helpOf(command);
    const listed = [...help.matchAll(/^ {2}([A-Z_]{4,}) {2,}\S/gm)].map(([, name]) => name);
    assert.deepEqual(listed.sort(), required.map(([name]) => name).sort());
  }
});

test('help has no colours, on a terminal either', { skip: noTerminal }, async () => {
  const { status, out } = await onTerminal(['src/main.ts', 'check', '--help']);
  assert.equal(status, 0);
  assert.equal(out.replaceAll('\r\n', '\n'), await helpOf('check'));
});

test('progress of a measurement is for a terminal, and a pipe gets nothing of it', {
  skip: noTerminal,
}, async () => {
  const script = 'import("./bench/progress.ts").then(({ progress }) => progress("half done"))';
  const args = ['--input-type=module', '--eval', script];
  assert.match((await onTerminal(args)).out, /half done/);
  const piped = await finish(
    endAtExit(spawn(process.execPath, args, { cwd: root, env: {}, stdio: ['ignore', 'pipe', 'pipe'] })),
  );
  assert.deepEqual(piped, { status: 0, out: '', err: '' });
});
