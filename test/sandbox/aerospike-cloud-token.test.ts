import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  type AerospikeCloud,
  type AerospikeCloudOptions,
  startAerospikeCloud,
} from '../../sandbox/aerospike-cloud.ts';
import { askForToken, goodCreate, peeringsUrl, send, serviceToken } from './cloud-caller.ts';

async function start(context: TestContext, options?: AerospikeCloudOptions): Promise<AerospikeCloud> {
  const cloud = await startAerospikeCloud(options);
  context.after(() => cloud.close());
  return cloud;
}

test('the right credential gets an opaque token that lives eight hours', async (t) => {
  const cloud = await start(t);
  const answer = await askForToken(cloud);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(answer.body.token_type, 'Bearer');
  assert.equal(answer.body.expires_in, 28_800);
  assert.match(answer.body.access_token, /^[\w-]{43}$/);
  assert.notEqual(answer.body.access_token, await serviceToken(cloud));
  assert.equal(cloud.tokenRequests, 2);
});

test('a token request is refused for a wrong credential, grant, scope, form or method', async (t) => {
  const cloud = await start(t);
  const error = async (form: Record<string, string>) => {
    const { status, body } = await askForToken(cloud, form);
    return [status, body.error];
  };
  assert.deepEqual(await error({ client_secret: 'wrong' }), [401, 'invalid_client']);
  assert.deepEqual(await error({ client_id: 'nobody' }), [401, 'invalid_client']);
  assert.deepEqual(await error({ grant_type: 'password' }), [400, 'unsupported_grant_type']);
  assert.deepEqual(await error({ scope: 'read:org' }), [400, 'invalid_scope']);
  const json = await send(cloud.tokenUrl, 'POST', { body: { grant_type: 'client_credentials' } });
  assert.deepEqual([json.status, json.body.error], [400, 'invalid_request']);
  assert.equal((await send(cloud.tokenUrl, 'GET')).status, 405);
});

test('a missing, made-up, expired or revoked token gets 401 and leaves nothing behind', async (t) => {
  let time = 1_000;
  const cloud = await start(t, { now: () => time, tokenLifetimeSeconds: 60 });
  const url = peeringsUrl(cloud);
  const type = async (token?: string) => {
    const answer = await send(url, 'POST', { body: goodCreate, ...(token === undefined ? {} : { token }) });
    assert.equal(answer.status, 401);
    assert.equal(answer.headers['www-authenticate'], 'Bearer');
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    return answer.body.type;
  };
  assert.equal(await type(), 'urn:aerospike:errors:auth:unauthorized');
  assert.equal(await type('made-up'), 'urn:aerospike:errors:auth:unauthorized');
  const token = await serviceToken(cloud);
  time += 60_000;
  assert.equal(await type(token), 'urn:aerospike:errors:auth:token-expired');
  const fresh = await serviceToken(cloud);
  cloud.revokeTokens();
  assert.equal(await type(fresh), 'urn:aerospike:errors:auth:unauthorized');
  const list = await send(url, 'GET', { token: await serviceToken(cloud) });
  assert.equal(list.body.meta.total, 0);
});

test('a token without the scope of an operation gets 403', async (t) => {
  const cloud = await start(t);
  const token = await serviceToken(cloud, { scope: 'read:database' });
  const refused = await send(peeringsUrl(cloud), 'POST', { token, body: goodCreate });
  assert.equal(refused.status, 403);
  assert.equal(refused.body.title, 'Unauthorized');
  assert.equal((await send(peeringsUrl(cloud), 'GET', { token })).status, 200);
});
