// An upstream that takes its time: one limit holds over the whole answer, however it is stretched.
import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { test } from 'node:test';
import { startLoopbackServer } from '../../sandbox/loopback-server.ts';
import { OutboundAgent } from '../../src/outbound/agent.ts';
import { exchange } from '../../src/outbound/exchange.ts';
import { assertBreaks, head, marker } from './misbehave.ts';

const impatient = { UPSTREAM_TIMEOUT_MS: '600' };

/** Writes a little, again and again, for as long as the connection lasts. */
const drip =
  (start: string, drop: string): RequestListener =>
  ({ socket }: IncomingMessage) => {
    socket.write(start);
    const timer = setInterval(() => socket.write(drop), 20);
    socket.once('close', () => clearInterval(timer));
  };

test('an upstream that never answers is a 504 that says the create may have arrived', (t) =>
  assertBreaks(
    t,
    () => undefined,
    {
      status: 504,
      sent: 'maybe',
      proxyError: 'http_response_timeout',
      code: 'upstream-timeout',
      statusId: 0,
    },
    impatient,
  ));

test('a head that drips does not stretch the limit', (t) =>
  assertBreaks(
    t,
    drip(`HTTP/1.1 201 Created\r\nX-Note: ${marker}`, 'x'),
    { status: 504, sent: 'maybe', proxyError: 'http_response_timeout', statusId: 0 },
    impatient,
  ));

test('a body that drips does not stretch the limit', (t) =>
  assertBreaks(
    t,
    drip(`${head('201 Created', 'Content-Type: application/json', 'Content-Length: 100000')}"${marker}`, 'x'),
    {
      status: 504,
      sent: 'yes',
      proxyError: 'http_response_timeout; received-status=201',
      code: 'upstream-timeout',
      statusId: 0,
    },
    impatient,
  ));

test('interim answers without end do not stretch the limit', (t) =>
  assertBreaks(
    t,
    drip('', head('103 Early Hints', `Link: </${marker}>`)),
    { status: 504, sent: 'maybe', proxyError: 'http_response_timeout', statusId: 0 },
    impatient,
  ));

test('a request that waits too long for a free connection is given up, and is never sent afterwards', async (t) => {
  const seen: string[] = [];
  let free = () => {};
  const server = await startLoopbackServer((request, response) => {
    seen.push(request.url ?? '');
    if (seen.length === 1) free = () => response.end();
    else response.end();
  });
  const agent = new OutboundAgent(1000, 1);
  t.after(() => Promise.all([agent.destroy(), server.close()]));
  const call = (path: string, timeoutMs: number) =>
    exchange(
      agent,
      { method: 'POST', url: new URL(path, server.origin), headers: {}, body: '{}' },
      { timeoutMs, maxBytes: 1000 },
    );
  const first = call('/first', 60_000);
  await assert.rejects(call('/given-up', 100), {
    kind: 'timeout',
    proxyError: 'connection_timeout',
    sent: 'no',
  });
  free();
  await first;
  await call('/next', 60_000);
  assert.deepEqual(seen, ['/first', '/next']);
});
