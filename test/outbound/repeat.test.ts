// What is sent again by itself: only what may be sent twice, only when a reused connection ended before a byte of the answer,
// and only once, in the time that there was for the first.
import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { startLoopbackServer } from '../../sandbox/loopback-server.ts';
import { OutboundAgent } from '../../src/outbound/agent.ts';
import { type ExchangeRequest, exchange } from '../../src/outbound/exchange.ts';

/** A server whose answer to each request a test gives, and requests to it on one connection at a time. */
async function start(test: TestContext, answers: readonly RequestListener[]) {
  const seen: { path: string; port: number | undefined }[] = [];
  const server = await startLoopbackServer((request, response) => {
    const { url = '', socket } = request;
    seen.push({ path: url, port: socket.remotePort });
    const answer = answers[seen.length - 1] ?? good;
    answer(request, response);
  });
  const agent = new OutboundAgent(1000, 1);
  test.after(() => Promise.all([agent.destroy(), server.close()]));
  const call = (path: string, request: Partial<ExchangeRequest> = {}, timeoutMs = 60_000) =>
    exchange(
      agent,
      { method: 'GET', url: new URL(path, server.origin), headers: {}, ...request },
      { timeoutMs, maxBytes: 1000 },
    );
  return { call, seen, paths: () => seen.map(({ path }) => path) };
}

const good: RequestListener = (_request, response) => void response.end('good');

const ends: Record<string, (request: IncomingMessage) => void> = {
  'closed without a word': ({ socket }) => void socket.end(),
  'reset without a word': ({ socket }) => void socket.resetAndDestroy(),
  'cut off': ({ socket }) => void socket.destroy(),
};

for (const [what, end] of Object.entries(ends)) {
  test(`a GET whose reused connection is ${what} is sent once more, on another one`, async (t) => {
    const { call, seen } = await start(t, [good, end]);
    await call('/first');
    assert.equal((await call('/second')).body.toString(), 'good');
    assert.deepEqual(
      seen.map(({ path }) => path),
      ['/first', '/second', '/second'],
    );
    const [first, second, third] = seen;
    assert.equal(first?.port, second?.port);
    assert.notEqual(second?.port, third?.port);
  });

  test(`a GET whose new connection is ${what} is not sent again`, async (t) => {
    const { call, paths } = await start(t, [end]);
    await assert.rejects(call('/first'), { kind: 'unreachable', proxyError: 'connection_terminated' });
    assert.deepEqual(paths(), ['/first']);
    // Nor is the first one on a connection that replaces another.
    await call('/second');
    assert.deepEqual(paths(), ['/first', '/second']);
  });

  for (const method of ['POST', 'DELETE'] as const) {
    test(`a ${method} whose reused connection is ${what} is not sent again`, async (t) => {
      const { call, paths } = await start(t, [good, end]);
      await call('/first');
      const refused = { kind: 'unreachable', proxyError: 'connection_terminated', sent: 'maybe' };
      await assert.rejects(call('/second', { method }), refused);
      assert.deepEqual(paths(), ['/first', '/second']);
    });
  }
}

test('a POST that may be sent twice is sent once more, with its body', async (t) => {
  const bodies: string[] = [];
  const keep =
    (next: RequestListener): RequestListener =>
    async (request, response) => {
      bodies.push((await request.toArray()).join(''));
      next(request, response);
    };
  const { call } = await start(t, [good, keep(({ socket }) => void socket.resetAndDestroy()), keep(good)]);
  await call('/first');
  await call('/second', { method: 'POST', body: 'a=b', repeatable: true });
  assert.deepEqual(bodies, ['a=b', 'a=b']);
});

test('nothing is sent a third time', async (t) => {
  const end = ends['reset without a word'] as RequestListener;
  const { call, paths } = await start(t, [good, end, end]);
  await call('/first');
  await assert.rejects(call('/second'), { proxyError: 'connection_terminated', sent: 'maybe' });
  assert.deepEqual(paths(), ['/first', '/second', '/second']);
});

for (const [what, bytes] of [
  ['a byte', 'H'],
  ['half a head', 'HTTP/1.1 200 OK\r\nContent-'],
  ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal'],
  ['an interim answer', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
] as const) {
  test(`a GET whose answer breaks off after ${what} is not sent again`, async (t) => {
    const { call, paths } = await start(t, [good, ({ socket }) => void socket.end(bytes)]);
    await call('/first');
    await assert.rejects(call('/second'), { kind: 'broken' });
    assert.deepEqual(paths(), ['/first', '/second']);
  });
}

test('a GET that is sent again has the time that is left of the first, and no more', async (t) => {
  const arrived = [Promise.withResolvers<IncomingMessage>(), Promise.withResolvers<IncomingMessage>()];
  const hold =
    (index: number): RequestListener =>
    (request) =>
      arrived[index]?.resolve(request);
  const { call } = await start(t, [good, hold(0), hold(1)]);
  await call('/first');
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const second = call('/second', {}, 1000);
  let failed: unknown;
  second.catch((error: unknown) => {
    failed = error;
  });
  const request = await arrived[0]?.promise;
  t.mock.timers.tick(700);
  request?.socket.resetAndDestroy();
  await arrived[1]?.promise;
  t.mock.timers.tick(299);
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.equal(failed, undefined);
  t.mock.timers.tick(1);
  await assert.rejects(second, { kind: 'timeout', proxyError: 'http_response_timeout' });
});
