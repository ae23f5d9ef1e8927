// After a 5xx, or an answer that was lost or broken, nobody knows what came of a create. The next request with its key finds
// out by listing: what is there is the answer from then on, and what is not goes its way.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { unauthenticated } from '../../../sandbox/problems.ts';
import { sendReply } from '../../../sandbox/reply.ts';
import type { Reply, TestGateway } from '../../support/gateway.ts';
import type { PeeringBody } from '../../support/reply-body.ts';
import { until } from '../../support/until.ts';
import { stores } from './stores.ts';
import {
  allowed,
  answerTo,
  asked,
  assertRefused,
  assertReplay,
  assertReplayed,
  breakCreates,
  clusterId,
  createNumber,
  createWith,
  json,
  posts,
  recorded,
  startGuarded,
} from './watched-creates.ts';

const lost: Record<string, readonly [number, RequestListener]> = {
  'a 500': [500, json(500, {})],
  'a 503 without a body': [503, (_, response) => void response.writeHead(503).end()],
  'a reset': [502, (request) => void request.socket.resetAndDestroy()],
  'no answer in time': [504, () => undefined],
  'an answer that breaks off': [
    502,
    (request) =>
      void request.socket.end(
        'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
      ),
  ],
  'an answer that is no JSON': [502, (_, response) => void response.writeHead(201).end('<p>')],
  'a redirect': [502, (_, response) => void response.writeHead(307, { location: '/' }).end()],
};
const done = 'outcome upstream-answered';
const idOf = (reply: Reply) => String(reply.headers['x-gateway-request-id']);
const short = { UPSTREAM_TIMEOUT_MS: '1000' };

/** The peering as Aerospike Cloud lists it now. */
async function listed(gateway: TestGateway, index = 0): Promise<PeeringBody | undefined> {
  const reply = await gateway.call({ headers: { authorization: `Bearer ${await gateway.issuer.sign()}` } });
  return reply.json.vpcPeerings[index];
}

for (const { where, skip, settings } of stores) {
  for (const [what, [status, listener]] of Object.entries(lost)) {
    test(`${where}: after ${what} the peering that is there is the answer, and stays it`, {
      skip,
    }, async (t) => {
      const gateway = await startGuarded(t, { ...(await settings(t)), ...short });
      breakCreates(gateway.cloud, listener, { made: true });
      const first = await createWith(gateway, 'order-17');
      assert.equal(first.status, status);
      gateway.cloud.setFault(undefined);
      const second = await createWith(gateway, 'order-17');
      const peering = await listed(gateway);
      assert.equal(second.status, 201, second.text);
      assert.equal(second.headers['content-type'], 'application/json');
      assert.deepEqual({ ...second.json, status: '' }, { ...peering, status: '' });
      assertReplayed(gateway, second, idOf(first));
      gateway.cloud.setStatus(second.json.id, 'active');
      const third = await createWith(gateway, 'order-17');
      assert.equal(third.text, second.text);
      assertReplayed(gateway, third, idOf(first));
      assert.equal(posts(gateway.cloud), 1);
      assert.deepEqual(
        recorded(gateway).filter((line) => line === 'intent' || line === 'outcome replayed'),
        ['intent', 'outcome replayed', 'outcome replayed'],
      );
    });
  }

  for (const what of ['a 500', 'a reset'] as const) {
    test(`${where}: after ${what} a create that came to nothing goes its way, and then is the answer`, {
      skip,
    }, async (t) => {
      const gateway = await startGuarded(t, await settings(t));
      breakCreates(gateway.cloud, lost[what]?.[1] ?? fail(), { made: false });
      await createWith(gateway, 'order-17');
      gateway.cloud.setFault(undefined);
      const second = await createWith(gateway, 'order-17');
      assert.equal(second.status, 201);
      assert.equal(second.headers['idempotency-replayed'], undefined);
      assert.equal(second.headers['proxy-status'], 'peergate; received-status=201');
      assertReplay(gateway, await createWith(gateway, 'order-17'), second);
      assert.equal(posts(gateway.cloud), 2);
      assert.deepEqual(recorded(gateway).slice(2), ['intent', done, 'outcome replayed']);
    });
  }

  test(`${where}: when the repetition is lost, too, its own peering is found, and is named as its own`, {
    skip,
  }, async (t) => {
    const gateway = await startGuarded(t, await settings(t));
    breakCreates(gateway.cloud, json(500, {}), { made: false });
    await createWith(gateway, 'order-17');
    breakCreates(gateway.cloud, json(500, {}), { made: true });
    const second = await createWith(gateway, 'order-17');
    assert.equal(second.status, 500);
    // The peering is known to be the second one's as soon as it is settled.
    await until('it is settled', () =>
      gateway.records.some(
        ({ metadata, api }) =>
          metadata.event_code.endsWith('.reconciled') && api.request.uid === idOf(second),
      ),
    );
    gateway.cloud.setFault(undefined);
    const third = await createWith(gateway, 'order-17');
    assert.equal(third.status, 201, third.text);
    assertReplayed(gateway, third, idOf(second));
    assert.equal(posts(gateway.cloud), 2);
  });

  test(`${where}: while it cannot be found out the answer is 502 or the upstream's, and the doubt stays`, {
    skip,
  }, async (t) => {
    const gateway = await startGuarded(t, await settings(t));
    breakCreates(gateway.cloud, json(500, {}), { made: true });
    const first = await createWith(gateway, 'order-17');
    for (const listener of [json(500, {}), json(200, {}), lost['a reset']?.[1] ?? fail()]) {
      answerTo(gateway.cloud, 'GET peerings', listener);
      const reply = await createWith(gateway, 'order-17');
      assertRefused(gateway, reply, {
        status: 502,
        type: 'system:unavailable',
        code: 'preflight-failed',
      });
      assert.equal(reply.json.context.sent, 'no');
    }
    answerTo(gateway.cloud, 'GET peerings', json(403, { no: 'you may not' }));
    const forbidden = await createWith(gateway, 'order-17');
    assert.deepEqual([forbidden.status, forbidden.text], [403, '{"no":"you may not"}']);
    gateway.cloud.setFault(undefined);
    const another = await createWith(gateway, 'order-17', createNumber(1));
    assert.equal(another.status, 422);
    const found = await createWith(gateway, 'order-17');
    assert.equal(found.status, 201);
    assertReplayed(gateway, found, idOf(first));
    assert.equal(posts(gateway.cloud), 1);
  });

  test(`${where}: a create that the policy forbids by now is refused, whatever came of the first`, {
    skip,
  }, async (t) => {
    const gateway = await startGuarded(t, await settings(t));
    breakCreates(gateway.cloud, json(500, {}), { made: true });
    await createWith(gateway, 'order-17');
    gateway.cloud.setFault(undefined);
    const reply = await createWith(gateway, 'order-17', { ...allowed, region: 'eu-north-1' });
    assert.equal(reply.status, 403);
    assert.equal((await createWith(gateway, 'order-17')).headers['idempotency-replayed'], 'true');
  });

  test(`${where}: with PREFLIGHT=off the list is asked all the same, and only after a doubt`, {
    skip,
  }, async (t) => {
    const gateway = await startGuarded(t, { ...(await settings(t)), PREFLIGHT: 'off', ...short });
    breakCreates(gateway.cloud, () => undefined, { made: true });
    const first = await createWith(gateway, 'order-17');
    assert.equal(first.status, 504);
    gateway.cloud.setFault(undefined);
    const second = await createWith(gateway, 'order-17');
    assert.equal(second.status, 201);
    assertReplayed(gateway, second, idOf(first));
    assert.ok(asked(gateway.cloud).every((words) => words !== 'GET cluster'));
    assert.equal(posts(gateway.cloud), 1);
  });
}

test('a peering that is rejected, expired or deleted and older than a lost create is not taken for its own', async (t) => {
  for (const status of ['rejected', 'expired', 'failed', 'deleted'] as const) {
    const gateway = await startGuarded(t);
    const old = gateway.cloud.addPeering(clusterId, allowed, status);
    breakCreates(gateway.cloud, json(500, {}), { made: false });
    const first = await createWith(gateway, 'order-17');
    gateway.cloud.setFault(undefined);
    const second = await createWith(gateway, 'order-17');
    assert.equal(second.status, 201);
    assert.notEqual(second.json.id, old);
    assert.equal(second.headers['idempotency-replayed'], undefined);
    assert.ok(
      gateway.records.every(({ unmapped }) => unmapped.reconciled?.resourceId !== old),
      idOf(first),
    );
    assert.equal(posts(gateway.cloud), 2);
  }
});

test('beside an older one that is deleted, the peering that a lost create made is found', async (t) => {
  const gateway = await startGuarded(t);
  const old = gateway.cloud.addPeering(clusterId, allowed, 'deleted');
  breakCreates(gateway.cloud, json(500, {}), { made: true });
  await createWith(gateway, 'order-17');
  gateway.cloud.setFault(undefined);
  const second = await createWith(gateway, 'order-17');
  assert.equal(second.status, 201);
  assert.notEqual(second.json.id, old);
  assert.equal(posts(gateway.cloud), 1);
});

test('a lost create is settled in the audit log as absent, not as an older peering with the same values', async (t) => {
  const gateway = await startGuarded(t);
  gateway.cloud.addPeering(clusterId, allowed, 'expired');
  breakCreates(gateway.cloud, json(500, {}), { made: false });
  const first = await gateway.create();
  await until('it is settled', () =>
    gateway.records.some(({ metadata }) => metadata.event_code.endsWith('.reconciled')),
  );
  const settled = gateway.records.find(({ metadata }) => metadata.event_code.endsWith('.reconciled'));
  assert.equal(settled?.api.request.uid, idOf(first));
  assert.deepEqual(settled?.unmapped.reconciled, { found: false });
});

test('a peering that another create is known to have made is not taken for that of a lost one', async (t) => {
  const gateway = await startGuarded(t, { PREFLIGHT: 'off' });
  const other = await gateway.create();
  breakCreates(gateway.cloud, json(500, {}), { made: false });
  await createWith(gateway, 'order-17');
  gateway.cloud.setFault(undefined);
  const second = await createWith(gateway, 'order-17');
  assert.equal(second.status, 201);
  assert.notEqual(second.json.id, other.json.id);
  assert.equal(posts(gateway.cloud), 3);
});

test('a create that was refused for the credential of the gateway is looked for, and then goes its way', async (t) => {
  const gateway = await startGuarded(t, { PREFLIGHT: 'off' });
  answerTo(gateway.cloud, 'POST peerings', (_, response) => sendReply(response, unauthenticated()));
  const first = await createWith(gateway, 'order-17');
  assert.equal(first.status, 502);
  gateway.cloud.setFault(undefined);
  const second = await createWith(gateway, 'order-17');
  assert.equal(second.status, 201);
  assert.equal(second.headers['idempotency-replayed'], undefined);
});

function fail(): never {
  throw new Error('no such way to fail');
}
