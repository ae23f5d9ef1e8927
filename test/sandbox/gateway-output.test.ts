import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkOf, nameOf, readAuditRecord, summaryOf } from '../../sandbox/audit-record.ts';
import { GatewayOutput } from '../../sandbox/gateway-output.ts';
import { AuditChain } from '../../src/audit/log/chain.ts';
import { eventNamed } from '../support/event-named.ts';

const recordLine = (previous: string, eventCode = 'peering.create.intent', requestId = 'r-1') =>
  JSON.stringify({
    class_uid: 6003,
    metadata: { event_code: eventCode, sequence: 7, correlation_uid: requestId },
    actor: { user: { uid: 'payments' } },
    api: { response: { code: 201 } },
    http_response: { code: 201 },
    attestation_list: [{ prev_event: { fingerprint: { value: previous } } }],
    unmapped: { decision: { effect: 'allow', violations: [] } },
  });

test('audit records and log lines are distinguished, and what is no JSON is a log line', () => {
  const output = new GatewayOutput();
  for (const line of ['{"msg":"hello"}', recordLine('0'.repeat(64)), 'a stack trace', '{"class_uid":6002}']) {
    output.accept(line);
  }
  assert.equal(output.records.length, 1);
  assert.deepEqual(output.logs, ['{"msg":"hello"}', 'a stack trace', '{"class_uid":6002}']);
});

test('a chain is whole when each record carries the hash of the record before, log lines between or not', () => {
  const chain = new AuditChain({ version: '1.0.0', instance: 'a' }, () => crypto.randomUUID());
  const [first, second, third] = ['one', 'two', 'three'].map((name) =>
    chain.append(eventNamed(name, { unmapped: { of: name } })),
  ) as [string, string, string];
  const breaksIn = (...lines: string[]) => {
    const output = new GatewayOutput();
    for (const line of lines) output.accept(line);
    return output.chainBreaks;
  };
  assert.equal(breaksIn(first, '{"msg":"between"}', second, third), 0);
  assert.equal(breaksIn(first, third), 1);
  assert.equal(breaksIn(first, second, second, third), 1);
  assert.equal(breaksIn(second, third), 1);
  assert.equal(breaksIn(first, second, third.replace('"of":"three"', '"of":"3"')), 1);
});

test('a record that comes later is found, and one that never comes is given up', async () => {
  const output = new GatewayOutput();
  const later = output.findRecord('r-1', 'peering.create.intent', 60_000);
  output.accept(recordLine('', 'peering.create.outcome'));
  output.accept(recordLine('', 'peering.create.intent', 'r-2'));
  output.accept(recordLine('', 'peering.create.intent', 'r-1'));
  assert.equal((await later)?.requestId, 'r-1');
  assert.equal(await output.findRecord('r-3', 'peering.create.intent', 1), undefined);
  assert.equal(await output.find(() => undefined, 60_000, AbortSignal.abort()), undefined);
});

test('a record is condensed into its name, what it says and its link', () => {
  const record = readAuditRecord(JSON.parse(recordLine('ab'.repeat(32))));
  assert.ok(record);
  assert.equal(nameOf(record), '#7 peering.create.intent');
  assert.equal(summaryOf(record), 'payments · allow · upstream 201 · answered 201');
  assert.equal(linkOf(record), 'previous abababababababab…');
});

test('a record that lacks everything is still shown', () => {
  const record = readAuditRecord({ class_uid: 6003, metadata: null, unmapped: { decision: 'odd' } });
  assert.ok(record);
  assert.equal(nameOf(record), '#? unknown event');
  assert.equal(summaryOf(record), 'no verified caller');
  assert.equal(linkOf(record), 'not chained');
});
