// Creates for one cluster go one at a time, from the look to the outcome, so that what one makes the next one sees. Nobody
// waits for another cluster, nobody waits for ever, and whatever ends a create ends its turn.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocalClusterLock } from '../../../src/state/lock/cluster-lock.ts';
import {
  allowed,
  answerTo,
  asked,
  assertRefused,
  clusterId,
  createAs,
  createNumber,
  holdCreates,
  json,
  otherCluster,
  posts,
  recorded,
  startGuarded,
} from '../../operations/create-peering/watched-creates.ts';
import { head, openRaw } from '../../support/raw-http.ts';
import { until } from '../../support/until.ts';

const create = ['GET peerings', 'POST peerings'];
const neighbour = { ...allowed, vpcId: 'vpc-00000000000000001' };

test('of two creates at once that overlap, one is made and the other refused', async (t) => {
  const gateway = await startGuarded(t);
  const held = holdCreates(gateway.cloud);
  const both = [gateway.create(allowed), gateway.create(neighbour)];
  await held.arrived(1);
  // Whoever does not wait has looked by now.
  for (let round = 0; round < 5; round += 1) await createAs(gateway, { query: '?dryRun=true' });
  assert.deepEqual(asked(gateway.cloud), ['GET cluster', ...create, ...Array(5).fill('GET peerings')]);
  held.release();
  const replies = await Promise.all(both);
  assert.deepEqual(replies.map(({ status }) => status).sort(), [201, 409]);
  const refused = replies.find(({ status }) => status === 409);
  assert.ok(refused);
  assertRefused(gateway, refused, { status: 409, type: 'validation:failed', code: 'cidr-overlap' });
  assert.equal(posts(gateway.cloud), 1);
});

test('many creates at once are made one after the other, each with its own preflight', async (t) => {
  const gateway = await startGuarded(t);
  const replies = await Promise.all(
    Array.from({ length: 20 }, (_, number) => gateway.create(createNumber(number))),
  );
  assert.ok(replies.every(({ status }) => status === 201));
  assert.deepEqual(asked(gateway.cloud), ['GET cluster', ...Array.from({ length: 20 }, () => create).flat()]);
  assert.deepEqual(
    recorded(gateway),
    Array.from({ length: 20 }, () => ['intent', 'outcome upstream-answered']).flat(),
  );
});

test('of many creates at once for one VPC exactly one is sent', async (t) => {
  const gateway = await startGuarded(t);
  const replies = await Promise.all(Array.from({ length: 30 }, () => gateway.create(allowed)));
  assert.equal(replies.filter(({ status }) => status === 201).length, 1);
  assert.equal(replies.filter(({ status }) => status === 409).length, 29);
  assert.equal(posts(gateway.cloud), 1);
});

test('a create for another cluster waits for nobody', async (t) => {
  const gateway = await startGuarded(t);
  const held = holdCreates(gateway.cloud);
  const first = gateway.create();
  await held.arrived(1);
  const other = createAs(gateway, { cluster: otherCluster });
  await held.arrived(2);
  held.release();
  assert.deepEqual([(await first).status, (await other).status], [201, 201]);
});

test('with PREFLIGHT=off creates for one cluster are sent as they come', async (t) => {
  const gateway = await startGuarded(t, { PREFLIGHT: 'off' });
  const held = holdCreates(gateway.cloud);
  const replies = [gateway.create(), gateway.create(), gateway.create(neighbour)];
  await held.arrived(3);
  held.release();
  for (const reply of replies) assert.equal((await reply).status, 201);
});

test('however a create ends, the next one gets the lock', async (t) => {
  const failing = { now: false };
  const sink = {
    write: () => (failing.now ? Promise.reject(new Error('the disk is full')) : Promise.resolve()),
  };
  const gateway = await startGuarded(t, { UPSTREAM_TIMEOUT_MS: '500' }, { sink });
  const ends: [number, () => void][] = [
    [502, () => answerTo(gateway.cloud, 'GET cluster', json(500, {}))],
    [404, () => answerTo(gateway.cloud, 'GET cluster', json(404, {}))],
    [502, () => answerTo(gateway.cloud, 'GET peerings', json(200, []))],
    [504, () => answerTo(gateway.cloud, 'GET peerings', () => undefined)],
    [
      409,
      () => answerTo(gateway.cloud, 'GET peerings', json(200, { vpcPeerings: [{ id: 'a', ...allowed }] })),
    ],
    [502, () => answerTo(gateway.cloud, 'POST peerings', (request) => void request.socket.destroy())],
    [504, () => answerTo(gateway.cloud, 'POST peerings', () => undefined)],
    [400, () => answerTo(gateway.cloud, 'POST peerings', json(400, {}))],
  ];
  for (const [status, spoil] of ends) {
    spoil();
    assert.equal((await gateway.create(allowed)).status, status);
  }
  gateway.cloud.setFault(undefined);
  failing.now = true;
  assert.equal((await gateway.create()).status, 503);
  failing.now = false;
  await until(
    'records can be written',
    async () => (await fetch(`${gateway.adminUrl}/readyz`)).status === 200,
  );
  assert.equal((await gateway.create()).status, 201);
});

test('a create whose caller hung up while it waited is made all the same, and releases the lock', async (t) => {
  const gateway = await startGuarded(t);
  const held = holdCreates(gateway.cloud);
  const first = gateway.create();
  await held.arrived(1);
  const body = JSON.stringify(createNumber(1));
  const connection = await openRaw(gateway.port);
  const fields = {
    authorization: `Bearer ${await gateway.issuer.sign()}`,
    'content-type': 'application/json',
    'content-length': String(body.length),
  };
  connection.write(head(`POST /database/clusters/${clusterId}/vpc-peerings HTTP/1.1`, fields) + body);
  await createAs(gateway, { query: '?dryRun=true' });
  connection.destroy();
  held.release();
  assert.equal((await first).status, 201);
  await until('both are recorded', () => recorded(gateway).length === 5);
  assert.equal((await gateway.create(createNumber(2))).status, 201);
  assert.equal(posts(gateway.cloud), 3);
});

test('a create that waits too long gets 503 with Retry-After, and nothing is read or sent for it', async (t) => {
  const gateway = await startGuarded(t, { UPSTREAM_TIMEOUT_MS: '6000' });
  answerTo(gateway.cloud, 'any', () => undefined);
  const replies = await Promise.all([0, 1, 2].map((number) => gateway.create(createNumber(number))));
  assert.deepEqual(replies.map(({ status }) => status).sort(), [503, 504, 504]);
  const busy = replies.find(({ status }) => status === 503);
  assert.ok(busy);
  assertRefused(gateway, busy, { status: 503, type: 'system:unavailable', code: 'cluster-busy' });
  assert.equal(busy.headers['retry-after'], '5');
  assert.deepEqual(busy.json.context, { sent: 'no' });
  assert.deepEqual(asked(gateway.cloud), ['GET cluster', 'GET cluster']);
});

test('locks are acquired in the order of the requests, one at a time, and a second release of one releases no other', async () => {
  const lock = new LocalClusterLock(60_000);
  const order: number[] = [];
  const first = await lock.acquire('a');
  const others = [1, 2, 3].map(async (number) => {
    const end = await lock.acquire('a');
    order.push(number);
    end();
    end();
  });
  (await lock.acquire('b'))();
  assert.deepEqual(order, []);
  first();
  first();
  await Promise.all(others);
  assert.deepEqual(order, [1, 2, 3]);
  (await lock.acquire('a'))();
});

test('who gave up waiting is passed over, and holds up nobody', async () => {
  const lock = new LocalClusterLock(20);
  const first = await lock.acquire('a');
  await assert.rejects(lock.acquire('a'), { code: 'cluster-busy' });
  const next = lock.acquire('a');
  first();
  (await next)();
});
