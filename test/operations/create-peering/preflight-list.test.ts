// The look reads the whole list, however it is cut into pages, and copes with blocks that are not quite ones; what it cannot
// read whole it does not take for the truth. The block of a cluster is asked for once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AerospikeCloud } from '../../../sandbox/aerospike-cloud.ts';
import {
  allowed,
  answerTo,
  asked,
  assertRefused,
  clusterId,
  createAs,
  createNumber,
  json,
  otherCluster,
  posts,
  startGuarded,
} from './watched-creates.ts';

const impossible = { status: 502, type: 'system:unavailable', code: 'preflight-failed' } as const;
const overlap = { status: 409, type: 'validation:failed', code: 'cidr-overlap' } as const;
const entry = (number: number) => ({
  id: `peering-${number}`,
  status: 'active',
  ...createNumber(number),
});
const entries = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => entry(from + index));
const page = (vpcPeerings: readonly object[], total?: number) => ({
  count: vpcPeerings.length,
  ...(total === undefined ? {} : { meta: { total, limit: 100, offset: 0 } }),
  vpcPeerings,
});

/** The list is what `pageAt` gives for an offset. */
const listAs = (cloud: AerospikeCloud, pageAt: (offset: number) => unknown) =>
  answerTo(cloud, 'GET peerings', (request, response) => {
    const query = new URL(`http://any${request.url}`).searchParams;
    json(200, pageAt(Number(query.get('offset'))))(request, response);
  });

test('a peering on the third page is in the way as any other', async (t) => {
  const gateway = await startGuarded(t);
  for (let number = 0; number < 250; number += 1)
    gateway.cloud.addPeering(clusterId, createNumber(number), 'active');
  const id = gateway.cloud.addPeering(
    clusterId,
    { ...createNumber(900), cidrBlock: '10.20.5.0/24' },
    'active',
  );
  const reply = await gateway.create();
  assertRefused(gateway, reply, overlap);
  assert.match(reply.text, new RegExp(id));
  assert.deepEqual(
    gateway.apiRequests().flatMap(({ path }) => /limit=\d+&offset=\d+/.exec(path) ?? []),
    ['limit=100&offset=0', 'limit=100&offset=100', 'limit=100&offset=200'],
  );
  gateway.cloud.setStatus(id, 'deleted');
  assert.equal((await gateway.create()).status, 201);
});

const whole: Record<string, (offset: number) => unknown> = {
  'without a total, whose last page is full': (offset) => page(entries(offset, Math.min(offset + 100, 200))),
  'whose server gives all at once, whatever was asked for': () => page(entries(0, 150)),
  'whose server gives fewer than were asked for': (offset) =>
    page(entries(offset, Math.min(offset + 7, 30)), 30),
  'that is empty': () => page([], 0),
  'that is empty and says nothing of a total': () => ({ count: 0, meta: null, vpcPeerings: [] }),
};
for (const [what, pageAt] of Object.entries(whole)) {
  test(`a list ${what} is read whole, and the create is sent`, async (t) => {
    const gateway = await startGuarded(t);
    listAs(gateway.cloud, (offset) => pageAt(offset));
    const reply = await gateway.create();
    assert.equal(reply.status, 201, reply.text);
    assert.ok(asked(gateway.cloud).length <= 8);
  });
}

const broken: Record<string, (offset: number) => unknown> = {
  'that is no object': () => [],
  'without its member': () => ({ count: 0 }),
  'with an entry without an id': () => page([{ ...entry(1), id: undefined }]),
  'with an id that is none': () => page([{ ...entry(1), id: 'a b' }]),
  'with an entry without a block': () => page([{ ...entry(1), cidrBlock: undefined }]),
  'with a block of an unknown form': () => page([{ ...entry(1), cidrBlock: '2001:db8::/32' }]),
  'with a status that is no text': () => page([{ ...entry(1), status: 7 }]),
  'that ends before its total': (offset) => page(offset === 0 ? entries(0, 100) : [], 150),
  'whose first page comes again and again': () => page(entries(0, 100), 150),
  'whose first page comes again without a total': () => page(entries(0, 100)),
  'without an end': (offset) => page(entries(offset, offset + 100)),
};
for (const [what, pageAt] of Object.entries(broken)) {
  test(`a list ${what} is not taken for the truth: 502, and no create`, async (t) => {
    const gateway = await startGuarded(t);
    listAs(gateway.cloud, pageAt);
    const reply = await gateway.create();
    assertRefused(gateway, reply, impossible);
    assert.deepEqual(reply.json.context, { sent: 'no' });
    assert.equal(posts(gateway.cloud), 0);
    assert.ok(asked(gateway.cloud).length <= 101);
  });
}

test('a listed block with host bits set is in the way of what it lies in, and so is a single address at either end', async (t) => {
  const gateway = await startGuarded(t);
  const blocks = ['10.20.5.77/22', '10.20.4.0/32', '10.20.7.255/32', '0.0.0.0/0'];
  for (const cidrBlock of blocks) {
    listAs(gateway.cloud, () => page([{ ...entry(1), cidrBlock }], 1));
    assertRefused(gateway, await gateway.create(allowed), overlap);
  }
  assert.equal(posts(gateway.cloud), 0);
});

test("a listed block that can be no network is in nobody's way", async (t) => {
  const gateway = await startGuarded(t);
  const blocks = ['999.1.1.1/99', '10.20.4.0/33', '10.20.4.256/24'];
  listAs(gateway.cloud, () => page(blocks.map((cidrBlock, index) => ({ ...entry(index), cidrBlock }))));
  assert.equal((await gateway.create()).status, 201);
});

test('a status that nobody knows, or none, is one of a live peering', async (t) => {
  const gateway = await startGuarded(t);
  for (const status of ['resurrecting', undefined]) {
    listAs(gateway.cloud, () => page([{ ...entry(1), status, cidrBlock: '10.20.4.0/24' }], 1));
    assertRefused(gateway, await gateway.create(allowed), overlap);
  }
});

test('the block of a cluster is asked for once for many creates, and each cluster has its own', async (t) => {
  const gateway = await startGuarded(t);
  for (let number = 0; number < 10; number += 1)
    assert.equal((await gateway.create(createNumber(number))).status, 201);
  await createAs(gateway, { cluster: otherCluster });
  await createAs(gateway, { cluster: otherCluster, body: createNumber(1) });
  const words = asked(gateway.cloud);
  assert.equal(words.filter((word) => word === 'GET cluster').length, 2);
  assert.equal(words.filter((word) => word === 'GET peerings').length, 12);
  assert.equal(posts(gateway.cloud), 12);
});

test('a cluster that went away after its block was known gets the 404 of its list', async (t) => {
  const gateway = await startGuarded(t);
  assert.equal((await gateway.create(createNumber(1))).status, 201);
  answerTo(gateway.cloud, 'GET peerings', json(404, { type: 'urn:x', title: 'Gone', status: 404 }));
  const reply = await gateway.create();
  assert.equal(reply.status, 404);
  assert.equal(reply.text, '{"type":"urn:x","title":"Gone","status":404}');
  assert.equal(posts(gateway.cloud), 1);
});

for (const infrastructure of [undefined, null, {}, { cidrBlock: null }, { cidrBlock: '10.128.0.1/19' }]) {
  test(`a cluster with ${JSON.stringify(infrastructure)} for its block makes creates impossible, and is asked again`, async (t) => {
    const gateway = await startGuarded(t);
    answerTo(gateway.cloud, 'GET cluster', json(200, { id: clusterId, infrastructure }));
    assertRefused(gateway, await gateway.create(), impossible);
    assert.deepEqual(asked(gateway.cloud), ['GET cluster']);
    gateway.cloud.setFault(undefined);
    assert.equal((await gateway.create()).status, 201);
  });
}
