// The snapshot of the fleet: what it holds, what it never takes for empty, and that requests do not wait for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { internalError } from '../../sandbox/problems.ts';
import { sendReply } from '../../sandbox/reply.ts';
import { systemClock } from '../../src/clock.ts';
import { Fleet } from '../../src/fleet/fleet.ts';
import { isComplete } from '../../src/fleet/snapshot.ts';
import type { LineWriter } from '../../src/logging/line-writer.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { connectTo } from '../reconciliation/reconcile-rig.ts';
import { allowed, startTestGateway } from '../support/gateway.ts';

const clusterIn = (number: number) => ({
  id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  name: `cluster ${number}`,
  cidrBlock: `10.${130 + number}.0.0/19`,
  networkId: 'vpc-0a1b2c3d4e5f60718',
});
const clusters = Array.from({ length: 60 }, (_, number) => clusterIn(number));

async function start(t: Parameters<typeof connectTo>[0]) {
  const cloud = await startAerospikeCloud({ clusters });
  t.after(() => cloud.close());
  const time = { now: 1_000_000 };
  const logger = createLogger('silent', { log: () => undefined } as unknown as LineWriter);
  const { upstream } = connectTo(t, cloud, 30_000);
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

test('a cluster whose peerings cannot be read is unread, not empty', async (t) => {
  const { cloud, fleet } = await start(t);
  cloud.setFault(({ path }) =>
    path.includes(`${clusters[7]?.id}/`)
      ? (_request, response) => sendReply(response, internalError())
      : undefined,
  );
  await fleet.refresh();
  const { snapshot } = fleet;
  assert.ok(snapshot !== undefined && !isComplete(snapshot));
  const unread = [...snapshot.clusters.values()].filter(({ peerings }) => peerings === undefined);
  assert.deepEqual(
    unread.map(({ id }) => id),
    [clusters[7]?.id],
  );
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

test('at most four requests of the fleet are under way at once', async (t) => {
  const { cloud, fleet } = await start(t);
  let [now, most] = [0, 0];
  cloud.setFault(({ path }) =>
    path.startsWith('/v1/')
      ? (_request, response) => {
          now += 1;
          most = Math.max(most, now);
          response.once('finish', () => {
            now -= 1;
          });
          const body = path.includes('vpc-peerings')
            ? { count: 0, vpcPeerings: [] }
            : { count: 0, meta: { total: clusters.length }, clusters: offsetOf(path) === 0 ? clusters : [] };
          setImmediate(() => sendReply(response, { status: 200, body }));
        }
      : undefined,
  );
  await fleet.refresh();
  assert.ok(most > 1 && most <= 4, String(most));
});

const offsetOf = (path: string): number => Number(new URLSearchParams(path.split('?')[1]).get('offset'));

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
