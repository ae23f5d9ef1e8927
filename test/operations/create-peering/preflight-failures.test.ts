// When Aerospike Cloud cannot say what is there, nothing is created: whatever way either look fails in, the answer says that
// the create was not sent, and it was not.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { unauthenticated } from '../../../sandbox/problems.ts';
import { sendReply } from '../../../sandbox/reply.ts';
import { proxyStatusOf } from '../../support/assert-refused.ts';
import {
  allowed,
  answerTo,
  asked,
  assertRefused,
  createNumber,
  json,
  posts,
  recorded,
  recordOf,
  startGuarded,
} from './watched-creates.ts';

interface Failing {
  readonly listener: RequestListener;
  readonly status?: number;
  readonly code?: string;
  /** As `proxyStatusOf` takes it. */
  readonly said: string;
  /** What Aerospike Cloud said, if it said anything. */
  readonly received?: number;
}

const ways: Record<string, Failing> = {
  'answers 500': { listener: json(500, {}), said: 'http_protocol_error; received-status=500', received: 500 },
  'answers 503 without a body': {
    listener: (_, response) => void response.writeHead(503).end(),
    said: 'http_protocol_error; received-status=503',
    received: 503,
  },
  'resets the connection': {
    listener: (request) => void request.socket.resetAndDestroy(),
    said: 'connection_terminated',
  },
  hangs: {
    listener: () => undefined,
    status: 504,
    code: 'upstream-timeout',
    said: 'http_response_timeout',
  },
  redirects: {
    listener: (_, response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
    said: 'http_protocol_error; received-status=302',
    received: 302,
  },
  'answers something that is no JSON': {
    listener: (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    said: 'http_protocol_error; received-status=200',
    received: 200,
  },
  'breaks off in the middle': {
    listener: (request) =>
      void request.socket.end(
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"a',
      ),
    said: 'http_response_incomplete; received-status=200',
    received: 200,
  },
  'answers 202 with something else': {
    listener: json(202, {}),
    said: 'http_protocol_error; received-status=202',
    received: 202,
  },
};

for (const look of ['GET cluster', 'GET peerings'] as const) {
  for (const [what, failing] of Object.entries(ways)) {
    test(`when ${look} ${what} nothing is created, and the next create finds everything well`, async (t) => {
      const { listener, status = 502, code = 'preflight-failed', said, received } = failing;
      const gateway = await startGuarded(t, { UPSTREAM_TIMEOUT_MS: '1000' });
      answerTo(gateway.cloud, look, listener);
      const reply = await gateway.create();
      assertRefused(gateway, reply, { status, type: 'system:unavailable', code });
      assert.deepEqual(reply.json.context, { sent: 'no' });
      assert.doesNotMatch(reply.json.detail, /may have been|was received/);
      assert.equal(reply.headers['proxy-status'], proxyStatusOf(said, code));
      const { upstream } = recordOf(gateway, reply).unmapped;
      assert.deepEqual(upstream, received === undefined ? { sent: 'no' } : { sent: 'no', status: received });
      assert.equal(posts(gateway.cloud), 0);
      assert.deepEqual(recorded(gateway), [`refused ${code}`]);
      gateway.cloud.setFault(undefined);
      assert.equal((await gateway.create()).status, 201);
      assert.equal(posts(gateway.cloud), 1);
    });
  }
}

test('when preflight is refused with 401 the credential is renewed once, and then it is 502, nothing sent', async (t) => {
  const gateway = await startGuarded(t);
  answerTo(gateway.cloud, 'GET cluster', (_, response) => sendReply(response, unauthenticated()));
  const reply = await gateway.create();
  assertRefused(gateway, reply, { status: 502, type: 'system:unavailable', code: 'credential-refused' });
  assert.equal(reply.json.context.sent, 'no');
  assert.deepEqual(asked(gateway.cloud), ['GET cluster', 'GET cluster']);
  assert.equal(gateway.cloud.tokenRequests, 2);
});

test('an upstream that nobody can reach is 502 with no word of a create', async (t) => {
  const gateway = await startGuarded(t, { AEROSPIKE_API_URL: 'http://127.0.0.1:1/v1' });
  const reply = await gateway.create();
  assertRefused(gateway, reply, { status: 502, type: 'system:unavailable', code: 'preflight-failed' });
  assert.equal(
    reply.headers['proxy-status'],
    'peergate; error=connection_refused; details="preflight-failed"',
  );
  assert.deepEqual(reply.json.context, { sent: 'no' });
});

test("Aerospike Cloud's own 4xx to either preflight read passes through with its header fields, and releases the lock", async (t) => {
  const gateway = await startGuarded(t);
  for (const look of ['GET cluster', 'GET peerings'] as const) {
    answerTo(gateway.cloud, look, json(429, { slow: 'down' }, { 'retry-after': '7', 'x-other': 'stays' }));
    const reply = await gateway.create(createNumber(look.length));
    assert.equal(reply.status, 429);
    assert.equal(reply.text, '{"slow":"down"}');
    assert.equal(reply.headers['retry-after'], '7');
    assert.equal(reply.headers['x-other'], undefined);
    assert.equal(recordOf(gateway, reply).status_code, 'upstream-answered');
    gateway.cloud.setFault(undefined);
    assert.equal((await gateway.create({ ...allowed, ...createNumber(50 + look.length) })).status, 201);
  }
  assert.equal(posts(gateway.cloud), 2);
});
