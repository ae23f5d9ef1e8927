// The same request under the same Idempotency-Key gets the same answer and is carried out once, in memory and in Redis; the
// key means nothing to anybody else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guardrailsOnly, type Reply } from '../../support/gateway.ts';
import { startIssuer } from '../../support/issuer.ts';
import { until } from '../../support/until.ts';
import { stores } from './stores.ts';
import {
  allowed,
  answerTo,
  asked,
  assertRefused,
  assertReplay,
  type CreateAs,
  createAs,
  createNumber,
  createWith,
  holdCreates,
  json,
  otherCluster,
  posts,
  recorded,
  startGuarded,
} from './watched-creates.ts';

const reused = { status: 422, type: 'validation:failed', code: 'idempotency-key-reused' } as const;
const running = { status: 409, type: 'validation:failed', code: 'idempotency-key-running' } as const;
const done = ['intent', 'outcome upstream-answered'];

for (const { where, skip, settings } of stores) {
  test(`${where}: the same request gets the same answer, byte for byte, and is sent once`, {
    skip,
  }, async (t) => {
    const gateway = await startGuarded(t, await settings(t));
    const first = await createWith(gateway, 'order-17');
    assert.equal(first.status, 201);
    assert.equal(first.headers['idempotency-replayed'], undefined);
    gateway.cloud.setStatus(first.json.id, 'active');
    const members = Object.entries(allowed).reverse();
    for (const body of [allowed, Object.fromEntries(members)]) {
      const again = await createWith(gateway, 'order-17', body);
      assertReplay(gateway, again, first);
      assert.notEqual(again.headers['x-gateway-request-id'], first.headers['x-gateway-request-id']);
    }
    assert.deepEqual(asked(gateway.cloud), ['GET cluster', 'GET peerings', 'POST peerings']);
    assert.deepEqual(recorded(gateway), [...done, 'outcome replayed', 'outcome replayed']);
  });

  test(`${where}: another request under the key gets 422 and is not sent, and the key stays what it was`, {
    skip,
  }, async (t) => {
    const policy = `${guardrailsOnly.replace('"111122223333"', '"111122223333", "444455556666"')}
  secureConnection: optional
`;
    const gateway = await startGuarded(t, await settings(t), { policy });
    const first = await createWith(gateway, 'order-17');
    for (const other of [
      { vpcId: 'vpc-00000000000000001' },
      { cidrBlock: '10.20.8.0/22' },
      { accountId: '444455556666' },
      { region: 'eu-west-1' },
      { isSecureConnection: false },
    ]) {
      const reply = await createWith(gateway, 'order-17', { ...allowed, ...other });
      assertRefused(gateway, reply, reused);
      assert.equal(reply.json.context, undefined);
    }
    assertReplay(gateway, await createWith(gateway, 'order-17'), first);
    assert.equal(posts(gateway.cloud), 1);
  });

  test(`${where}: while the first runs the same request gets 409 with Retry-After, another one 422`, {
    skip,
  }, async (t) => {
    const gateway = await startGuarded(t, await settings(t));
    const held = holdCreates(gateway.cloud);
    const first = createWith(gateway, 'order-17');
    await held.arrived(1);
    const again = await createWith(gateway, 'order-17');
    assertRefused(gateway, again, running);
    assert.match(String(again.headers['retry-after']), /^[1-9]\d*$/);
    assertRefused(gateway, await createWith(gateway, 'order-17', createNumber(1)), reused);
    held.release();
    const answer = await first;
    assertReplay(gateway, await createWith(gateway, 'order-17'), answer);
    assert.equal(posts(gateway.cloud), 1);
  });

  test(`${where}: a thousand calls with one key at once are one create`, { skip }, async (t) => {
    const gateway = await startGuarded(t, { ...(await settings(t)), MAX_IN_FLIGHT: '2000' });
    const held = holdCreates(gateway.cloud);
    let refused = 0;
    const replies = Array.from({ length: 1000 }, async () => {
      const reply = await createWith(gateway, 'order-17');
      refused += reply.status === 409 ? 1 : 0;
      return reply;
    });
    await until('all others are refused', () => refused === 999, 45_000);
    held.release();
    const statuses = (await Promise.all(replies)).map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 201).length, 1);
    assert.equal(statuses.filter((status) => status === 409).length, 999);
    assert.equal(posts(gateway.cloud), 1);
    assert.deepEqual(
      recorded(gateway).filter((line) => line !== 'refused idempotency-key-running'),
      done,
    );
  });

  test(`${where}: the key of another caller, another issuer and another cluster is another key`, {
    skip,
  }, async (t) => {
    const issuer = await startIssuer();
    const second = await startIssuer();
    t.after(() => Promise.all([issuer.close(), second.close()]));
    const environment = { ...(await settings(t)), AUTH_ISSUERS: `${issuer.url},${second.url}` };
    const gateway = await startGuarded(t, environment, { issuer });
    const askers = [
      { key: 'order-17', body: createNumber(0) },
      { key: 'order-17', body: createNumber(1), claims: { sub: 'svc-billing' } },
      { key: 'order-17', body: createNumber(2), signer: second },
      { key: 'order-17', body: createNumber(3), cluster: otherCluster },
      { key: 'ORDER-17', body: createNumber(4) },
    ];
    const firsts: [CreateAs, Reply][] = [];
    for (const asker of askers) firsts.push([asker, await createAs(gateway, asker)]);
    for (const [asker, first] of firsts) {
      assert.equal(first.status, 201);
      assertReplay(gateway, await createAs(gateway, asker), first);
      // Another token of the same caller.
      const claims = { ...asker.claims, jti: 'another', client_id: 'another' };
      assertReplay(gateway, await createAs(gateway, { ...asker, claims }), first);
    }
    assert.equal(posts(gateway.cloud), 5);
  });

  for (const status of [200, 201, 202, 204, 400, 403, 404, 409, 422, 451]) {
    test(`${where}: an answer ${status} of Aerospike Cloud is given again, with its header fields`, {
      skip,
    }, async (t) => {
      const gateway = await startGuarded(t, await settings(t));
      const fields = { location: '/somewhere', 'retry-after': '7', 'x-other': 'stays behind' };
      const body = { detail: 'as it came', id: '11111111-1111-4111-8111-111111111111' };
      answerTo(
        gateway.cloud,
        'POST peerings',
        status === 204 ? (_, response) => void response.writeHead(204).end() : json(status, body, fields),
      );
      const first = await createWith(gateway, 'order-17');
      assert.equal(first.status, status);
      gateway.cloud.setFault(undefined);
      const again = await createWith(gateway, 'order-17');
      assert.deepEqual([again.status, again.text], [first.status, first.text]);
      for (const name of ['location', 'retry-after', 'x-other', 'content-type', 'content-length'])
        assert.equal(again.headers[name], first.headers[name], name);
      assert.equal(again.headers['idempotency-replayed'], 'true');
      assert.equal(again.headers['proxy-status'], 'peergate');
      assert.equal(posts(gateway.cloud), 1);
      const replayed = gateway.records.at(-1);
      assert.equal(replayed?.unmapped.replayed.resourceId, status === 201 ? body.id : undefined);
    });
  }

  test(`${where}: an answer that begins with a byte order mark is given again`, { skip }, async (t) => {
    const gateway = await startGuarded(t, await settings(t));
    answerTo(gateway.cloud, 'POST peerings', (_, response) => {
      response.writeHead(201, { 'content-type': 'application/json' }).end('\uFEFF{"id":"a-peering"}');
    });
    assert.equal((await createWith(gateway, 'order-17')).status, 201);
    const again = await createWith(gateway, 'order-17');
    assert.deepEqual([again.status, again.headers['idempotency-replayed']], [201, 'true']);
    assert.equal(gateway.records.at(-1)?.unmapped.replayed.resourceId, 'a-peering');
  });

  for (const status of [408, 425, 429]) {
    test(`${where}: an answer ${status} frees the key, since a repetition may fare better`, {
      skip,
    }, async (t) => {
      const gateway = await startGuarded(t, await settings(t));
      answerTo(gateway.cloud, 'POST peerings', json(status, {}));
      assert.equal((await createWith(gateway, 'order-17')).status, status);
      gateway.cloud.setFault(undefined);
      const again = await createWith(gateway, 'order-17', createNumber(1));
      assert.equal(again.status, 201);
      assert.equal(again.headers['idempotency-replayed'], undefined);
      assert.equal(posts(gateway.cloud), 2);
    });
  }

  test(`${where}: a dry run takes no notice of any key, and uses none up`, { skip }, async (t) => {
    const gateway = await startGuarded(t, await settings(t));
    const first = await createWith(gateway, 'order-17');
    for (const key of ['order-17', 'order-18', 'none at all', '']) {
      const reply = await createAs(gateway, { key, body: createNumber(1), query: '?dryRun=true' });
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.headers['idempotency-replayed'], undefined);
    }
    assert.equal((await createWith(gateway, 'order-18', createNumber(2))).status, 201);
    assertReplay(gateway, await createWith(gateway, 'order-17'), first);
  });

  test(`${where}: when its time is over a key is as good as new`, { skip }, async (t) => {
    const gateway = await startGuarded(t, { ...(await settings(t)), IDEMPOTENCY_TTL_SECONDS: '1' });
    const first = await createWith(gateway, 'order-17');
    gateway.cloud.setStatus(first.json.id, 'deleted');
    await until('the key is free', async () => {
      const reply = await createWith(gateway, 'order-17', createNumber(1));
      if (reply.status === 201) return true;
      assertRefused(gateway, reply, reused);
      return false;
    });
    assert.equal(posts(gateway.cloud), 2);
  });

  test(`${where}: without a key the same request is not the same create`, { skip }, async (t) => {
    const gateway = await startGuarded(t, await settings(t));
    assert.equal((await gateway.create(allowed)).status, 201);
    const reply = await gateway.create(allowed);
    assertRefused(gateway, reply, {
      status: 409,
      type: 'resource:already-exists',
      code: 'vpc-peered-already',
    });
    assert.equal(reply.json.context.id, gateway.records[1]?.unmapped.upstream.resourceId);
  });
}
