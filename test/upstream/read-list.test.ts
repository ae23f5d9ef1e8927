// What stands in a list besides the members that the gateway knows: it reaches the caller as it was listed, or the list is broken.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertProblem, get } from '../support/call-peering.ts';
import { allowed, clusterId, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { reply } from './misbehave.ts';

const json = { 'Content-Type': 'application/json' };
const peeringId = '3aedab2c-98c0-4c70-a85c-c3f2b7907672';

/** Every list has one entry: with this id and, besides, these members, as they stand here. */
function listWith(gateway: Pick<TestGateway, 'cloud'>, members: string): void {
  const listOf = (name: string, id: string) =>
    reply(200, json, `{"count":1,"meta":{"total":1},"${name}":[{"id":"${id}",${members}}]}`);
  gateway.cloud.setFault(({ method, path }) => {
    if (method !== 'GET') return undefined;
    if (path.includes('/vpc-peerings?')) return listOf('vpcPeerings', peeringId);
    return path.includes('/clusters?') ? listOf('clusters', clusterId) : undefined;
  });
}

async function read(gateway: TestGateway, path: string) {
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  return await gateway.call({ path, headers: { authorization } });
}

const deep = (levels: number): string => `"deep":${'['.repeat(levels)}${']'.repeat(levels)}`;

test('a list that is nested too deep to be written again is a broken answer, and recorded as that', async (t) => {
  const gateway = await startTestGateway(t);
  for (const levels of [30, 10_000, 300_000]) {
    listWith(gateway, deep(levels));
    for (const answer of [await read(gateway, '/database/clusters'), await get(gateway, peeringId)])
      assertProblem(answer, 502, 'system:unavailable', 'http_protocol_error; received-status=200');
  }
  const codes = gateway.records.map(({ metadata, status_code }) => `${metadata.event_code} ${status_code}`);
  assert.deepEqual(
    new Set(codes),
    new Set(['cluster.read.outcome upstream-broken', 'peering.list.refused preflight-failed']),
  );
  listWith(gateway, deep(29));
  assert.equal((await read(gateway, '/database/clusters')).status, 200);
  assert.equal((await get(gateway, peeringId)).status, 200);
});

test('peerings that are nested too deep leave their cluster unread, and the fleet is answered', async (t) => {
  const environment = { FLEET_REFRESH_SECONDS: '1', RATE_LIMIT_PER_MINUTE: '0' };
  const gateway = await startTestGateway(t, { environment });
  gateway.cloud.setFault(({ path }) =>
    path.includes(`${clusterId}/vpc-peerings`)
      ? reply(200, json, `{"vpcPeerings":[{"id":"${peeringId}",${deep(10_000)}}]}`)
      : undefined,
  );
  await until('the fleet', async () => {
    const answer = await read(gateway, '/peerings');
    return answer.status === 200 && answer.json.unread.includes(clusterId);
  });
});

test('a create whose answer was lost is not answered from a list that is nested too deep', async (t) => {
  const gateway = await startTestGateway(t);
  const headers = { 'idempotency-key': 'order-17' };
  gateway.cloud.setFault((seen) =>
    seen.method === 'POST' && seen.path.startsWith('/v1/') ? reply(500, {}) : undefined,
  );
  assert.equal((await gateway.create(undefined, headers)).status, 500);
  listWith(gateway, `${JSON.stringify({ ...allowed, status: 'active' }).slice(1, -1)},${deep(10_000)}`);
  const answer = await gateway.create(undefined, headers);
  assertProblem(answer, 502, 'system:unavailable', 'http_protocol_error; received-status=200');
});

const odd = [
  '"name":null,"infrastructure":{"cidrBlock":17,"zones":[]}',
  '"name":{"first":"or","last":"ders"},"infrastructure":null',
  '"name":7,"__proto__":{"name":"polluted","size":1.5},"constructor":1',
  '"sizes":[18446744073709551615,9007199254740993,-0,-0.0,1e400,-1E+400,1e-400,5e-324,4.9e-324,1.0,0.1,1E2,10000000000000000.0]',
  '"size":0.1000000000000000055511151231257827,"text":"\\u00e9 é 1e400, -0 \\ud800","1":[ ],"0":{"":true}',
];

/** As `JSON.stringify` writes it: without spaces, and with members that are numbers first. */
const rewritten = (members: string): string =>
  members.replace('"1":[ ],"0":{"":true}', '').replace('\\u00e9', 'é').replace(/,$/, '');

for (const members of odd)
  test(`a cluster and a peering are answered with the JSON values that they are listed with: ${members}`, async (t) => {
    const gateway = await startTestGateway(t);
    listWith(gateway, members);
    const numbered = members.includes('"1":') ? '"0":{"":true},"1":[],' : '';
    const expected = (id: string) => `{${numbered}"id":"${id}",${rewritten(members)}}`;
    const clusters = await read(gateway, '/database/clusters');
    const page = '{"count":1,"meta":{"total":1,"limit":10,"offset":0},"clusters":';
    assert.equal(clusters.text, `${page}[${expected(clusterId)}]}`);
    assert.equal((await get(gateway, peeringId)).text, expected(peeringId));
  });

test('a create that is answered from the list has the JSON values that its peering is listed with', async (t) => {
  const gateway = await startTestGateway(t);
  const headers = { 'idempotency-key': 'order-17' };
  gateway.cloud.setFault(({ method, path }) =>
    method === 'POST' && path.startsWith('/v1/') ? reply(500, {}) : undefined,
  );
  await gateway.create(undefined, headers);
  const members = `${JSON.stringify({ ...allowed, status: 'active' }).slice(1, -1)},"size":18446744073709551615,"__proto__":1`;
  listWith(gateway, members);
  for (const _ of ['found', 'stored']) {
    const answer = await gateway.create(undefined, headers);
    assert.equal(answer.status, 201);
    assert.equal(answer.text, `{"id":"${peeringId}",${members}}`);
  }
});
