// What a 409 tells of other peerings: their names only to callers whose grants cover them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeeringStatus } from '../../../sandbox/peerings.ts';
import { put } from '../../support/call-peering.ts';
import { allowed, clusterId, guardrailsOnly, startTestGateway } from '../../support/gateway.ts';

const twoAccounts = guardrailsOnly.replace('["111122223333"]', '["111122223333", "444455556666"]');
const policy = `${twoAccounts}
grants:
  - id: payments
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [create]
    accounts: ["111122223333"]
`;
const environment = { PREFLIGHT: 'enforce' };

test('an overlap with a peering that no grant of the caller covers says that there is another peering, and no more', async (t) => {
  const gateway = await startTestGateway(t, { policy, environment });
  const foreign = { vpcId: 'vpc-0fedcba9876543210', cidrBlock: '10.20.6.0/23', accountId: '444455556666' };
  const id = put(gateway, 'active', foreign);
  const reply = await gateway.create();
  assert.equal(reply.status, 409);
  assert.deepEqual(
    reply.json.context.invalid.map(({ description }: { description: string }) => description),
    ['overlaps the block of another peering'],
  );
  for (const secret of [id, ...Object.values(foreign)]) assert.ok(!reply.text.includes(secret), secret);
});

test('an overlap with a peering in an account of the caller names it', async (t) => {
  const gateway = await startTestGateway(t, { policy, environment });
  const id = put(gateway, 'active', { vpcId: 'vpc-0fedcba9876543210', cidrBlock: '10.20.6.0/23' });
  const reply = await gateway.create();
  assert.ok(reply.text.includes(id));
});

test('a VPC that is peered already is named by its id only when the peering lies where the caller may create', async (t) => {
  const gateway = await startTestGateway(t, { policy, environment });
  const id = put(gateway, 'active', { accountId: '444455556666' });
  const reply = await gateway.create(allowed);
  assert.equal(reply.json.code, 'vpc-peered-already');
  assert.deepEqual(reply.json.context, { resource: 'vpc-peering' });
  assert.ok(!reply.text.includes(id));
});

/** As the list of an upstream that says whatever it likes. */
const strange = ['x'.repeat(50_000), '\u0001'.repeat(64), 'active) and\nmore', 'Active', '😀', ''];

test('a status of another form than the vendor gives them is not repeated, in the answer or in the record', async (t) => {
  const gateway = await startTestGateway(t, { policy, environment });
  for (const status of strange) {
    const id = gateway.cloud.addPeering(clusterId, allowed, status as PeeringStatus);
    const { json, text } = await gateway.create(allowed);
    assert.equal(json.code, 'vpc-peered-already');
    assert.equal(json.detail, `${allowed.vpcId} is already peered with the cluster (status unknown).`);
    assert.equal(json.context.id, id);
    assert.ok(text.length < 1000);
    assert.equal(gateway.records.at(-1)?.status_detail, json.detail);
    gateway.cloud.setStatus(id, 'deleted');
  }
});

test('a VPC id of another form than AWS gives them is not repeated where a block overlaps', async (t) => {
  const gateway = await startTestGateway(t, { policy, environment });
  for (const vpcId of strange) {
    const id = put(gateway, 'active', { vpcId, cidrBlock: '10.20.6.0/23' });
    const { json, text } = await gateway.create(allowed);
    assert.equal(json.code, 'cidr-overlap');
    assert.equal(json.context.invalid[0]?.description, `overlaps 10.20.6.0/23 of peering ${id}`);
    assert.ok(text.length < 1000);
    gateway.cloud.setStatus(id, 'deleted');
  }
});
