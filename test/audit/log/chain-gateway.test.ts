// The chain of a whole gateway: one, however many requests come at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../../support/gateway.ts';
import { assertChain, FaultySink } from './faulty-sink.ts';

test('the records of a gateway are one chain, also when they come from many requests at once', async (t) => {
  const sink = new FaultySink();
  const gateway = await startTestGateway(t, { sink });
  const token = await gateway.issuer.sign();
  await Promise.all(
    Array.from({ length: 10 }, (_, index) => [
      gateway.create(),
      gateway.create({}),
      gateway.call({ headers: { authorization: `Bearer ${index % 2 ? token : 'forged'}` } }),
    ]).flat(),
  );
  assert.equal(sink.lines.length, 3 + 20 + 10 + 10);
  const codes = sink.records.slice(0, 3).map(({ metadata }) => metadata.event_code);
  assert.deepEqual(codes, ['audit.chain-started', 'gateway.started', 'policy.loaded']);
  assertChain(sink.lines);
  assert.equal(new Set(sink.records.map(({ metadata }) => metadata.uid)).size, sink.lines.length);
});
