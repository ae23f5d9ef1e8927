// A dry run is answered as the create would be: by the same look, the same limits and the same upstream in trouble. It takes
// no turn, holds no key, and sends nothing but the look.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { noRedis, startRedis } from '../../state/redis-server.ts';
import type { Reply, TestGateway } from '../../support/gateway.ts';
import { until } from '../../support/until.ts';
import {
  allowed,
  answerTo,
  asked,
  type CreateAs,
  clusterId,
  createAs,
  createNumber,
  createWith,
  holdCreates,
  json,
  posts,
  recorded,
  recordOf,
  startGuarded,
} from './watched-creates.ts';

const dryRun = (gateway: TestGateway, wanted: CreateAs = {}): Promise<Reply> =>
  createAs(gateway, { ...wanted, query: '?dryRun=true' });

/** What any two answers have of their own. */
const own = ['date', 'ratelimit', 'x-request-id', 'x-gateway-request-id'];

function essence({ status, headers, json: body }: Reply): object {
  const { instance: _, ...problem } = body;
  return { status, headers: Object.entries(headers).filter(([name]) => !own.includes(name)), problem };
}

/** The dry run has the answer of the real create, and its record says the same but that nothing was to be sent. */
async function assertSameRefusal(gateway: TestGateway, code: string, wanted: CreateAs = {}): Promise<Reply> {
  const real = await createAs(gateway, wanted);
  const sent = posts(gateway.cloud);
  const dry = await dryRun(gateway, wanted);
  assert.deepEqual(essence(dry), essence(real));
  assert.equal(posts(gateway.cloud), sent);
  const record = recordOf(gateway, dry);
  assert.equal(record.metadata.event_code, 'peering.create.refused');
  assert.deepEqual([record.status_id, record.status_code], [2, code]);
  assert.deepEqual([record.action_id, record.action], [3, 'Observed']);
  assert.equal(record.unmapped.upstream.sent, 'no');
  assert.equal(record.unmapped.decision.effect, 'allow');
  return dry;
}

test('a dry run of what preflight finds in the way gets the 409 of the create', async (t) => {
  const gateway = await startGuarded(t);
  const id = gateway.cloud.addPeering(clusterId, allowed, 'active');
  const there = await assertSameRefusal(gateway, 'vpc-peered-already');
  assert.deepEqual([there.status, there.json.context], [409, { resource: 'vpc-peering', id }]);
  const body = { ...createNumber(1), cidrBlock: allowed.cidrBlock };
  assert.equal((await assertSameRefusal(gateway, 'cidr-overlap', { body })).status, 409);
  assert.equal(posts(gateway.cloud), 0);
});

test("a dry run for a cluster that Aerospike Cloud does not know gets Aerospike Cloud's 404", async (t) => {
  const gateway = await startGuarded(t);
  const cluster = '00000000-0000-4000-8000-000000000000';
  const dry = await assertSameRefusal(gateway, 'upstream-answered', { cluster });
  assert.equal(dry.status, 404);
  assert.equal(dry.headers['proxy-status'], 'peergate; received-status=404');
});

const troubles: Readonly<Record<string, readonly [RequestListener, status: number, code: string]>> = {
  'answers 500': [json(500, {}), 502, 'preflight-failed'],
  'resets the connection': [(request) => void request.socket.resetAndDestroy(), 502, 'preflight-failed'],
  'never answers': [() => undefined, 504, 'upstream-timeout'],
};
for (const [what, [listener, status, code]] of Object.entries(troubles)) {
  test(`a dry run is answered as the create when Aerospike Cloud ${what}`, async (t) => {
    const gateway = await startGuarded(t, { UPSTREAM_TIMEOUT_MS: '500' });
    answerTo(gateway.cloud, 'any', listener);
    const dry = await assertSameRefusal(gateway, code);
    assert.equal(dry.status, status);
    assert.deepEqual(dry.json.context, { sent: 'no' });
  });
}

test('a dry run is answered as the create when no service token is to be had', async (t) => {
  const gateway = await startGuarded(t);
  gateway.cloud.setFault(({ path }) => (path === '/oauth/token' ? json(500, {}) : undefined));
  const dry = await assertSameRefusal(gateway, 'service-token-unavailable');
  assert.deepEqual([dry.status, dry.json.context], [502, { sent: 'no' }]);
});

for (const PREFLIGHT of ['enforce', 'off']) {
  test(`while creates are not sent, since they keep failing, a dry run is refused like them (PREFLIGHT=${PREFLIGHT})`, async (t) => {
    const gateway = await startGuarded(t, { PREFLIGHT });
    answerTo(gateway.cloud, 'POST peerings', json(500, {}));
    for (let number = 0; number < 10; number += 1)
      assert.equal((await gateway.create(createNumber(number))).status, 500);
    const real = await createAs(gateway, {});
    const dry = await dryRun(gateway);
    for (const reply of [real, dry]) {
      assert.equal(reply.status, 503);
      assert.equal(
        reply.headers['proxy-status'],
        'peergate; error=destination_unavailable; details="circuit-open"',
      );
      assert.match(String(reply.headers['retry-after']), /^[1-5]$/);
      assert.deepEqual(reply.json.context, { sent: 'no' });
    }
    const record = recordOf(gateway, dry);
    assert.deepEqual([record.status_code, record.action_id], ['circuit-open', 3]);
  });
}

test('a dry run that would be forwarded passes preflight, and sends and records nothing else', async (t) => {
  const gateway = await startGuarded(t);
  const reply = await dryRun(gateway);
  assert.deepEqual([reply.status, reply.json.decision], [200, 'allow']);
  assert.deepEqual(asked(gateway.cloud), ['GET cluster', 'GET peerings']);
  assert.deepEqual(recorded(gateway), ['dryrun dry-run']);
});

test('a dry run counts among the requests that may wait for Aerospike Cloud, and one too many is refused like a create', async (t) => {
  const gateway = await startGuarded(t, { MAX_IN_FLIGHT: '16' });
  let held = 0;
  answerTo(gateway.cloud, 'GET cluster', () => {
    held += 1;
  });
  const hung = Array.from({ length: 15 }, () => dryRun(gateway));
  await until('all of them wait', () => held === 15);
  for (const reply of [await gateway.create(), await dryRun(gateway)]) {
    assert.equal(reply.status, 503);
    assert.equal(reply.headers['retry-after'], '1');
  }
  assert.deepEqual(gateway.records, []);
  await gateway.cloud.close();
  for (const { status } of await Promise.all(hung)) assert.equal(status, 502);
});

test('a dry run waits for no create of its cluster, and none waits for it', async (t) => {
  const gateway = await startGuarded(t);
  const held = holdCreates(gateway.cloud);
  const first = gateway.create();
  await held.arrived(1);
  assert.equal((await dryRun(gateway, { body: createNumber(1) })).status, 200);
  held.release();
  assert.equal((await first).status, 201);
  const looked = Promise.withResolvers<() => void>();
  gateway.cloud.setFault(({ method, path }) =>
    method === 'GET' && path.startsWith('/v1')
      ? (_, response) => looked.resolve(() => json(200, { vpcPeerings: [] })(_, response))
      : undefined,
  );
  const waiting = dryRun(gateway, { body: createNumber(2) });
  const answer = await looked.promise;
  gateway.cloud.setFault(undefined);
  assert.equal((await gateway.create(createNumber(3))).status, 201);
  answer();
  assert.equal((await waiting).status, 200);
});

test('a dry run stores nothing in Redis, whatever key it names, and goes its way while Redis is down', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const gateway = await startGuarded(t, { REDIS_URL: redis.url });
  assert.equal((await dryRun(gateway, { key: 'order-17' })).status, 200);
  assert.deepEqual(await redis.command('KEYS', '*'), []);
  assert.equal((await createWith(gateway, 'order-17')).status, 201);
  await redis.kill();
  assert.equal((await dryRun(gateway, { key: 'order-17', body: createNumber(1) })).status, 200);
});
