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
