// What a create is refused for by the VPC's peerings with other clusters, and by the policy's limits.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { AerospikeCloudOptions } from '../../../sandbox/aerospike-cloud.ts';
import { internalError } from '../../../sandbox/problems.ts';
import { sendReply } from '../../../sandbox/reply.ts';
import { prepare } from '../../../src/commands/check.ts';
import { pathOf } from '../../support/call-peering.ts';
import { allowed, guardrailsOnly, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { readPolicyText } from '../../support/policy.ts';
import { settingsBetween } from '../../support/settings.ts';
import { until } from '../../support/until.ts';

const cluster = (number: number, cidrBlock: string) => ({
  id: `0000000${number}-0000-4000-8000-000000000000`,
  name: `cluster-${number}`,
  cidrBlock,
  networkId: 'vpc-0a1b2c3d4e5f60718',
});
const [one, two, three] = [
  cluster(1, '10.128.0.0/19'),
  cluster(2, '10.128.0.0/19'),
  cluster(3, '10.140.0.0/19'),
];
const clusters = [one, two, three];
const environment = { PREFLIGHT: 'enforce', FLEET_REFRESH_SECONDS: '86400', RATE_LIMIT_PER_MINUTE: '0' };

async function start(
  t: Parameters<typeof startTestGateway>[0],
  policy = guardrailsOnly,
  fault?: AerospikeCloudOptions['fault'],
): Promise<TestGateway> {
  const gateway = await startTestGateway(t, {
    environment,
    policy,
    cloud: { clusters, ...(fault && { fault }) },
  });
  const authorization = `Bearer ${await gateway.issuer.sign({ sub: 'svc-inspector', scope: 'read:database' })}`;
  const read = () => gateway.call({ path: '/peerings', headers: { authorization } });
  await until('a snapshot', async () => (await read()).status !== 503);
  return gateway;
}

async function create(gateway: TestGateway, { id }: { id: string }, body: object = allowed) {
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  return await gateway.call({
    method: 'POST',
    path: pathOf('', id).slice(0, -1),
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

const posts = (gateway: TestGateway): number =>
  gateway.apiRequests().filter(({ method }) => method === 'POST').length;

test('a VPC that was peered since the snapshot with a cluster of the same block is 409, and nothing is sent', async (t) => {
  const gateway = await start(t);
  assert.equal((await create(gateway, one)).status, 201);
  const reply = await create(gateway, two);
  assert.equal(reply.status, 409);
  assert.equal(reply.json.code, 'vpc-peered-elsewhere');
  assert.deepEqual(
    reply.json.context.invalid.map(({ field }: { field: string }) => field),
    ['/vpcId'],
  );
  assert.ok(reply.text.includes(one.id));
  assert.equal(posts(gateway), 1);
  assert.equal((await create(gateway, three)).status, 201);
});

test('the other cluster is named only to a caller whose grants cover it', async (t) => {
  const policy = `${guardrailsOnly}
grants:
  - { id: all, callers: [{ claim: sub, equals: svc-other }], actions: [create] }
  - { id: two, callers: [{ claim: sub, equals: svc-payments }], actions: [create], clusters: ["${two.id}"] }
`;
  const gateway = await start(t, policy);
  const authorization = `Bearer ${await gateway.issuer.sign({ sub: 'svc-other' })}`;
  const first = await gateway.call({
    method: 'POST',
    path: pathOf('', one.id).slice(0, -1),
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(allowed),
  });
  assert.equal(first.status, 201);
  const reply = await create(gateway, two);
  assert.equal(reply.json.code, 'vpc-peered-elsewhere');
  assert.ok(!reply.text.includes(one.id));
  assert.ok(reply.text.includes('another cluster'));
});

test('perCluster and perVpc refuse the create that would go beyond, with count and limit, in report mode, too', async (t) => {
  const policy = `${guardrailsOnly}  maxPeerings: { perCluster: 2, perVpc: 1 }\nmode: report\n`;
  const gateway = await start(t, policy);
  assert.equal((await create(gateway, one)).status, 201);
  const ofVpc = await create(gateway, three);
  assert.equal(ofVpc.status, 409);
  assert.equal(ofVpc.json.code, 'peering-limit');
  assert.deepEqual(ofVpc.json.context, { limit: 1, count: 1 });
  const other = { ...allowed, vpcId: 'vpc-00000001', cidrBlock: '10.20.8.0/22' };
  assert.equal((await create(gateway, one, other)).status, 201);
  const ofCluster = await create(gateway, one, {
    ...allowed,
    vpcId: 'vpc-00000002',
    cidrBlock: '10.20.16.0/22',
  });
  assert.deepEqual(ofCluster.json.context, { limit: 2, count: 2 });
  assert.equal(posts(gateway), 2);
});

test('perVpc refuses a create while clusters that were never read could hold the rest of the limit', async (t) => {
  const failing: AerospikeCloudOptions['fault'] = ({ path }) =>
    path.includes(`${three.id}/`) ? (_request, response) => sendReply(response, internalError()) : undefined;
  for (const [perVpc, status, code] of [
    [1, 502, 'preflight-failed'],
    [2, 201, undefined],
  ] as const) {
    const policy = `${guardrailsOnly}  maxPeerings: { perVpc: ${perVpc} }\n`;
    const gateway = await start(t, policy, failing);
    const reply = await create(gateway, one);
    assert.equal(reply.status, status);
    assert.equal(reply.json.code, code);
    assert.equal(posts(gateway), status === 201 ? 1 : 0);
  }
});

test('a limit that the settings do not let it count is a fault of the policy', () => {
  const faults = (limits: string, settings: object) =>
    readPolicyText(`${guardrailsOnly}  maxPeerings: ${limits}\n`, {}, undefined, settings).faults?.map(
      ({ line, member, message }) => `${line} ${member} ${message}`,
    );
  const off = '10 /guardrails/maxPeerings needs PREFLIGHT=enforce: without it no peering is counted';
  const noFleet =
    '10 /guardrails/maxPeerings/perVpc needs the fleet, which FLEET_REFRESH_SECONDS=0 turns off';
  const on = { preflight: 'enforce', fleetRefreshMs: 1000 };
  assert.deepEqual(faults('{ perCluster: 5 }', { ...on, preflight: 'off' }), [off]);
  assert.deepEqual(faults('{ perCluster: 5, perVpc: 5 }', { ...on, fleetRefreshMs: 0 }), [noFleet]);
  assert.equal(faults('{ perCluster: 5 }', { ...on, fleetRefreshMs: 0 }), undefined);
  assert.equal(faults('{ perCluster: 5, perVpc: 5 }', on), undefined);
});

test('check, the start and a reload refuse a policy whose limit cannot be counted', async (t) => {
  const limited = `${guardrailsOnly}  maxPeerings: { perVpc: 5 }\n`;
  const gateway = await startTestGateway(t);
  await writeFile(gateway.policyFile, limited);
  await gateway.reloadPolicy();
  assert.equal(gateway.policyRecords[0]?.metadata.event_code, 'policy.rejected');
  assert.match(JSON.stringify(gateway.policyRecords[0]), /FLEET_REFRESH_SECONDS=0 turns off/);
  const settings = settingsBetween(gateway, gateway.policyFile);
  const { faults } = prepare(settings, Date.now());
  assert.match(String(faults), /maxPeerings\/perVpc needs the fleet/);
});
