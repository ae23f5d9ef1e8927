import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awsRefuses } from '../../sandbox/aws-network.ts';
import { createPeering, type PeeringPace, renderPeering, statusOf } from '../../sandbox/peerings.ts';
import { goodCreate } from './cloud-caller.ts';

const pace: PeeringPace = {
  initiatingMs: 100,
  acceptanceMs: 200,
  provisioningMs: 300,
  deletingMs: 50,
  expiryMs: 7 * 24 * 3_600_000,
};
const cluster = '10.128.0.0/19';
const created = () => createPeering(goodCreate, cluster, 1_000);

test('a peering moves from the request to active, each status for exactly its time', () => {
  const peering = created();
  const at = (ms: number) => statusOf(peering, pace, 1_000 + ms);
  assert.deepEqual([at(0), at(99)], ['initiating-request', 'initiating-request']);
  assert.deepEqual([at(100), at(299)], ['pending-acceptance', 'pending-acceptance']);
  assert.deepEqual([at(300), at(599)], ['provisioning', 'provisioning']);
  assert.deepEqual([at(600), at(pace.expiryMs * 2)], ['active', 'active']);
});

test('what AWS names appears when the status leaves initiating-request', () => {
  const peering = created();
  const first = renderPeering(peering, 'initiating-request');
  assert.equal('peeringId' in first, false);
  assert.equal('privateHostedZoneId' in first, false);
  const later = renderPeering(peering, 'pending-acceptance');
  assert.match(String(later['peeringId']), /^pcx-[0-9a-f]{17}$/);
  assert.match(String(later['privateHostedZoneId']), /^Z[0-9A-Z]{20}$/);
});

test('a peering that nobody accepts expires seven days after its create and not before', () => {
  const peering = created();
  const waiting: PeeringPace = { ...pace, acceptanceMs: 'never' };
  const at = (ms: number) => statusOf(peering, waiting, 1_000 + ms);
  assert.equal(at(pace.expiryMs - 1), 'pending-acceptance');
  assert.equal(at(pace.expiryMs), 'expired');
});

test('an acceptance in time leads on to active, whatever happens later', () => {
  const peering = created();
  peering.acceptedAt = 1_000 + 5_000;
  const waiting: PeeringPace = { ...pace, acceptanceMs: 'never' };
  assert.equal(statusOf(peering, waiting, 6_299), 'provisioning');
  assert.equal(statusOf(peering, waiting, 6_300), 'active');
  assert.equal(statusOf(peering, waiting, pace.expiryMs * 2), 'active');
});

test('a deletion passes through deleting to deleted from any status', () => {
  const peering = created();
  peering.forced = 'active';
  peering.deletedAt = 2_000;
  assert.equal(statusOf(peering, pace, 2_049), 'deleting');
  assert.equal(statusOf(peering, pace, 2_050), 'deleted');
});

test('AWS lets a peering fail whose block overlaps the cluster or is no IPv4 network', () => {
  for (const block of ['10.128.31.0/24', '10.0.0.0/8', '0.0.0.0/0', '999.1.1.1/99', '10.20.0.0/33']) {
    assert.equal(awsRefuses(block, cluster), true, block);
  }
  for (const block of ['10.128.32.0/24', '10.127.255.0/24', '192.168.0.0/16']) {
    assert.equal(awsRefuses(block, cluster), false, block);
  }
  const doomed = createPeering({ ...goodCreate, cidrBlock: '10.128.0.0/24' }, cluster, 0);
  assert.equal(statusOf(doomed, pace, 99), 'initiating-request');
  assert.equal(statusOf(doomed, pace, 100), 'failed');
});
