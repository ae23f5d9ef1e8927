// Creates under a VPC registry: what contradicts it is refused before anything is read, every block of the VPC is checked
// against the network, and a changed registry counts at once.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { put, recorded } from '../../support/call-peering.ts';
import { allowed, guardrailsOnly, startTestGateway } from '../../support/gateway.ts';
import { until } from '../../support/until.ts';

const policy = `${guardrailsOnly.replace(/ {2}forbiddenCidrs.*\n/, '')}vpcs: { file: vpcs.csv }\n`;
const row = (blocks: string) => `${allowed.vpcId},${allowed.accountId},${allowed.region},${blocks}\n`;

test('a registry that changes counts at once: unknown VPCs and overlaps of secondary blocks are refused, nothing is sent', async (t) => {
  const gateway = await startTestGateway(t, { environment: { RATE_LIMIT_PER_MINUTE: '0' } });
  const file = join(dirname(gateway.policyFile), 'vpcs.csv');
  await writeFile(file, row('10.20.0.0/16').replace(allowed.vpcId, 'vpc-01234567'));
  await writeFile(gateway.policyFile, policy);
  await gateway.reloadPolicy();
  const unknown = await gateway.create(allowed);
  assert.equal(unknown.status, 403);
  assert.equal(unknown.json.context.violations[0]?.code, 'vpc_unknown');
  assert.equal(gateway.apiRequests().length, 0);
  assert.deepEqual(recorded(gateway), ['peering.create.refused 2']);

  const other = put(gateway, 'active', { vpcId: 'vpc-00000001', cidrBlock: '10.31.0.0/24' });
  await writeFile(file, row('10.20.0.0/16;10.31.0.0/16;10.128.4.0/24'));
  let reply = unknown;
  await until('the registry is taken up', async () => {
    reply = await gateway.create(allowed);
    return reply.status !== 403;
  });
  assert.equal(reply.status, 409);
  assert.equal(reply.json.code, 'cidr-overlap');
  assert.deepEqual(
    reply.json.context.invalid.map(({ field, description }) => [field, description]),
    [
      ['/vpcId', `has 10.31.0.0/16, which overlaps 10.31.0.0/24 of peering ${other} (vpc-00000001)`],
      ['/vpcId', 'has 10.128.4.0/24, which overlaps 10.128.0.0/19 of the cluster'],
    ],
  );
  const posts = () => gateway.apiRequests().filter(({ method }) => method === 'POST').length;
  assert.equal(posts(), 0);
  await writeFile(file, row('10.20.0.0/16'));
  await until('the registry is taken up again', async () => (await gateway.create(allowed)).status === 201);
  assert.equal(posts(), 1);

  await writeFile(file, 'vpc-1,x\n');
  await gateway.reloadPolicy();
  const rejected = gateway.policyRecords.at(-1);
  assert.equal(rejected?.metadata.event_code, 'policy.rejected');
  assert.match(JSON.stringify(rejected), /vpcs\.csv.*must have four fields/);
});
