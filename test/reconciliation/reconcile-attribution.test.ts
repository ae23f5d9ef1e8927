// Two creates with the same values through the whole gateway, one of which fails: its record never says that it made the peering
// of the other one, whoever sent that and whether creates are serialized or not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  answerTo,
  asked,
  assertRefused,
  breakCreates,
  clusterId,
  createAs,
  createWith,
  json,
  posts,
  startGuarded,
  startTwoGuarded,
} from '../operations/create-peering/watched-creates.ts';
import { noRedis, startRedis } from '../state/redis-server.ts';
import type { AuditRecord } from '../support/audit-record.ts';
import { allowed, type Reply, type TestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';

const callers = { 'another caller': { sub: 'svc-other' }, 'the same caller': {} };
const idOf = (reply: Reply) => reply.headers['x-gateway-request-id'];
const failed = json(500, {});

/** The settled creates, once there are so many. */
async function reconciled(gateway: TestGateway, count: number): Promise<AuditRecord[]> {
  const found = () =>
    gateway.records.filter(({ metadata }) => metadata.event_code === 'peering.create.reconciled');
  await until('creates are settled', () => found().length >= count);
  assert.equal(found().length, count);
  return found();
}

for (const preflight of ['enforce', 'off'])
  for (const [who, claims] of Object.entries(callers)) {
    test(`PREFLIGHT=${preflight}: a create that failed is recorded as absent though ${who} makes a peering with the same values meanwhile`, async (t) => {
      const gateway = await startGuarded(t, { PREFLIGHT: preflight });
      const { cloud } = gateway;
      breakCreates(cloud, failed, { made: false });
      const first = await createAs(gateway, {});
      assert.equal(first.status, 500);
      const { promise: arrived, resolve: arrives } = Promise.withResolvers<() => void>();
      let made = '';
      answerTo(cloud, 'POST peerings', (request, response) => {
        made = cloud.addPeering(clusterId, allowed);
        arrives(() => json(201, { id: made })(request, response));
      });
      const second = createAs(gateway, { claims });
      const answer = await arrived;
      const lists = asked(cloud).length;
      // With the lock, the list is not even read.
      if (preflight === 'off') await until('the peering is listed', () => asked(cloud).length >= lists + 2);
      answer();
      assert.deepEqual([(await second).status, (await second).json.id], [201, made]);
      const [record] = await reconciled(gateway, 1);
      assert.equal(record?.api.request.uid, idOf(first));
      assert.deepEqual([record?.status_id, record?.status_code], [2, 'peering-absent']);
      assert.deepEqual(record?.unmapped.reconciled, { found: false });
    });

    test(`PREFLIGHT=${preflight}: of two creates that failed, the second by ${who}, neither is credited with the one peering, and both are recorded as unknown`, async (t) => {
      const gateway = await startGuarded(t, { PREFLIGHT: preflight });
      breakCreates(gateway.cloud, failed, { made: false });
      const first = await createAs(gateway, {});
      breakCreates(gateway.cloud, failed, { made: true });
      const second = await createAs(gateway, { claims });
      assert.deepEqual([first.status, second.status], [500, 500]);
      const [made] = gateway.cloud.peerings(clusterId);
      const records = await reconciled(gateway, 2);
      assert.deepEqual(
        records.map(({ api }) => api.request.uid),
        [idOf(first), idOf(second)],
      );
      for (const { status_id, status_code, unmapped } of records) {
        assert.deepEqual([status_id, status_code], [0, 'attribution-ambiguous']);
        assert.deepEqual(unmapped.reconciled, { ambiguous: [made?.id] });
      }
    });
  }

test('a create that failed at one instance is not credited with the peering that another instance made', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const { cloud, instances } = await startTwoGuarded(t, { REDIS_URL: redis.url });
  const [one, other] = instances;
  breakCreates(cloud, failed, { made: false });
  const first = await createAs(one, {});
  assert.equal(first.status, 500);
  cloud.setFault(undefined);
  assert.equal((await createAs(other, { claims: { sub: 'svc-other' } })).status, 201);
  const [record] = await reconciled(one, 1);
  assert.equal(record?.api.request.uid, idOf(first));
  assert.deepEqual(record?.unmapped.reconciled, { found: false });
});

test('a retry with its Idempotency-Key is not answered with the peering that another instance made for somebody else', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const { cloud, instances } = await startTwoGuarded(t, { REDIS_URL: redis.url });
  const [one, other] = instances;
  breakCreates(cloud, failed, { made: false });
  assert.equal((await createWith(one, 'order-17')).status, 500);
  cloud.setFault(undefined);
  assert.equal((await createAs(other, { claims: { sub: 'svc-other' } })).status, 201);
  const code = 'vpc-peered-already';
  assertRefused(one, await createWith(one, 'order-17'), {
    status: 409,
    type: 'resource:already-exists',
    code,
  });
  assert.equal(posts(cloud), 2);
});

test('of two instances whose create was lost, the second does not record as absent what the first took from the list', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const { cloud, instances } = await startTwoGuarded(t, { REDIS_URL: redis.url });
  const [one, other] = instances;
  breakCreates(cloud, failed, { made: false });
  const first = await createAs(one, {});
  breakCreates(cloud, failed, { made: true });
  const second = await createAs(other, { claims: { sub: 'svc-other' } });
  assert.deepEqual([first.status, second.status], [500, 500]);
  const [made] = cloud.peerings(clusterId);
  // Neither knows of the other's: whoever reads the list first takes the peering, and the second one cannot know.
  const records = [...(await reconciled(one, 1)), ...(await reconciled(other, 1))];
  assert.deepEqual(records.map(({ status_id }) => status_id).sort(), [0, 1]);
  for (const { status_id, unmapped } of records) {
    const { resourceId, ambiguous } = unmapped.reconciled;
    assert.deepEqual(status_id === 1 ? resourceId : ambiguous, status_id === 1 ? made?.id : [made?.id]);
  }
});
