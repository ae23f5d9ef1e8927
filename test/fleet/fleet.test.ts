// The snapshot of the fleet: what it holds, what it never takes for empty, and that requests do not wait for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from 'undici';
import { type AerospikeCloud, startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { internalError } from '../../sandbox/problems.ts';
import { sendReply } from '../../sandbox/reply.ts';
import { systemClock } from '../../src/clock.ts';
import { Fleet } from '../../src/fleet/fleet.ts';
import { isComplete } from '../../src/fleet/snapshot.ts';
import type { LineWriter } from '../../src/logging/line-writer.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { connectTo } from '../reconciliation/reconcile-rig.ts';
import { allowed, startTestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';

const clusterIn = (number: number) => ({
  id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  name: `cluster ${number}`,
  cidrBlock: `10.${130 + number}.0.0/19`,
  networkId: 'vpc-0a1b2c3d4e5f60718',
});
const clusters = Array.from({ length: 60 }, (_, number) => clusterIn(number));

async function start(t: Parameters<typeof connectTo>[0], listed = clusters) {
  const cloud = await startAerospikeCloud({ clusters: listed });
  t.after(() => cloud.close());
  const time = { now: 1_000_000 };
  const logger = createLogger('silent', { log: () => undefined } as unknown as LineWriter);
  const { upstream } = connectTo(t, cloud, 30_000, 16);
  const clock = { ...systemClock, now: () => time.now };
  const fleet = new Fleet({ clock, logger, upstream, refreshMs: 1000 });
  return { cloud, time, fleet };
}

test('a snapshot has every cluster with its block and all of its peerings', async (t) => {
  const { cloud, fleet } = await start(t);
  const ids = clusters.map(({ id }) => cloud.addPeering(id, allowed, 'active'));
  await fleet.refresh();
  const { snapshot } = fleet;
  assert.ok(snapshot !== undefined && isComplete(snapshot));
  assert.deepEqual(
    clusters.map(({ id }) => snapshot.clusters.get(id)?.peerings?.map((peering) => peering.id)),
    ids.map((id) => [id]),
  );
  assert.equal(snapshot.clusters.get(clusters[3]?.id ?? '')?.cidrBlock, '10.133.0.0/19');
});

test('a name that is longer than names are, and a block of another form, are not known', async (t) => {
  const [first = clusterIn(0), second = clusterIn(1), third = clusterIn(2)] = clusters;
  const strange = { ...second, name: 'x'.repeat(257), cidrBlock: `10.131.0.0/19${' '.repeat(300)}` };
  const longest = { ...third, name: 'x'.repeat(256) };
  const { fleet } = await start(t, [first, strange, longest]);
  await fleet.refresh();
  const known = [first, second, third].map(({ id }) => fleet.snapshot?.clusters.get(id));
  assert.deepEqual(
    known.map((cluster) => cluster?.name),
    [first.name, undefined, longest.name],
  );
  assert.deepEqual(
    known.map((cluster) => cluster?.cidrBlock),
    [first.cidrBlock, undefined, third.cidrBlock],
  );
});

const seventh = clusters[7]?.id ?? '';
const failing: Parameters<AerospikeCloud['setFault']>[0] = ({ path }) =>
  path.includes(`${seventh}/`) ? (_request, response) => sendReply(response, internalError()) : undefined;

const unreadIn = ({ snapshot }: Fleet): (readonly [string, number | undefined])[] =>
  [...(snapshot?.clusters.values() ?? [])].flatMap(({ id, isUnread, peerings }) =>
    isUnread ? [[id, peerings?.length] as const] : [],
  );

test('a cluster whose peerings cannot be read is unread, not empty', async (t) => {
  const { cloud, fleet } = await start(t);
  cloud.setFault(failing);
  await fleet.refresh();
  assert.ok(fleet.snapshot !== undefined && !isComplete(fleet.snapshot));
  assert.deepEqual(unreadIn(fleet), [[seventh, undefined]]);
});

test('a cluster that cannot be read any more keeps the peerings that it had', async (t) => {
  const { cloud, fleet } = await start(t);
  cloud.addPeering(seventh, allowed, 'active');
  await fleet.refresh();
  cloud.setFault(failing);
  await fleet.refresh();
  assert.deepEqual(unreadIn(fleet), [[seventh, 1]]);
});

test('a VPC counts at a cluster that cannot be read: with the peerings that it had and creates since, then as unknown', async (t) => {
  const { cloud, time, fleet } = await start(t);
  cloud.addPeering(seventh, allowed, 'active');
  await fleet.refresh();
  time.now += 1;
  fleet.recordCreate(seventh, 'vpc-00000001');
  cloud.setFault(failing);
  const of = (vpcId: string) => {
    const { clusters: known, unknown } = fleet.otherClustersOf(vpcId, clusters[0]?.id ?? '') ?? {};
    return [known?.map(({ id }) => id), unknown];
  };
  for (const [elapsed, unknown] of [
    [1, 0],
    [3000, 1],
  ] as const) {
    time.now += elapsed;
    await fleet.refresh();
    assert.deepEqual(of(allowed.vpcId), [[seventh], 0]);
    assert.deepEqual(of('vpc-00000001'), [[seventh], 0]);
    assert.deepEqual(of('vpc-00000002'), [[], unknown]);
  }
});

test('when the clusters cannot be listed the last snapshot is kept, and decides nothing after three intervals', async (t) => {
  const { cloud, time, fleet } = await start(t);
  await fleet.refresh();
  const first = fleet.snapshot;
  cloud.setFault(() => (_request, response) => sendReply(response, internalError()));
  time.now += 3000;
  await fleet.refresh();
  assert.equal(fleet.snapshot, first);
  assert.equal(fleet.current(), first);
  time.now += 1;
  assert.equal(fleet.current(), undefined);
});

test('four requests of the fleet are under way at once, and never more', async (t) => {
  const { cloud, fleet } = await start(t);
  const held: (() => void)[] = [];
  let most = 0;
  cloud.setFault(({ path }) =>
    path.includes('vpc-peerings')
      ? (_request, response) => {
          held.push(() => sendReply(response, { status: 200, body: { count: 0, vpcPeerings: [] } }));
          most = Math.max(most, held.length);
        }
      : undefined,
  );
  const refreshed = fleet.refresh();
  for (let left = clusters.length; left > 0; left -= 1) {
    await until('so many requests are held', () => held.length >= Math.min(4, left));
    // A fifth would have come by now, since they are sent together.
    await request(`${cloud.apiUrl}/database/clusters?limit=1`).then(({ body }) => body.dump());
    held.shift()?.();
  }
  await refreshed;
  assert.equal(most, 4);
});

test('a create does not wait for the fleet, whose requests hang', async (t) => {
  const gateway = await startTestGateway(t, {
    environment: { FLEET_REFRESH_SECONDS: '300', UPSTREAM_CONNECTIONS: '1' },
    cloud: {
      // Those of the fleet are never answered.
      fault: ({ path }) => (path.includes('/database/clusters?') ? () => undefined : undefined),
    },
  });
  assert.equal((await gateway.create()).status, 201);
});

test('with FLEET_REFRESH_SECONDS=0 nothing is read for it', async (t) => {
  const gateway = await startTestGateway(t);
  assert.equal((await gateway.create()).status, 201);
  assert.ok(gateway.apiRequests().every(({ path }) => !path.startsWith('/v1/database/clusters?')));
});
