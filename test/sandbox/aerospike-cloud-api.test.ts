import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  type AerospikeCloud,
  type AerospikeCloudOptions,
  startAerospikeCloud,
} from '../../sandbox/aerospike-cloud.ts';
import { type CloudCall, goodCreate, peeringsUrl, send, serviceToken } from './cloud-caller.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const failed = 'urn:aerospike:errors:validation:failed';

interface Subject {
  readonly cloud: AerospikeCloud;
  readonly url: string;
  call(method: string, url: string, call?: CloudCall): ReturnType<typeof send>;
}

async function start(context: TestContext, options?: AerospikeCloudOptions): Promise<Subject> {
  const cloud = await startAerospikeCloud(options);
  context.after(() => cloud.close());
  const token = await serviceToken(cloud);
  return {
    cloud,
    url: peeringsUrl(cloud),
    call: (method, url, call) => send(url, method, { token, ...call }),
  };
}

test('a create answers at once and is followed by the list until it is active', async (t) => {
  let time = Date.parse('2026-06-01T12:00:00Z');
  const pace = { initiatingMs: 10, acceptanceMs: 10, provisioningMs: 10 };
  const { url, call } = await start(t, { now: () => time, pace });
  const created = await call('POST', url, { body: goodCreate });
  assert.equal(created.status, 201);
  assert.equal(created.headers['content-type'], 'application/json');
  const { id, ...rest } = created.body;
  assert.match(id, uuid);
  assert.deepEqual(rest, { ...goodCreate, status: 'initiating-request' });
  const seen: unknown[] = [];
  for (let step = 0; step < 3; step += 1) {
    time += 10;
    const [peering] = (await call('GET', url)).body.vpcPeerings;
    assert.equal(peering.id, id);
    assert.match(peering.peeringId, /^pcx-[0-9a-f]{17}$/);
    seen.push(peering.status);
  }
  assert.deepEqual(seen, ['pending-acceptance', 'provisioning', 'active']);
});

test('a create by the patterns of the contract alone passes, whatever else it holds', async (t) => {
  const { url, call } = await start(t);
  const odd = { ...goodCreate, vpcId: 'vpc-01234567', cidrBlock: '999.1.1.1/99', tags: ['unknown'] };
  const created = await call('POST', url, { body: odd });
  assert.equal(created.status, 201);
  assert.equal('tags' in created.body, false);
});

test('a bad body is refused with all that is missing and all that is invalid', async (t) => {
  const { url, call } = await start(t);
  const body = { vpcId: 'vpc-1', cidrBlock: 10, region: 'us-gov-west-1', isSecureConnection: 'yes' };
  const refused = await call('POST', url, { body });
  assert.equal(refused.status, 400);
  assert.equal(refused.headers['content-type'], 'application/problem+json');
  assert.equal(refused.body.type, failed);
  assert.equal(refused.body.message, refused.body.detail);
  assert.deepEqual(refused.body.context.missing, ['/accountId']);
  const fields = refused.body.context.invalid.map(({ field }: { field: string }) => field);
  assert.deepEqual(fields.sort(), ['/cidrBlock', '/isSecureConnection', '/region', '/vpcId']);
  for (const whole of ['{', '[]', 'null', '"text"']) {
    const answer = await call('POST', url, { body: whole });
    assert.deepEqual([answer.status, answer.body.context.invalid[0].field], [400, ''], whole);
  }
  const plain = await call('POST', url, { body: goodCreate, headers: { 'content-type': 'text/plain' } });
  assert.equal(plain.status, 400);
  assert.equal((await call('GET', url)).body.count, 0);
});

test('the list comes in pages of the asked size, ten by default', async (t) => {
  const { cloud, url, call } = await start(t);
  const ids = Array.from({ length: 12 }, () => cloud.addPeering(cloud.clusters[0]?.id ?? '', goodCreate));
  const first = await call('GET', url);
  assert.equal(first.body.count, 10);
  assert.deepEqual(first.body.meta, { total: 12, limit: 10, offset: 0 });
  const rest = await call('GET', `${url}?limit=5&offset=10`);
  assert.deepEqual(rest.body.meta, { total: 12, limit: 5, offset: 10 });
  const listed = rest.body.vpcPeerings.map(({ id }: { id: string }) => id);
  assert.deepEqual(listed, ids.slice(10));
  const beyond = await call('GET', `${url}?offset=12`);
  assert.deepEqual([beyond.body.count, beyond.body.vpcPeerings], [0, []]);
});

test('a limit or an offset outside the contract is refused', async (t) => {
  const { url, call } = await start(t);
  for (const query of ['limit=0', 'limit=101', 'limit=ten', 'limit=', 'limit=1&limit=2', 'offset=-1']) {
    const answer = await call('GET', `${url}?${query}`);
    assert.equal(answer.status, 400, query);
    assert.equal(answer.body.context.invalid[0].field, `/${query.split('=', 1)[0]}`);
  }
  const both = await call('GET', `${url}?limit=0&offset=x`);
  assert.equal(both.body.context.invalid.length, 2);
});

test('an unknown cluster, peering or route is not found, and the problem names it', async (t) => {
  const { cloud, url, call } = await start(t);
  const stranger = '00000000-0000-4000-8000-000000000000';
  const context = { resource: 'cluster', id: stranger };
  for (const method of ['GET', 'POST']) {
    const answer = await call(
      method,
      peeringsUrl(cloud, stranger),
      method === 'POST' ? { body: goodCreate } : {},
    );
    assert.equal(answer.status, 404);
    assert.equal(answer.body.type, 'urn:aerospike:errors:resource:not-found');
    assert.deepEqual(answer.body.context, context);
  }
  const peering = await call('DELETE', `${url}/${stranger}`);
  assert.deepEqual([peering.status, peering.body.context.id], [404, stranger]);
  assert.equal((await call('GET', `${cloud.apiUrl}/elsewhere`)).status, 404);
  assert.equal((await call('GET', `${url}/${stranger}`)).headers['allow'], 'DELETE');
});

test('a delete answers 204; the peering is gone after a while and cannot be deleted again', async (t) => {
  let time = 0;
  const { cloud, url, call } = await start(t, { now: () => time, pace: { deletingMs: 10 } });
  const id = cloud.addPeering(cloud.clusters[0]?.id ?? '', goodCreate, 'active');
  assert.equal((await call('DELETE', `${url}/${id}`)).status, 204);
  assert.equal((await call('GET', url)).body.vpcPeerings[0].status, 'deleting');
  time += 10;
  assert.equal((await call('GET', url)).body.vpcPeerings[0].status, 'deleted');
  assert.equal((await call('DELETE', `${url}/${id}`)).status, 404);
});

test('a cluster shows its own /19, and no two clusters share peerings', async (t) => {
  const { cloud, call } = await start(t);
  const [first, second] = cloud.clusters;
  assert.equal(first?.id, '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11');
  const shown = await call('GET', `${cloud.apiUrl}/database/clusters/${first?.id}`);
  assert.equal(shown.status, 200);
  assert.equal(shown.body.infrastructure.cidrBlock, '10.128.0.0/19');
  await call('POST', peeringsUrl(cloud), { body: goodCreate });
  assert.equal((await call('GET', peeringsUrl(cloud, second?.id))).body.count, 0);
});

test('a test can accept a peering and hold it at any status', async (t) => {
  let time = 0;
  const pace = { initiatingMs: 10, acceptanceMs: 'never', provisioningMs: 10 } as const;
  const { cloud, url, call } = await start(t, { now: () => time, pace });
  const id = cloud.addPeering(cloud.clusters[0]?.id ?? '', goodCreate);
  const status = async () => (await call('GET', url)).body.vpcPeerings[0].status;
  time = 1_000;
  assert.equal(await status(), 'pending-acceptance');
  cloud.accept(id);
  assert.equal(await status(), 'provisioning');
  cloud.setStatus(id, 'not-operable');
  assert.equal(await status(), 'not-operable');
});

test('each answer carries a new X-Request-Id of the upstream and never the one that was sent', async (t) => {
  const { cloud, url, call } = await start(t);
  const headers = { 'x-request-id': 'from-the-gateway' };
  const answers = [
    await call('GET', url, { headers }),
    await call('POST', url, { headers, body: {} }),
    await send(url, 'GET', { headers }),
    await send(cloud.tokenUrl, 'POST', { headers }),
  ];
  const ids = answers.map((answer) => String(answer.headers['x-request-id']));
  for (const id of ids) assert.match(id, uuid);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(
    cloud.requests.slice(-4).map(({ requestId }) => requestId),
    ids,
  );
});
