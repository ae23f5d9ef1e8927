// An upstream that cannot be asked: whatever is wrong with it, nothing is concluded, nothing but the list is asked for, and
// less and less often.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import { sendReply } from '../../sandbox/reply.ts';
import { systemClock } from '../../src/clock.ts';
import { GatewayError } from '../../src/errors.ts';
import type { LineWriter } from '../../src/logging/line-writer.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { Reconciler } from '../../src/reconciliation/reconciler.ts';
import type { UpstreamClient } from '../../src/upstream/client.ts';
import { allowed, clusterId, peeringsPath } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { lostCreate, newTrail, settlementsIn, startReconciler } from './reconcile-rig.ts';

const replies =
  (status: number, body: object): RequestListener =>
  (_request, response) =>
    sendReply(response, { status, body });

const problem = { type: 'urn:aerospike:errors:system:internal', status: 500, title: 'x' };

const troubles: Readonly<Record<string, RequestListener>> = {
  'answers 500': replies(500, problem),
  'answers 503': replies(503, problem),
  'answers 401': replies(401, problem),
  'answers 403': replies(403, problem),
  'answers 429': replies(429, problem),
  'answers 400': replies(400, problem),
  'answers with 204': (_request, response) => void response.writeHead(204).end(),
  'answers with HTML': (_request, response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>maintenance</p>'),
  'answers with half a list': (_request, response) =>
    void response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      .write('{"count":0,"vpcPeerings":[', () => response.destroy()),
  'answers with something that is no list': replies(200, { count: 0 }),
  'answers with peerings that have no id': replies(200, { count: 1, vpcPeerings: [allowed] }),
  'answers with an empty list of five': replies(200, {
    count: 0,
    meta: { total: 5, limit: 100, offset: 0 },
    vpcPeerings: [],
  }),
  redirects: (_request, response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
  'closes the connection': ({ socket }) => void socket.destroy(),
  'never answers': () => undefined,
};

/** A refused credential is tried anew, and a list that contradicts itself is read anew. */
const requestsPerList: Readonly<Record<string, number>> = {
  'answers 401': 2,
  'answers with an empty list of five': 3,
};

describe('an upstream that cannot be asked leaves a create open until it can', { concurrency: true }, () => {
  for (const [what, trouble] of Object.entries(troubles)) {
    test(`one that ${what}`, async (t) => {
      const rig = await startReconciler(t);
      rig.cloud.setFault(({ path }) => (path.startsWith('/v1/') ? trouble : undefined));
      rig.cloud.addPeering(clusterId, allowed, 'active');
      const [there, absent] = [lostCreate(), lostCreate({ cidrBlock: '10.20.8.0/22' })];
      rig.reconcile.settle(there);
      rig.reconcile.settle(absent);
      rig.elapsed.ms += 60_000;
      // The second look has begun, so that the first one is over.
      await rig.lists((requestsPerList[what] ?? 1) + 1);
      assert.deepEqual(rig.sink.lines, []);
      rig.cloud.setFault(undefined);
      await rig.settled(2);
      assert.deepEqual(
        new Map(settlementsIn(rig.sink.records).map(({ id, found }) => [id, found])),
        new Map([
          [there.gatewayRequestId, true],
          [absent.gatewayRequestId, false],
        ]),
      );
      for (const { method, path } of rig.apiRequests())
        assert.deepEqual([method, path.split('?')[0]], ['GET', `/v1${peeringsPath}`]);
    });
  }

  test('one that gives no token', async (t) => {
    const rig = await startReconciler(t);
    let asked = 0;
    rig.cloud.setFault(() => {
      asked += 1;
      return replies(500, problem);
    });
    rig.reconcile.settle(lostCreate());
    rig.elapsed.ms += 60_000;
    await until('a token was asked for', () => asked > 0);
    assert.deepEqual(rig.sink.lines, []);
    assert.deepEqual(rig.apiRequests(), []);
    rig.cloud.setFault(undefined);
    await rig.settled();
  });

  test('one cluster in trouble does not keep those of another open', async (t) => {
    const rig = await startReconciler(t);
    const [, other] = rig.cloud.clusters;
    rig.cloud.setFault(({ path }) => (path.includes(clusterId) ? replies(503, problem) : undefined));
    const [stuck, free] = [lostCreate(), lostCreate({}, other?.id)];
    rig.reconcile.settle(stuck);
    rig.reconcile.settle(free);
    rig.elapsed.ms += 60_000;
    await rig.settled();
    assert.deepEqual(settlementsIn(rig.sink.records), [{ id: free.gatewayRequestId, found: false }]);
  });
});

/** Looks at an upstream that is in trouble or well, in a time that passes when the test says. */
function startTimed(test: TestContext) {
  test.mock.timers.enable({ apis: ['setTimeout'] });
  const { sink, trail } = newTrail();
  const upstream = { lists: 0, well: false, failure: new Error('the upstream is down') };
  const read = () => {
    upstream.lists += 1;
    if (!upstream.well) return Promise.reject(upstream.failure);
    const json = { count: 0, vpcPeerings: [] };
    return Promise.resolve({ status: 200, body: Buffer.from(JSON.stringify(json)), json });
  };
  const logger = createLogger('fatal', { log: () => undefined } as unknown as LineWriter);
  const client = { read, timeoutMs: 1000 } as unknown as UpstreamClient;
  let elapsed = 0;
  const reconcile = new Reconciler({
    ...{ clock: systemClock, logger, trail, upstream: client },
    elapsed: () => elapsed,
  });
  test.after(() => reconcile.stop());
  return {
    reconcile,
    upstream,
    sink,
    async pass(milliseconds: number): Promise<void> {
      elapsed += milliseconds;
      test.mock.timers.tick(milliseconds);
      for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    },
  };
}

test('the pauses between lists in vain double up to a minute', async (t) => {
  const { reconcile, upstream, pass } = startTimed(t);
  reconcile.settle(lostCreate());
  await pass(1);
  assert.equal(upstream.lists, 1);
  for (const [index, seconds] of [2, 4, 8, 16, 32, 60, 60, 60].entries()) {
    await pass(seconds * 1000 - 1);
    assert.equal(upstream.lists, index + 1, `a list before ${seconds} s`);
    await pass(1);
    assert.equal(upstream.lists, index + 2, `no list after ${seconds} s`);
  }
});

test('an upstream that asks for time, with whatever answer, is not asked again sooner', async (t) => {
  const { reconcile, upstream, pass, sink } = startTimed(t);
  upstream.failure = new GatewayError('upstream-broken', { headers: { 'Retry-After': '120' } });
  reconcile.settle(lostCreate());
  await pass(1);
  assert.equal(upstream.lists, 1);
  reconcile.settle(lostCreate());
  await pass(119_999);
  assert.equal(upstream.lists, 1);
  upstream.well = true;
  await pass(1);
  assert.equal(upstream.lists, 2);
  assert.equal(sink.lines.length, 2);
});

test('further creates that are lost meanwhile do not shorten the pause', async (t) => {
  const { reconcile, upstream, pass } = startTimed(t);
  reconcile.settle(lostCreate());
  await pass(1);
  await pass(2000);
  assert.equal(upstream.lists, 2);
  for (let count = 0; count < 39; count += 1) {
    reconcile.settle(lostCreate());
    await pass(100);
  }
  assert.equal(upstream.lists, 2);
  await pass(100);
  assert.equal(upstream.lists, 3);
});

test('when the upstream is well again, a list is a second after the last one, until all is settled', async (t) => {
  const { reconcile, upstream, pass, sink } = startTimed(t);
  reconcile.settle(lostCreate());
  await pass(1);
  await pass(2000);
  upstream.well = true;
  reconcile.settle(lostCreate());
  await pass(4000);
  assert.equal(upstream.lists, 3);
  assert.equal(sink.lines.length, 1);
  await pass(1000);
  assert.equal(upstream.lists, 4);
  assert.equal(sink.lines.length, 2);
  await pass(600_000);
  assert.equal(upstream.lists, 4);
});
