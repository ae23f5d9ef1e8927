// An upstream that there is no connection to: the create was certainly not sent, and every side says so.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLoopbackServer } from '../../sandbox/loopback-server.ts';
import { freePort } from '../support/free-port.ts';
import { startTestGateway, withoutPreflight } from '../support/gateway.ts';
import { assertFailure } from './misbehave.ts';
import { silentPort } from './silent-port.ts';

const notSent = { sent: 'no', seen: 0, statusId: 2 } as const;

test('a refused connection is a 502 that says the create was not sent', async (t) => {
  const environment = { AEROSPIKE_API_URL: `http://127.0.0.1:${await freePort()}/v1`, ...withoutPreflight };
  const gateway = await startTestGateway(t, { environment });
  const expected = { ...notSent, proxyError: 'connection_refused', code: 'upstream-unreachable' };
  assertFailure(gateway, await gateway.create(), expected);
});

test('a connection that nobody answers is given up in time, as a 504 that says the create was not sent', async (t) => {
  const environment = {
    AEROSPIKE_API_URL: `http://127.0.0.1:${await silentPort(t)}/v1`,
    UPSTREAM_CONNECT_TIMEOUT_MS: '200',
    ...withoutPreflight,
  };
  const gateway = await startTestGateway(t, { environment });
  const expected = {
    ...notSent,
    status: 504,
    proxyError: 'connection_timeout',
    code: 'upstream-timeout',
  } as const;
  assertFailure(gateway, await gateway.create(), expected);
});

test('an upstream that does not speak TLS where it should is a 502 that says the create was not sent', async (t) => {
  let requests = 0;
  const plain = await startLoopbackServer(() => {
    requests += 1;
  });
  t.after(() => plain.close());
  const environment = { AEROSPIKE_API_URL: `https://127.0.0.1:${plain.port}/v1`, ...withoutPreflight };
  const gateway = await startTestGateway(t, { environment });
  const expected = { ...notSent, proxyError: 'tls_protocol_error', code: 'upstream-unreachable' };
  assertFailure(gateway, await gateway.create(), expected);
  assert.equal(requests, 0);
});

test('the upstream is asked anew by the next create, without a pause', async (t) => {
  const port = await freePort();
  const environment = { AEROSPIKE_API_URL: `http://127.0.0.1:${port}/v1`, ...withoutPreflight };
  const gateway = await startTestGateway(t, { environment });
  assert.equal((await gateway.create()).status, 502);
  const back = await startLoopbackServer((_request, response) => {
    response.writeHead(201, { 'content-type': 'application/json' }).end('{"id":"peering-1"}');
  }, port);
  t.after(() => back.close());
  const answer = await gateway.create();
  assert.equal(answer.status, 201);
  assert.equal(gateway.records.at(-1)?.unmapped.upstream.resourceId, 'peering-1');
});
