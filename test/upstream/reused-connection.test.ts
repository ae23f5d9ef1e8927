// A kept connection that ends under a read costs its caller nothing: the read is sent once more. Changes are never.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { put, remove } from '../support/call-peering.ts';
import { startTestGateway, type TestGateway, withoutPreflight } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import { list } from './circuit-open.ts';
import { createsOf } from './misbehave.ts';

const oneConnection = { UPSTREAM_CONNECTIONS: '1' };
const reset: RequestListener = ({ socket }) => void socket.resetAndDestroy();

/** The first of each such request meets a reset. */
function resetFirst(gateway: TestGateway, fits: (seen: { method: string; path: string }) => boolean): void {
  const done = new Set<string>();
  gateway.cloud.setFault((seen) => {
    const what = `${seen.method} ${seen.path}`;
    if (!fits(seen) || done.has(what)) return undefined;
    done.add(what);
    return reset;
  });
}

test('a list that meets a reset on a reused connection is sent once more, and its caller sees only the success', async (t) => {
  const gateway = await startTestGateway(t, { environment: oneConnection });
  assert.equal((await list(gateway)).status, 200);
  resetFirst(gateway, ({ method }) => method === 'GET');
  const answer = await list(gateway);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['proxy-status'], 'peergate; received-status=200');
  const [, lost, again, ...more] = gateway.apiRequests();
  assert.deepEqual(more, []);
  assert.deepEqual(
    [again?.path, again?.headers['x-request-id']],
    [lost?.path, lost?.headers['x-request-id']],
  );
  assert.deepEqual(
    gateway.records.map(({ status_id }) => status_id),
    [1, 1],
  );
});

test('with PREFLIGHT=enforce each read before a create may meet a reset, and the create is sent once', async (t) => {
  const gateway = await startTestGateway(t, { environment: { ...oneConnection, PREFLIGHT: 'enforce' } });
  assert.equal((await list(gateway)).status, 200);
  resetFirst(gateway, ({ method }) => method === 'GET');
  assert.equal((await gateway.create()).status, 201);
  const asked = gateway.apiRequests().slice(1);
  assert.deepEqual(
    asked.map(({ method }) => method),
    ['GET', 'GET', 'GET', 'GET', 'POST'],
  );
});

test('a read that is reset on each connection is sent twice, and then a 502', async (t) => {
  const gateway = await startTestGateway(t, { environment: oneConnection });
  assert.equal((await list(gateway)).status, 200);
  gateway.cloud.setFault(({ path }) => (path.startsWith('/v1/') ? reset : undefined));
  const answer = await list(gateway);
  assert.equal(answer.status, 502);
  assert.equal(
    answer.headers['proxy-status'],
    'peergate; error=connection_terminated; details="upstream-unreachable"',
  );
  assert.equal(gateway.apiRequests().length, 3);
});

test('a read that is reset on a new connection is a 502, and sent once', async (t) => {
  // The token comes from elsewhere, so that the read is the first on its connection.
  const elsewhere = await startAerospikeCloud();
  t.after(() => elsewhere.close());
  const gateway = await startTestGateway(t, { environment: { AEROSPIKE_TOKEN_URL: elsewhere.tokenUrl } });
  gateway.cloud.setFault(() => reset);
  assert.equal((await list(gateway)).status, 502);
  assert.equal(gateway.apiRequests().length, 1);
});

test('a delete that meets a reset on a reused connection is a 502, and is not sent again', async (t) => {
  const gateway = await startTestGateway(t, { environment: oneConnection });
  const id = put(gateway);
  resetFirst(gateway, ({ method }) => method === 'DELETE');
  const answer = await remove(gateway, id);
  assert.equal(answer.status, 502);
  assert.equal(answer.json.context.sent, 'maybe');
  assert.equal(gateway.apiRequests().filter(({ method }) => method === 'DELETE').length, 1);
});

test('a token request that meets a reset on a reused connection is sent once more, and the create only as it should be', async (t) => {
  // With preflight, a read would meet the 401 before the create does.
  const gateway = await startTestGateway(t, { environment: { ...oneConnection, ...withoutPreflight } });
  assert.equal((await gateway.create()).status, 201);
  gateway.cloud.revokeTokens();
  resetFirst(gateway, ({ path }) => path === '/oauth/token');
  assert.equal((await gateway.create()).status, 201);
  assert.equal(gateway.cloud.tokenRequests, 3);
  assert.equal(
    createsOf(gateway).length,
    3,
    'the first one, one that was refused with 401, and its repetition',
  );
});

test('keys whose fetch meets a reset on a reused connection are there all the same, at once', async (t) => {
  const issuer = await startIssuer();
  t.after(() => issuer.close());
  const gateway = await startTestGateway(t, { issuer });
  assert.equal((await gateway.create()).status, 201);
  await issuer.rotate();
  const connections = new Set<Socket>();
  issuer.takeover = (request, response) => {
    connections.add(request.socket);
    if (connections.size === 1) return reset(request, response);
    const keys = { keys: issuer.keys };
    const document = request.url === '/jwks' ? keys : { issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` };
    response.end(JSON.stringify(document));
  };
  // Its key is fetched for it.
  assert.equal((await gateway.create()).status, 201);
  const metadata = '/.well-known/openid-configuration';
  assert.deepEqual(issuer.requests, [metadata, '/jwks', metadata, metadata, '/jwks']);
});
