// The gateway on a real disk of 64 KiB that is full and then read-only: creates get 503, none is forwarded, and it is
// ready again by itself when there is room.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import { assertUnavailable, assertVerified, startWithFile } from './audit-file.ts';
import { setAsideFrom } from './start-sink.ts';

/** `undefined`, and the test skipped, when this machine does not let the test mount one. */
function smallDisk(test: TestContext): string | undefined {
  const folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'peergate-test', folder], { stdio: 'pipe' });
    return folder;
  } catch (error) {
    test.skip(`no tmpfs can be mounted: ${(error as Error).message.split('\n').slice(1).join(' ').trim()}`);
    return undefined;
  }
}

const unmount = (folder: string): void => void execFileSync('umount', ['--lazy', folder]);

function remount(folder: string, option: 'ro' | 'rw'): boolean {
  try {
    execFileSync('mount', ['-o', `remount,${option}`, folder], { stdio: 'pipe' });
    return true;
  } catch {
    // The file is open for writing at the moment.
    return false;
  }
}

function fill(path: string): void {
  const fd = openSync(path, 'w');
  const piece = Buffer.alloc(1024);
  try {
    for (;;) writeSync(fd, piece);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    closeSync(fd);
  }
}

test('on a full and on a read-only disk nothing is forwarded, and with room again all goes on', async (t) => {
  const folder = smallDisk(t);
  if (folder === undefined) return;
  try {
    await fullAndReadOnly(t, folder);
  } finally {
    unmount(folder);
  }
});

async function fullAndReadOnly(t: TestContext, folder: string): Promise<void> {
  const path = join(folder, 'audit.log');
  const gateway = await startWithFile(t, { path });
  try {
    await gateway.becomesReady();
    assert.equal((await gateway.create()).status, 201);
    fill(join(folder, 'filler'));
    // What is left of the last page still takes some.
    await until('a create is refused', async () => {
      const { status } = await gateway.create();
      assert.ok(status === 201 || status === 503, String(status));
      return status === 503;
    });
    const sent = gateway.creates().length;
    const refused = async (): Promise<void> => {
      assertUnavailable(await gateway.create());
      const { status, json } = await gateway.readiness();
      assert.deepEqual([status, json.checks.audit], [503, false]);
      assert.equal(gateway.creates().length, sent);
    };
    await refused();
    await until('the disk is read-only', () => remount(folder, 'ro'));
    await refused();
    await until('the disk is writable', () => remount(folder, 'rw'));
    await refused();
    rmSync(join(folder, 'filler'));
    await gateway.becomesReady();
    assert.equal((await gateway.create()).status, 201);
    assert.equal(gateway.creates().length, sent + 1);
  } finally {
    await gateway.stop();
  }
  const intents = (await gateway.inFile()).filter(
    ({ metadata }) => metadata.event_code === 'peering.create.intent',
  );
  // One more than was forwarded: the first that was refused, which is closed.
  assert.equal(intents.length, gateway.creates().length + 1);
  assert.deepEqual(await setAsideFrom(path), []);
  await assertVerified([path]);
}
