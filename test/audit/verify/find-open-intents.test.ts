// Which creates the log of earlier runs leaves open, and which peerings it knows: in the file and in those that it was
// rotated into lately, whatever is renamed meanwhile, and never in what this run has written.
import assert from 'node:assert/strict';
import fsPromises, { appendFile, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Head } from '../../../src/audit/log/chain.ts';
import type { Outcome } from '../../../src/audit/record/request-events.ts';
import { findOpenIntents } from '../../../src/audit/verify/find-open-intents.ts';
import { factsFromRecord } from '../../../src/reconciliation/recorded-request.ts';
import type { RequestFacts } from '../../../src/request/request.ts';
import type { AuditRecord } from '../../support/audit-record.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { IntentLog, now } from './intent-log.ts';

const dayMs = 24 * 3_600_000;
const unknown: Outcome = { status: 502, sent: 'maybe', error: { code: 'upstream-broken', detail: 'x' } };
const created = (resourceId: string): Outcome => ({
  status: 201,
  sent: 'yes',
  upstream: { status: 201, resourceId },
});

const start = async () => ({
  log: new IntentLog(),
  path: join(temporaryFolder(), 'audit.log'),
});

type Members = Readonly<Record<string, unknown>>;

/** The gateway's ids of what is open. */
async function openIds(path: string, head: Head): Promise<string[]> {
  const { intents } = await findOpenIntents(path, head, now);
  return intents.map(({ record }) => (record as object as AuditRecord).api.request.uid);
}

const idOf = ({ gatewayRequestId }: RequestFacts): string => gatewayRequestId;

test('a create of an ambiguous peering stays open, and says so; the peering is known as ambiguous', async () => {
  const { log, path } = await start();
  const [one, other] = [log.intent(), log.intent()];
  log.outcome(one, unknown);
  log.ambiguous(one, 'p-1');
  log.ambiguous(other, 'p-1');
  await writeFile(path, log.cut());
  const { intents, knownPeerings, ambiguousPeerings } = await findOpenIntents(path, log.head, now);
  assert.deepEqual(
    intents.map(({ outcome }) => outcome),
    ['ambiguous', 'ambiguous'],
  );
  assert.deepEqual([...knownPeerings], []);
  assert.deepEqual(ambiguousPeerings, ['p-1']);
});

test('open is an intent without an outcome, or with one that says nobody knows; what settled creates made is known', async () => {
  const { log, path } = await start();
  const [none, lost, good, refused, found, absent] = Array.from({ length: 6 }, () => log.intent());
  assert.ok(none && lost && good && refused && found && absent);
  log.outcome(lost, unknown);
  log.outcome(good, created('p-good'));
  log.outcome(refused, { status: 409, sent: 'yes', upstream: { status: 409 } });
  log.outcome(found, unknown);
  log.reconciled(found, 'p-found');
  log.reconciled(absent);
  await writeFile(path, log.cut());
  const { intents, knownPeerings } = await findOpenIntents(path, log.head, now);
  assert.deepEqual(
    intents.map(({ record, outcome }) => [(record as object as AuditRecord).api.request.uid, outcome]),
    [
      [idOf(none), 'none'],
      [idOf(lost), 'unknown'],
    ],
  );
  assert.deepEqual([...knownPeerings.keys()], ['p-good', 'p-found']);
});

test('the facts of an open create are those of its intent', async () => {
  const { log, path } = await start();
  const create = log.intent();
  await writeFile(path, log.cut());
  const [open] = (await findOpenIntents(path, log.head, now)).intents;
  assert.deepEqual(factsFromRecord(open?.record ?? {}), create);
});

test('a record that lacks a fact, or is no create’s, gives none', async () => {
  const { log, path } = await start();
  log.intent();
  await writeFile(path, log.cut());
  const record = JSON.parse(await readFile(path, 'utf8')) as AuditRecord & Members;
  assert.ok(factsFromRecord(record));
  const { api, http_request: http } = record;
  const broken: Members[] = [
    {},
    { ...record, start_time: undefined },
    { ...record, actor: { user: { name: 'unverified' } } },
    { ...record, src_endpoint: {} },
    { ...record, http_request: { ...http, http_method: 'DELETE' } },
    { ...record, http_request: { ...http, http_method: 'GET' } },
    { ...record, api: { ...api, request: { ...api.request, uid: '' } } },
    ...Object.keys(api.request.data).map((member) => ({
      ...record,
      api: { ...api, request: { ...api.request, data: { ...api.request.data, [member]: '../x' } } },
    })),
  ];
  for (const each of broken) assert.equal(factsFromRecord(each), undefined, JSON.stringify(each));
});

test('files of the last eight days count, compressed ones too; older ones and what was set aside do not', async () => {
  const { log, path } = await start();
  const file = async (name: string, days: number): Promise<RequestFacts> => {
    const create = log.intent();
    const text = log.cut();
    await writeFile(`${path}${name}`, name.endsWith('.gz') ? gzipSync(text) : text);
    const writtenAt = (now - days * dayMs) / 1000;
    await utimes(`${path}${name}`, writtenAt, writtenAt);
    return create;
  };
  await file('.4', 9);
  const [third, second, first] = [await file('.3.gz', 7), await file('-20261120', 2), await file('.1', 1)];
  const own = await file('', 0);
  const { head } = log;
  await file('.torn-2026-11-22T110000.000Z', 0);
  assert.deepEqual(await openIds(path, head), [third, second, first, own].map(idOf));
});

test('an intent in one file is closed by the outcome in the next', async () => {
  const { log, path } = await start();
  const [closed, open] = [log.intent(), log.intent()];
  await writeFile(`${path}.1`, log.cut());
  log.outcome(closed, created('p-1'));
  await writeFile(path, log.cut());
  await utimes(`${path}.1`, now / 1000 - 60, now / 1000 - 60);
  const { intents, knownPeerings } = await findOpenIntents(path, log.head, now);
  assert.deepEqual(
    intents.map(({ record }) => (record as object as AuditRecord).api.request.uid),
    [idOf(open)],
  );
  assert.deepEqual([...knownPeerings.keys()], ['p-1']);
});

test('a create stays settled when the file with its intent was compressed after the one with its outcome', async () => {
  const { log, path } = await start();
  const [closed, open] = [log.intent(), log.intent()];
  const older = `${path}-20261128.gz`;
  await writeFile(older, gzipSync(log.cut()));
  log.outcome(closed, created('p-1'));
  await writeFile(`${path}-20261129`, log.cut());
  log.intent();
  await writeFile(path, log.cut());
  const writtenAt = async (file: string, days: number) =>
    await utimes(file, now / 1000 - days * 86_400, now / 1000 - days * 86_400);
  // The second time of the newer file is too old to count by itself.
  for (const days of [1, 9]) {
    await writtenAt(older, 0);
    await writtenAt(`${path}-20261129`, days);
    const ids = await openIds(path, log.head);
    assert.deepEqual([ids.length, ids[0]], [2, idOf(open)]);
  }
});

test('what this run has written is passed over, wherever it was rotated to', async (t) => {
  const { log, path } = await start();
  const [open, other] = [log.intent(), log.intent()];
  const earlier = log.cut();
  const { head } = log;
  log.intent();
  log.outcome(other, created('p-of-this-run'));
  const ofThisRun = log.cut();
  log.intent();
  const later = log.cut();
  const old = now / 1000 - 60;
  const layouts: Readonly<Record<string, Record<string, string>>> = {
    'behind the earlier runs': { '': earlier + ofThisRun + later },
    'behind them, rotated': { '.1': earlier + ofThisRun, '': later },
    'alone in the file': { '.1': earlier, '': ofThisRun + later },
    'in a file between': { '.2': earlier, '.1': ofThisRun, '': later },
  };
  for (const [where, files] of Object.entries(layouts)) {
    await t.test(where, async () => {
      for (const [index, [name, text]] of Object.entries(files).entries()) {
        await writeFile(path + name, text);
        await utimes(path + name, old + index, old + index);
      }
      const { intents, knownPeerings } = await findOpenIntents(path, head, now);
      assert.deepEqual(
        intents.map(({ record }) => (record as object as AuditRecord).api.request.uid),
        [idOf(open), idOf(other)],
      );
      assert.deepEqual([...knownPeerings.keys()], []);
      for (const name of Object.keys(files)) await rm(path + name);
    });
  }
});

test('when the earlier runs have ended in a file that is not read any more, this run’s are passed over all the same', async () => {
  const { log, path } = await start();
  log.intent();
  const { head } = log;
  log.cut();
  log.intent();
  await writeFile(path, log.cut());
  assert.deepEqual(await openIds(path, head), []);
});

test('a file that is rotated while the search is under way is searched whole, once', async () => {
  const { log, path } = await start();
  const open = log.intent();
  const first = log.cut();
  const more = Array.from({ length: 50 }, () => log.intent());
  const second = log.cut();
  const { head } = log;
  log.intent();
  const ofThisRun = log.cut();
  const turnsOf = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
  };
  for (let turns = 0; turns < 80; turns += 1) {
    await writeFile(`${path}.2`, first);
    await utimes(`${path}.2`, now / 1000 - 60, now / 1000 - 60);
    await writeFile(path, second);
    const searching = openIds(path, head);
    await turnsOf(turns / 2);
    await rename(path, `${path}.1`);
    // The file may be missing for a while.
    await turnsOf(turns % 2 === 0 ? 0 : 20);
    await appendFile(path, ofThisRun);
    assert.deepEqual(await searching, [open, ...more].map(idOf), `renamed after ${turns} turns`);
    for (const name of ['', '.1', '.2']) await rm(path + name);
  }
});

test('a rotated file that cannot be read to its end is an error, and not taken for a log without open creates', async () => {
  const { log, path } = await start();
  log.intent();
  await writeFile(`${path}.1.gz`, gzipSync(log.cut()).subarray(0, 200));
  log.intent();
  await writeFile(path, log.cut());
  await assert.rejects(openIds(path, log.head), (error: Error) => !/renamed/.test(error.message));
});

/** Each look at a file tells another inode, for so many looks. */
function renameAllTheTime(t: TestContext, looks: number): void {
  const { stat } = fsPromises;
  let count = 0;
  const changing = (ino: number) => (-ino > looks ? {} : { ino });
  t.mock.method(fsPromises, 'stat', async (path: string) =>
    Object.assign(await stat(path), changing(--count)),
  );
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
}

test('files that are renamed while they are read are read again, and after three readings that is an error', async (t) => {
  const { log, path } = await start();
  const open = log.intent();
  await writeFile(path, log.cut());
  renameAllTheTime(t, 3);
  assert.deepEqual(await openIds(path, log.head), [idOf(open)]);
  renameAllTheTime(t, Number.POSITIVE_INFINITY);
  await assert.rejects(openIds(path, log.head), /renamed all the time/);
});

test('a file counts that was last written exactly eight days ago, and none that was written before', async () => {
  const { log, path } = await start();
  const [, open] = [log.intent(), log.intent()] as const;
  const lines = log.cut().split('\n');
  await writeFile(`${path}.2`, `${lines[0]}\n`);
  await writeFile(`${path}.1`, `${lines[1]}\n`);
  const eightDaysAgo = (now - 8 * dayMs) / 1000;
  await utimes(`${path}.2`, eightDaysAgo - 1, eightDaysAgo - 1);
  await utimes(`${path}.1`, eightDaysAgo, eightDaysAgo);
  assert.deepEqual(await openIds(path, log.head), [idOf(open)]);
});
