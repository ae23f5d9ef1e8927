// The policy in force: replaced whole or not at all, only once that is on record, one load at a time.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Logger } from '../../../src/logging/logger.ts';
import type { ReadPolicy } from '../../../src/policy/engine/policy-data.ts';
import { PolicyStore } from '../../../src/policy/store/policy-store.ts';
import { readPolicyText } from '../../support/policy.ts';
import { until } from '../../support/policy-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const text = (organization: string) => `version: 1
organization: ${organization}
guardrails: { accounts: ["111122223333"], regions: [us-east-1], cidrs: [10.0.0.0/8] }
`;
const first = readPolicyText(text('first'));
const second = readPolicyText(text('second'));
const third = readPolicyText(text('third'));
const bad = readPolicyText('version: 2');

/** A store whose files say what `next` is, with a record of what it told. */
function storeOf(
  t: TestContext,
  next: { read: ReadPolicy | Error; recordable?: boolean; policyFile?: string },
) {
  assert.ok(first.faults === undefined);
  const told: string[] = [];
  const loads: (() => void)[] = [];
  const tell = (what: string): Promise<void> => {
    if (next.recordable === false) return Promise.reject(new Error('the log is full'));
    told.push(what);
    return Promise.resolve();
  };
  const logger = { info() {}, warn() {}, error() {} } as unknown as Logger;
  const store = new PolicyStore(first, {
    policyFile: next.policyFile ?? 'policy.yaml',
    testsFile: undefined,
    settings: () => ({}),
    clock: { now: () => 0, monotonic: () => 0, newId: () => 'id' },
    logger,
    load: () =>
      new Promise((resolve, reject) => {
        loads.push(() => (next.read instanceof Error ? reject(next.read) : resolve(next.read)));
      }),
    events: {
      loaded: ({ old, new: now }) => tell(`loaded ${nameOf(old)} ${nameOf(now)}`),
      rejected: ({ old, new: now }, faults) =>
        tell(`rejected ${nameOf(old)} ${nameOf(now)} ${faults.length}`),
    },
  });
  t.after(() => store.stop());
  const reload = async () => {
    const done = store.reload();
    loads.shift()?.();
    await done;
  };
  return { store, told, loads, reload, name: () => store.current().organization };
}

const versions = new Map(
  [first, second, third].map((read, index) => [
    read.faults === undefined ? read.data.version : '',
    ['first', 'second', 'third'][index],
  ]),
);
/** Everything that can go on without a load does. */
const turn = () => new Promise((resolve) => setImmediate(resolve));
const nameOf = (version: string | null) => versions.get(version ?? '') ?? 'bad';

test('a good policy replaces the old one, and that is reported with both versions', async (t) => {
  const { told, reload, name } = storeOf(t, { read: second });
  await reload();
  assert.equal(name(), 'second');
  assert.deepEqual(told, ['loaded first second']);
});

test('the same policy read again is no news', async (t) => {
  const { told, reload, name } = storeOf(t, { read: first });
  await reload();
  assert.deepEqual([name(), told], ['first', []]);
});

test('a bad policy changes nothing, and is reported once however often it is read', async (t) => {
  const next = { read: bad };
  const { told, reload, name } = storeOf(t, next);
  await reload();
  await reload();
  assert.deepEqual([name(), told], ['first', ['rejected first bad 3']]);
  next.read = first;
  await reload();
  next.read = bad;
  await reload();
  assert.deepEqual(told, ['rejected first bad 3', 'rejected first bad 3']);
});

test('what cannot be recorded does not take effect, and is tried again by itself until it can', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const next = { read: second, recordable: false };
  const { told, loads, reload, name, store } = storeOf(t, next);
  await reload();
  assert.deepEqual([name(), told, loads.length], ['first', [], 0]);
  t.mock.timers.tick(5000);
  assert.equal(loads.length, 1);
  next.recordable = true;
  const again = store.reload();
  loads.shift()?.();
  // The call above came while a load ran: once more, to be sure that it saw what was there when it was called.
  await turn();
  loads.shift()?.();
  await again;
  assert.deepEqual([name(), told], ['second', ['loaded first second']]);
});

test('a load that breaks leaves the policy in force and is tried again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { told, loads, reload, name } = storeOf(t, { read: new Error('the thread died') });
  await reload();
  assert.deepEqual([name(), told], ['first', []]);
  t.mock.timers.tick(5000);
  assert.equal(loads.length, 1);
});

test('calls that come while a load runs share one more load, which reads what is there by then', async (t) => {
  const next = { read: second };
  const { store, told, loads, name } = storeOf(t, next);
  const calls = [store.reload(), store.reload(), store.reload()];
  assert.equal(loads.length, 1);
  loads.shift()?.();
  await turn();
  next.read = third;
  assert.deepEqual([loads.length, name()], [1, 'second']);
  loads.shift()?.();
  await Promise.all(calls);
  assert.deepEqual([loads.length, name()], [0, 'third']);
  assert.deepEqual(told, ['loaded first second', 'loaded second third']);
});

test('a store that has stopped tries nothing again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { store, loads } = storeOf(t, { read: new Error('the thread died') });
  const done = store.reload();
  store.stop();
  loads.shift()?.();
  await done;
  t.mock.timers.tick(60_000);
  assert.equal(loads.length, 0);
});

test('a policy that changed after it was loaded and before it was watched is taken up', async (t) => {
  const policyFile = join(temporaryFolder(), 'policy.yaml');
  await writeFile(policyFile, text('second'));
  const { store, loads, told } = storeOf(t, { read: second, policyFile });
  store.watch();
  const load = await until('it is loaded', () => loads.shift());
  load();
  await until('it is told', () => told.length > 0);
  assert.deepEqual(told, ['loaded first second']);
});

test('a load that fails counts as a rejected policy until one succeeds, and the one in force stays', async (t) => {
  const next: { read: ReadPolicy | Error } = { read: new Error('the files do not answer') };
  const { store, reload, name } = storeOf(t, next);
  await reload();
  assert.deepEqual([name(), store.rejected], ['first', true]);
  next.read = first;
  await reload();
  assert.deepEqual([name(), store.rejected], ['first', false]);
});
