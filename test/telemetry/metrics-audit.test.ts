// What the audit log costs, and that a disk which fails or hangs shows: in what waits, in failures, in readiness.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startWithFile } from '../audit/log/audit-file.ts';
import { BrokenFiles } from '../audit/log/broken-files.ts';
import { until } from '../support/until.ts';
import { recorded } from './moves.ts';
import { changesBy, seriesOf, untilSeries } from './scrape.ts';

const audited = (moved: Record<string, number>) =>
  Object.fromEntries(Object.entries(moved).filter(([name]) => name.startsWith('audit_')));

test('each record in a file is timed until it is safe, and so is each sync', async (t) => {
  const gateway = await startWithFile(t, { logFiles: new BrokenFiles() });
  await gateway.becomesReady();
  const moved = audited(await changesBy(gateway, () => gateway.create()));
  assert.deepEqual(moved, {
    ...recorded('create.intent', 'create.outcome'),
    audit_sync_duration_seconds_count: 2,
  });
});

test('a disk that is full shows as failures and as not writable, until there is room again', async (t) => {
  const disk = new BrokenFiles();
  const gateway = await startWithFile(t, { logFiles: disk });
  await gateway.becomesReady();
  const before = await seriesOf(gateway);
  assert.equal(before.get('audit_writable'), 1);
  assert.equal(before.get('audit_write_failures_total'), 0);
  disk.fail('write', 'ENOSPC');
  assert.equal((await gateway.create()).status, 503);
  const during = await seriesOf(gateway);
  assert.ok(Number(during.get('audit_write_failures_total')) >= 1);
  assert.equal(during.get('audit_writable'), 0);
  assert.equal(during.get('ready'), 0);
  assert.ok(Number(during.get('audit_queue_records')) >= 1);
  disk.heal();
  await untilSeries(gateway, 'audit_writable', 1);
  await untilSeries(gateway, 'audit_queue_records', 0);
  const failures = (await seriesOf(gateway)).get('audit_write_failures_total');
  assert.equal((await gateway.create()).status, 201);
  assert.equal((await seriesOf(gateway)).get('audit_write_failures_total'), failures);
});

test('a disk that hangs shows in what waits, and counts as not writable after its time', async (t) => {
  const disk = new BrokenFiles();
  const gateway = await startWithFile(t, { logFiles: disk });
  await gateway.becomesReady();
  const syncs = (await seriesOf(gateway)).get('audit_sync_duration_seconds_count');
  disk.hang('fdatasync');
  const created = gateway.create();
  await until('a sync hangs', () => disk.hung('fdatasync') > 0);
  const during = await seriesOf(gateway);
  assert.equal(during.get('audit_queue_records'), 1);
  assert.equal(during.get('audit_sync_duration_seconds_count'), syncs);
  await untilSeries(gateway, 'audit_writable', 0);
  assert.equal((await created).status, 503);
  disk.heal();
  await untilSeries(gateway, 'audit_writable', 1);
  await untilSeries(gateway, 'audit_queue_records', 0);
});
