// `bin/peergate`: the program as it is called, whatever Node is the system's. A shell script that says that it is an old Node
// stands in where the machine has none.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { endAtExit, endWithTest } from '../support/child-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { environment, finish, root, run } from './run-main.ts';

const program = join(root, 'bin/peergate');
const tooOld = `Object.defineProperty(process.versions, 'node', { value: '20.11.0' });`;

/** This Node, which says that it is an old one to whatever is started by it, and not to what that starts. */
async function oldNode(): Promise<string> {
  const folder = temporaryFolder();
  await writeFile(join(folder, 'old.cjs'), tooOld);
  await writeFile(
    join(folder, 'node'),
    `#!/bin/sh\nexec "${process.execPath}" --require "${folder}/old.cjs" "$@"\n`,
    {
      mode: 0o755,
    },
  );
  return folder;
}

const call = (args: readonly string[], path: string, env: Record<string, string> = {}, file = program) =>
  finish(
    endAtExit(
      spawn(file, [...args], {
        cwd: root,
        env: { PATH: `${path}:/usr/bin:/bin`, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    ),
  );

const ownNode = join(process.execPath, '..');

test('the package has the program as its bin, and it does what src/main.ts does', async () => {
  assert.deepEqual(packageJson.bin, { peergate: 'bin/peergate' });
  assert.deepEqual(await call(['--help'], ownNode), await run(['--help']));
  assert.deepEqual((await call(['--version'], ownNode)).out, `${packageJson.version}\n`);
  assert.equal((await call(['nonsense'], ownNode)).status, 2);
});

test('under a Node that is too old it continues under the installed one, with arguments, environment and status', async () => {
  const old = await oldNode();
  const version = await call(['--version'], old);
  assert.deepEqual(version, { status: 0, out: `${packageJson.version}\n`, err: '' });
  const settings = await environment();
  assert.equal((await call(['check'], old, settings)).status, 0);
  assert.equal((await call(['check'], old, { ...settings, PORT: 'x' })).status, 1);
  assert.equal((await call(['nonsense'], old)).status, 2);
});

test('signals reach the program that it continues under, and its end is that of the call', async (t) => {
  const settings = { ...(await environment()), PORT: '0', ADMIN_PORT: '0', HOST: '127.0.0.1' };
  // SIGTERM reaches the program that it continues under, too.
  const child = endWithTest(
    t,
    spawn(program, ['serve'], {
      env: { PATH: `${await oldNode()}:/usr/bin:/bin`, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
    'SIGTERM',
  );
  const end = finish(child);
  let out = '';
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      out += chunk;
      if (out.includes('"msg":"listening"')) resolve();
    });
    child.once('close', () => resolve());
  });
  // Neither of the two opens a debugger.
  child.kill('SIGUSR1');
  child.kill('SIGTERM');
  const { status, out: all, err } = await end;
  assert.deepEqual([status, err], [0, ''], all);
  assert.match(all, /"signal":"SIGTERM","msg":"stopping"/);
  assert.match(all, /"msg":"stopped"/);
});

test('without an installed Node it says which version is required', async () => {
  const folder = temporaryFolder();
  await mkdir(join(folder, 'src'));
  await cp(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
  const { status, out, err } = await call(['--version'], await oldNode(), {}, join(folder, 'bin/peergate'));
  assert.deepEqual([status, out], [1, '']);
  assert.match(err, new RegExp(`^peergate needs Node ${packageJson.engines.node}, and this is v.*npm ci`));
});

test('it is called through a link of another folder, too', async () => {
  const link = join(temporaryFolder(), 'peergate');
  await symlink(program, link);
  assert.equal((await call(['--version'], ownNode, {}, link)).out, `${packageJson.version}\n`);
});

test('an old Node that is installed here runs it, too', {
  skip: /^v(1\d|20)\./.test(String(spawnSync('/usr/bin/node', ['--version']).stdout))
    ? false
    : 'no old Node at /usr/bin/node',
}, async () => {
  assert.equal((await call(['--version'], '/usr/bin')).out, `${packageJson.version}\n`);
});

for (const [typed, meant] of [
  ['chek', 'check'],
  ['servee', 'serve'],
  ['polcy test', 'policy test'],
  ['polcy tets', 'policy test'],
  ['policy replays', 'policy replay'],
  ['audit verfy file', 'audit verify'],
] as const)
  test(`${typed} gets ${meant} suggested`, async () => {
    const { status, err } = await run(typed.split(' '));
    assert.equal(status, 2);
    const words = typed.split(' ').slice(0, 2).join(' ');
    assert.ok(err.startsWith(`There is no command ${words}. Did you mean ${meant}?\n`), err.slice(0, 100));
  });

test('a word that is like no command gets no suggestion', async () => {
  const { err } = await run(['deploy']);
  assert.ok(err.startsWith('There is no command deploy.\n'), err.slice(0, 100));
});
