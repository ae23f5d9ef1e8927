// Sentinels and a cluster of real processes: what instances share is there, and a primary that is gone is replaced without a
// restart of the gateway and without a create that is made twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertReplay,
  createNumber,
  createWith,
  posts,
  startGuarded,
} from '../operations/create-peering/watched-creates.ts';
import { noOpenssl } from '../support/certificates.ts';
import { until } from '../support/until.ts';
import { noRedis } from './redis-server.ts';
import { makeAccess, startCluster, startSentinels } from './redis-topologies.ts';
import { list, remaining, startTwo, upAgain } from './shared-gateways.ts';

const skip = noRedis || noOpenssl;

for (const [what, start] of [
  ['sentinels', startSentinels],
  ['a cluster', startCluster],
] as const) {
  test(`with ${what} instances count together and keep idempotency keys together`, { skip }, async (t) => {
    const { settings } = await start(t);
    const [one, other] = await startTwo(t, settings);
    await upAgain([one, other], 1);
    // On a busy machine an instance may lose its connection again, and counts by itself meanwhile.
    await until('they count together', async () => {
      const left = remaining(await list(one));
      return remaining(await list(other)) === left - 1;
    });
    const first = await createWith(one, 'order-1');
    assert.equal(first.status, 201);
    const again = await createWith(other, 'order-1');
    assert.deepEqual([again.status, again.headers['idempotency-replayed']], [201, 'true']);
    assert.equal(again.text, first.text);
  });

  for (const [how, makes] of [
    ['in plaintext', async () => undefined],
    ['by TLS and as a user with few rights', makeAccess],
  ] as const)
    test(`with ${what}, ${how}, a failover interrupts creates with keys only while it lasts, and none is made twice`, {
      skip,
    }, async (t) => {
      const { settings, failOver } = await start(t, await makes(t));
      const gateway = await startGuarded(t, settings);
      await upAgain([gateway], 1);
      const before = await createWith(gateway, 'order-0', createNumber(0));
      assert.equal(before.status, 201, before.text);
      await failOver();
      for (let number = 1; number <= 12; number += 1) {
        const create = () => createWith(gateway, `order-${number}`, createNumber(number));
        let reply = await create();
        await until(
          'the create is made',
          async () => {
            if (reply.status === 201) return true;
            assert.deepEqual([reply.status, reply.headers['retry-after']], [503, '5'], reply.text);
            reply = await create();
            return false;
          },
          60_000,
        );
        assertReplay(gateway, await create(), reply);
      }
      assertReplay(gateway, await createWith(gateway, 'order-0', createNumber(0)), before);
      assert.equal(posts(gateway.cloud), 13);
    });
}
