// The gateway on a real pipe whose reader goes away and comes back: what can be read in the end is one whole chain.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineWriter } from '../../src/logging/line-writer.ts';
import { assertChain, codesOf, startCodes } from '../audit/log/faulty-sink.ts';
import { openPipe } from '../logging/pipe.ts';
import { send, startTestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';

test('without a reader nothing is forwarded, and the next reader finds the chain unbroken', async (t) => {
  const { fd, reader, openReader } = openPipe(t);
  const gateway = await startTestGateway(t, { sink: new LineWriter(fd) });
  const isReady = async () => (await send(gateway.adminUrl, { path: '/readyz' })).status === 200;
  reader.start();
  assert.equal((await gateway.create()).status, 201);
  await until('the outcome has come', () => reader.lines.length === startCodes.length + 2);
  await reader.close();
  for (let count = 0; count < 3; count += 1) {
    const refused = await gateway.create();
    assert.equal(refused.status, 503);
    assert.equal(refused.json.type, 'urn:aerospike:errors:system:unavailable');
  }
  assert.equal(gateway.forwarded().length, 1);
  assert.equal(await isReady(), false);
  const next = openReader();
  next.start();
  await until('the gateway is ready', isReady);
  assert.equal((await gateway.create()).status, 201);
  await until('the last outcome has come', () => next.lines.length === 4);
  const lines = [...reader.lines, ...next.lines];
  const create = ['peering.create.intent', 'peering.create.outcome'];
  assert.deepEqual(codesOf(lines), [...create, ...create, ...create]);
  assertChain(lines);
});
