// The chain of records: numbered from 1, each with the hash of the line before, so that whatever was done to a line shows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuditChain } from '../../../src/audit/log/chain.ts';
import { type Loose, startTestGateway } from '../../support/gateway.ts';
import { assertChain, FaultySink } from './faulty-sink.ts';

const reporter = { version: '1.2.3', instance: 'gateway-7' };

function makeLines(count: number): string[] {
  let id = 0;
  const chain = new AuditChain(reporter, () => `id-${++id}`);
  return Array.from({ length: count }, (_, index) =>
    chain.seal({
      metadata: { event_code: 'x' },
      note: `line ${index} – ☃ \u2028 "quoted"\n`,
      unmapped: { index },
    }),
  );
}

test('the first record has sequence 1 and the hash of nothing: 64 zeros', () => {
  const [line = ''] = makeLines(1);
  const record = JSON.parse(line) as Loose;
  assert.equal(record.metadata.sequence, 1);
  assert.equal(record.unmapped.integrity.previous, '0'.repeat(64));
});

test('every record has the next number and the SHA-256 of the line before, in lower-case hex', () => {
  const lines = makeLines(20);
  assertChain(lines);
  assert.match((JSON.parse(lines[19] as string) as Loose).unmapped.integrity.previous, /^[0-9a-f]{64}$/);
});

test('a record is one line, whatever is in it', () => {
  for (const line of makeLines(3)) assert.equal(/[\r\n]/.test(line), false);
});

test('a line that was changed, left out, doubled or moved breaks the chain', () => {
  const lines = makeLines(6);
  const [first, second, third, ...rest] = lines as [string, string, string, ...string[]];
  const changed = [first, second.replace('line 1', 'line 7'), third, ...rest];
  const leftOut = [first, third, ...rest];
  const doubled = [first, second, second, third, ...rest];
  const moved = [first, third, second, ...rest];
  const beheaded = [second, third, ...rest];
  for (const forged of [changed, leftOut, doubled, moved, beheaded]) assert.throws(() => assertChain(forged));
});

test('records say who wrote them, and an event cannot claim a place in the chain by itself', () => {
  const chain = new AuditChain(reporter, () => 'the-id');
  const forged = {
    metadata: { event_code: 'x', sequence: 99, uid: 'mine' },
    unmapped: { integrity: { previous: 'x' } },
  };
  const { metadata, unmapped } = JSON.parse(chain.seal(forged)) as Loose;
  assert.deepEqual(metadata, {
    event_code: 'x',
    version: '1.8.0',
    profiles: ['security_control'],
    product: { name: 'peergate', vendor_name: 'peergate', version: '1.2.3' },
    uid: 'the-id',
    sequence: 1,
    reporter: { uid: 'gateway-7' },
  });
  assert.deepEqual(unmapped, { integrity: { previous: '0'.repeat(64) } });
});

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
  assert.equal(sink.lines.length, 1 + 20 + 10 + 10);
  assert.equal(sink.records[0].metadata.event_code, 'policy.loaded');
  assertChain(sink.lines);
  assert.equal(new Set(sink.records.map(({ metadata }) => metadata.uid)).size, sink.lines.length);
});
