// The gateway as a process of its own, with its audit log on a pipe: a reader in trouble stops neither the process nor
// its end, and what is not recorded is not forwarded.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertChain } from '../audit/log/faulty-sink.ts';
import type { OutputLine } from '../support/log-line.ts';
import { until } from '../support/until.ts';
import { isRecord, parse, startPipedProcess } from './piped-process.ts';

test('a reader that stops reading stops creates and nothing else, and loses no record when it goes on', async (t) => {
  const { reader, child, exited, admin, creates, create } = await startPipedProcess(t);
  assert.equal((await create()).status, 201);
  reader.stop();
  await until('a create is refused', async () => (await create()).status === 503, 60_000);
  const sent = creates().length;
  const refused = await create();
  assert.equal(refused.status, 503);
  assert.equal(refused.headers['retry-after'], '2');
  assert.equal(creates().length, sent);
  assert.equal(await admin('/healthz'), 200);
  assert.equal(await admin('/readyz'), 503);
  reader.start();
  await until('the gateway is ready', async () => (await admin('/readyz')) === 200);
  assert.equal((await create()).status, 201);
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
  await until('the last line has come', () => reader.lines.some((line) => parse(line)?.msg === 'stopped'));
  for (const line of reader.lines) assert.notEqual(parse(line), undefined);
  const records = reader.lines.filter(isRecord);
  assertChain(records);
  const ids = (code: string) =>
    (records.map(parse) as OutputLine[])
      .filter(({ metadata }) => metadata.event_code === code)
      .map(({ api }) => api.request.uid)
      .sort();
  assert.ok(creates().length <= ids('peering.create.intent').length);
  assert.deepEqual(ids('peering.create.outcome'), ids('peering.create.intent'));
});

test('a process whose reader has stopped ends when it is told to', async (t) => {
  const { reader, child, exited, create } = await startPipedProcess(t);
  reader.stop();
  await until('a create is refused', async () => (await create()).status === 503, 60_000);
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
});

test('a process whose reader is gone lives on, forwards nothing, and ends when it is told to', async (t) => {
  const { reader, child, exited, admin, creates, create } = await startPipedProcess(t);
  await reader.close();
  for (let count = 0; count < 3; count += 1) assert.equal((await create()).status, 503);
  assert.deepEqual(creates(), []);
  assert.equal(await admin('/healthz'), 200);
  assert.equal(await admin('/readyz'), 503);
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
});
