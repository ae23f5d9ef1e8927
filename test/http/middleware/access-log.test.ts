// The log line of a request: one, with its members once, and with nothing of the caller's own in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../../support/gateway.ts';

test('a request leaves one line that names every member once', async (t) => {
  const gateway = await startTestGateway(t);
  await gateway.create();
  await gateway.stop();
  const lines = gateway
    .output()
    .split('\n')
    .filter((line) => line.includes('"msg":"request served"'));
  assert.equal(lines.length, 1);
  const names = [...(lines[0] ?? '').matchAll(/"(\w+)":/g)].map(([, name]) => name);
  assert.deepEqual(names, [...new Set(names)]);
  const [line] = lines.map((text) => JSON.parse(text));
  assert.equal(line.status, 201);
  assert.equal(line.decision, 'allow');
  assert.equal(line.subject, 'svc-payments');
  assert.equal(line.answered, true);
  assert.equal(typeof line.durationMs, 'number');
});
