// What the metrics say about the fleet: counts by status and finding, and requests that lapse soon.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CreatorLog } from '../../src/fleet/creator-log.ts';
import { FleetCounts } from '../../src/fleet/fleet-counts.ts';
import type { LineWriter } from '../../src/logging/line-writer.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { MemoryCreators } from '../../src/state/creators/creator-store.ts';
import { allowed, guardrailsOnly } from '../support/gateway.ts';
import { policyOf } from '../support/policy.ts';

const logger = createLogger('silent', { log: () => undefined } as unknown as LineWriter);
const day = 24 * 3_600_000;

const peerings = [
  { id: 'a', status: 'active' },
  { id: 'b', status: 'pending-acceptance', vpcId: 'vpc-00000001', cidrBlock: '10.20.8.0/22' },
  { id: 'c', status: 'pending-acceptance', vpcId: 'vpc-00000002', cidrBlock: '10.20.12.0/22' },
  {
    id: 'd',
    status: 'on-hold',
    vpcId: 'vpc-00000003',
    cidrBlock: '10.20.16.0/22',
    region: 'ap-south-1',
  },
].map((peering) => ({ ...allowed, ...peering }));
const cluster = {
  ...{ id: 'c', name: 'c', cidrBlock: undefined, block: undefined, peerings },
  ...{ readAt: 0, isUnread: false },
};
const snapshot = { generatedAt: 0, clusters: new Map([['c', cluster]]) };

function countsWith(creators: MemoryCreators) {
  const creatorLog = new CreatorLog(creators, logger);
  const policy = policyOf(guardrailsOnly);
  return {
    creatorLog,
    counts: new FleetCounts({ creators, creatorLog, policy: () => policy, now: () => 10 * day, logger }),
  };
}

test('peerings are counted by status and by finding, a status that is not known as other', async () => {
  const creators = new MemoryCreators();
  const creator = { issuer: 'i', subject: 's', requestId: 'r' };
  creators.recordCreator('a', { ...creator, at: 0 });
  // Lapses in 1 day, and in 3.
  creators.recordCreator('b', { ...creator, at: 4 * day });
  creators.recordCreator('c', { ...creator, at: 6 * day });
  const { counts, creatorLog } = countsWith(creators);
  assert.deepEqual([counts.byStatus, counts.byFinding, counts.lapsing], [[], [], undefined]);
  await creatorLog.read(undefined, undefined);
  await counts.observe(snapshot);
  const some = (list: typeof counts.byStatus) => Object.fromEntries(list.filter(([, count]) => count > 0));
  assert.deepEqual(some(counts.byStatus), { active: 1, 'pending-acceptance': 2, other: 1 });
  assert.deepEqual(some(counts.byFinding), { not_allowed_now: 1, acceptance_due: 2, creator_unknown: 1 });
  assert.equal(counts.lapsing, 1);
});

test('every status of the contract is counted under its own name', async () => {
  const contract = JSON.parse(readFileSync(new URL('../../openapi/gateway.json', import.meta.url), 'utf8'));
  const statuses: string[] = contract.components.schemas.VPCPeeringStatus.enum;
  const listed = statuses.map((status) => ({ ...allowed, id: status, status }));
  const { counts } = countsWith(new MemoryCreators());
  await counts.observe({ ...snapshot, clusters: new Map([['c', { ...cluster, peerings: listed }]]) });
  assert.deepEqual(
    new Map(counts.byStatus),
    new Map([...statuses.map((status) => [status, 1] as const), ['other', 0]]),
  );
});

test('before the audit log is read nobody is counted as unknown', async () => {
  const { counts } = countsWith(new MemoryCreators());
  await counts.observe(snapshot);
  assert.ok(!counts.byFinding.some(([code]) => code === 'creator_unknown'));
});

test('while the creators cannot be read the former counts stay', async () => {
  const creators = new MemoryCreators();
  const { counts } = countsWith(creators);
  await counts.observe(snapshot);
  const before = counts.byStatus;
  creators.creatorsOf = () => Promise.reject(new Error('Redis is down'));
  await counts.observe({ ...snapshot, clusters: new Map() });
  assert.equal(counts.byStatus, before);
});
