// The list of a cluster's peerings is read whole, however the server cuts it into pages, or not at all: half a list would
// show as absent what is there.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { sendReply } from '../../sandbox/reply.ts';
import { isLive, type ListedPeering, readPeerings } from '../../src/upstream/peerings.ts';
import { UpstreamRefused } from '../../src/upstream/upstream-refused.ts';
import { connectTo } from '../reconciliation/reconcile-rig.ts';
import { allowed, clusterId, peeringsPath } from '../support/gateway.ts';

interface Asked {
  readonly limit: number;
  readonly offset: number;
  /** How many requests there were before. */
  readonly before: number;
}

type List = (asked: Asked) => object;

/** An upstream whose list is as the test has it. */
async function start(test: TestContext, list?: List, status = 200) {
  const cloud = await startAerospikeCloud();
  test.after(() => cloud.close());
  const asked: Asked[] = [];
  cloud.setFault(({ method, path }) => {
    const [route = '', query] = path.split('?');
    if (!route.startsWith('/v1/')) return undefined;
    assert.equal(method, 'GET');
    assert.equal(route, `/v1${peeringsPath}`);
    const { limit, offset, ...others } = Object.fromEntries(new URLSearchParams(query));
    assert.deepEqual(others, {});
    const wanted = { limit: Number(limit), offset: Number(offset), before: asked.length };
    asked.push(wanted);
    if (list === undefined) return undefined;
    return (_request, response) => sendReply(response, { status, body: list(wanted) });
  });
  // Whole lists of many pages, on a machine that may be busy.
  const { upstream } = connectTo(test, cloud, 30_000);
  return { cloud, asked, read: async () => (await readPeerings(upstream, clusterId, 'looking')).entries };
}

const named = (from: number, to: number): { id: string }[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => ({ id: `p-${from + index}` }));

/** A server that has so many, with or without saying so, and gives no more than `most` at once. */
const serving =
  (count: number, { most = 100, meta = true }: { most?: number; meta?: boolean } = {}): List =>
  ({ limit, offset }) => {
    const vpcPeerings = named(offset, Math.min(count, offset + Math.min(limit, most)));
    return {
      count: vpcPeerings.length,
      ...(meta ? { meta: { total: count, limit, offset } } : {}),
      vpcPeerings,
    };
  };

const ids = (list: readonly ListedPeering[]): string[] => list.map(({ id }) => id);
const idsTo = (count: number): string[] => named(0, count).map(({ id }) => id);

/** Rejects unless `read` is refused by the upstream itself. */
async function refusalOf(read: Promise<unknown>): Promise<UpstreamRefused> {
  const error = await read.catch((thrown: unknown) => thrown);
  assert.ok(error instanceof UpstreamRefused);
  return error;
}

const broken = {
  code: 'upstream-broken',
  context: { sent: 'no' },
};

test('the pages of the sandbox are put together, with every value of every peering', async (t) => {
  const { cloud, asked, read } = await start(t);
  const made = Array.from({ length: 203 }, () => cloud.addPeering(clusterId, allowed, 'active'));
  const list = await read();
  assert.deepEqual(ids(list), made);
  for (const { vpcId, cidrBlock, accountId, region, isSecureConnection, status } of list) {
    assert.deepEqual({ vpcId, cidrBlock, accountId, region, isSecureConnection }, allowed);
    assert.equal(status, 'active');
  }
  assert.deepEqual(
    asked.map(({ limit, offset }) => [limit, offset]),
    [
      [100, 0],
      [100, 100],
      [100, 200],
    ],
  );
});

test('a short list takes one request, and so does an empty one', async (t) => {
  for (const count of [0, 1, 99]) {
    const { asked, read } = await start(t, serving(count));
    assert.deepEqual(ids(await read()), idsTo(count));
    assert.equal(asked.length, 1);
  }
});

for (const meta of [true, false]) {
  const how = meta ? 'and says how many there are' : 'and says nothing of how many there are';
  for (const count of [0, 1, 30, 99, 100, 101, 200, 250]) {
    test(`${count} peerings are read whole from a server that keeps to the limit ${how}`, async (t) => {
      const { read } = await start(t, serving(count, { meta }));
      assert.deepEqual(ids(await read()), idsTo(count));
    });
    test(`${count} peerings are read whole from a server that gives 30 at most ${how}`, async (t) => {
      const { read } = await start(t, serving(count, { meta, most: 30 }));
      assert.deepEqual(ids(await read()), idsTo(count));
    });
  }
}

test('of two entries with one id that differ in what a peering never changes neither is dropped', async (t) => {
  const entry = { id: 'p-1', vpcId: allowed.vpcId, accountId: allowed.accountId, status: 'active' };
  const same = { ...entry, status: 'deleting' };
  for (const [vpcPeerings, expected] of [
    [
      [entry, { ...entry, accountId: '444455556666' }],
      ['p-1', 'p-1'],
    ],
    [[entry, same], ['p-1']],
  ] as const) {
    const { read } = await start(t, () => ({ vpcPeerings }));
    assert.deepEqual(ids(await read()), expected);
  }
});

for (const [what, meta] of Object.entries({ 'null meta': null, 'meta without a total': { limit: 100 } })) {
  test(`${what} is as good as none`, async (t) => {
    const { read } = await start(t, (asked) => ({ ...serving(150)(asked), meta }));
    assert.deepEqual(ids(await read()), idsTo(150));
  });
}

for (const count of [0, 1, 99, 101, 250]) {
  test(`a server that always gives all ${count} is read whole, with and without their number`, async (t) => {
    for (const meta of [{}, { meta: { total: count } }]) {
      const { read } = await start(t, () => ({ ...meta, vpcPeerings: named(0, count) }));
      assert.deepEqual(ids(await read()), idsTo(count));
    }
  });
}

test('a server that gives the first page again and again has no list, when there are more or may be', async (t) => {
  for (const meta of [{}, { meta: { total: 250 } }]) {
    const { read } = await start(t, ({ limit }) => ({ ...meta, vpcPeerings: named(0, limit) }));
    await assert.rejects(read(), broken);
  }
});

test('a list that ends before the number that it says is not taken', async (t) => {
  for (const count of [0, 40, 100, 120]) {
    const { read } = await start(t, (asked) => ({ ...serving(count)(asked), meta: { total: 150 } }));
    await assert.rejects(read(), broken);
  }
});

test('a number that is too low hides nothing behind a full page', async (t) => {
  const { read } = await start(t, (asked) => ({ ...serving(150)(asked), meta: { total: 80 } }));
  assert.deepEqual(ids(await read()), idsTo(150));
});

test('a peering that goes while the list is read hides no other: the list is read again', async (t) => {
  const { read, asked } = await start(t, ({ limit, offset, before }) => {
    const there = before === 0 ? named(0, 150) : named(1, 150);
    return { meta: { total: there.length }, vpcPeerings: there.slice(offset, offset + limit) };
  });
  assert.deepEqual(ids(await read()), idsTo(150).slice(1));
  assert.deepEqual(
    asked.map(({ offset }) => offset),
    [0, 100, 0, 100],
  );
});

test('a list that never keeps still is given up', async (t) => {
  const { read, asked } = await start(t, ({ offset, before }) => ({
    meta: { total: 150 + before },
    vpcPeerings: named(offset, offset + 100),
  }));
  await assert.rejects(read(), broken);
  assert.equal(asked.length, 6);
});

test('a list without an end is given up after a hundred pages', async (t) => {
  const { read, asked } = await start(t, serving(1_000_000, { meta: false }));
  await assert.rejects(read(), broken);
  assert.equal(asked.length, 100);
});

for (const status of [400, 403, 404, 409, 429]) {
  test(`a ${status} is given back as the upstream’s own answer, on the second page too`, async (t) => {
    const problem = { type: 'urn:aerospike:errors:x', status };
    const first = await start(t, () => problem, status);
    const { answer } = await refusalOf(first.read());
    assert.equal(answer.status, status);
    assert.deepEqual(answer.json, problem);
    assert.equal(first.asked.length, 1);
    const second = await start(t);
    for (let count = 0; count < 150; count += 1) second.cloud.addPeering(clusterId, allowed);
    second.cloud.setFault(({ path }) =>
      path.endsWith('offset=100')
        ? (_request, response) => sendReply(response, { status, body: problem })
        : undefined,
    );
    assert.equal((await refusalOf(second.read())).answer.status, status);
  });
}

const lists: Readonly<Record<string, object>> = {
  'no list': { count: 0 },
  'a list that is none': { vpcPeerings: {} },
  'an entry that is none': { vpcPeerings: ['p-1'] },
  'an entry that is none behind good ones': { vpcPeerings: [{ id: 'p-1' }, { id: 'p-2' }, null] },
  'an entry without an id': { vpcPeerings: [{ vpcId: allowed.vpcId }] },
  'an id that is a path': { vpcPeerings: [{ id: '../tokens' }] },
  'an id that is a number': { vpcPeerings: [{ id: 17 }] },
  'a value of another type': { vpcPeerings: [{ id: 'p-1', cidrBlock: 17 }] },
  'a total that is none': { meta: { total: 'many' }, vpcPeerings: [] },
  'a total below nothing': { meta: { total: -1 }, vpcPeerings: [] },
};
for (const [what, body] of Object.entries(lists)) {
  test(`a broken list is not taken: ${what}`, async (t) => {
    const { read } = await start(t, () => body);
    await assert.rejects(read(), { ...broken, receivedStatus: 200 });
  });
}

for (const status of [201, 202, 500, 502, 503]) {
  test(`a list with status ${status} is none`, async (t) => {
    const { read } = await start(t, serving(3), status);
    await assert.rejects(read(), { ...broken, receivedStatus: status });
  });
}

test('a peering is in others’ way unless it is known to be over', () => {
  const over = ['rejected', 'expired', 'failed', 'deleting', 'deleted'];
  for (const status of over) assert.equal(isLive({ id: 'p-1', status }), false, status);
  const live = ['initiating-request', 'pending-acceptance', 'not-operable', 'provisioning', 'active', 'new'];
  for (const status of live) assert.equal(isLive({ id: 'p-1', status }), true, status);
  assert.equal(isLive({ id: 'p-1' }), true);
});
