// An instance that is killed between sending a create and hearing of it leaves its key in doubt and its turn to lapse: the
// other instance finds out what came of it, and answers accordingly.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type AerospikeCloud, startAerospikeCloud } from '../../../sandbox/aerospike-cloud.ts';
import { GatewayOutput } from '../../../sandbox/gateway-output.ts';
import { GatewayProcess } from '../../../sandbox/gateway-process.ts';
import { noRedis, startRedis } from '../../state/redis-server.ts';
import { endWithTest } from '../../support/child-process.ts';
import { guardrailsOnly, type Reply, send } from '../../support/gateway.ts';
import { startIssuer, type TestIssuer } from '../../support/issuer.ts';
import { settingsBetween } from '../../support/settings.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import {
  allowed,
  assertReplay,
  assertReplayed,
  breakCreates,
  cloudSettings,
  clusterId,
  createWith,
  posts,
  startGuarded,
} from './watched-creates.ts';

async function startDoomed(t: TestContext, issuer: TestIssuer, cloud: AerospikeCloud, redisUrl: string) {
  const folder = temporaryFolder();
  const policyFile = join(folder, 'policy.yaml');
  await writeFile(policyFile, guardrailsOnly);
  const output = new GatewayOutput();
  const child = new GatewayProcess({
    output,
    settings: {
      ...settingsBetween({ issuer, cloud }, policyFile),
      ...cloudSettings(cloud),
      REDIS_URL: redisUrl,
    },
  });
  endWithTest(t, child.child);
  const { port } = await child.listening(30_000);
  const headers = {
    authorization: `Bearer ${await issuer.sign()}`,
    'content-type': 'application/json',
    'idempotency-key': 'order-17',
  };
  const create = () =>
    send(`http://127.0.0.1:${port}`, { method: 'POST', headers, body: JSON.stringify(allowed) });
  return { child, create, output };
}

for (const made of [true, false]) {
  test(`a killed instance's create that ${made ? 'was' : 'was not'} carried out is ${made ? 'found' : 'made'} by the other instance`, {
    skip: noRedis,
  }, async (t) => {
    const redis = await startRedis(t);
    const [issuer, cloud] = [await startIssuer(), await startAerospikeCloud()];
    t.after(() => Promise.all([issuer.close(), cloud.close()]));
    const environment = { ...cloudSettings(cloud), REDIS_URL: redis.url };
    const survivor = await startGuarded(t, environment, { issuer });
    const doomed = await startDoomed(t, issuer, cloud, redis.url);
    let arrived = false;
    breakCreates(
      cloud,
      () => {
        arrived = true;
      },
      { made },
    );
    const lost = doomed.create().then(
      () => 'an answer',
      () => 'nothing',
    );
    await until('the create has arrived', () => arrived);
    doomed.child.kill();
    await doomed.child.ended;
    assert.equal(await lost, 'nothing');
    cloud.setFault(undefined);

    let reply: Reply = await createWith(survivor, 'order-17');
    assert.equal(reply.status, 409, 'the lease of the dead instance has not ended yet');
    assert.equal(reply.json.type, 'urn:aerospike:errors:validation:failed');
    await until(
      'its lease has ended',
      async () => {
        reply = await createWith(survivor, 'order-17');
        return reply.status !== 409;
      },
      45_000,
    );
    assert.equal(reply.status, 201, reply.text);
    assert.equal(posts(cloud), made ? 1 : 2);
    const intent = doomed.output.records.find(({ eventCode }) => eventCode === 'peering.create.intent');
    if (made) assertReplayed(survivor, reply, String(intent?.requestId));
    else assertReplay(survivor, await createWith(survivor, 'order-17'), reply);
    const listed = await survivor.call({ headers: { authorization: `Bearer ${await issuer.sign()}` } });
    assert.deepEqual(
      listed.json.vpcPeerings.map(({ id }: { id: string }) => id),
      [reply.json.id],
      clusterId,
    );
  });
}
