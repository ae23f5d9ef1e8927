// Sentinels and nodes of a cluster name servers that REDIS_URL does not. What is refused there is refused of them, too: plaintext
// to another machine. That other machine is 0.0.0.0, which is this one, and no loopback address.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RedisConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { tryRedis } from '../../src/state/redis-connection.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { noRedis, startRedis } from './redis-server.ts';

/** A sentinel on loopback, and a primary that it calls by this address. */
async function startSentinel(t: TestContext, host: string) {
  const primary = await startRedis(t);
  const sentinelFile = join(temporaryFolder(), 'sentinel.conf');
  await writeFile(sentinelFile, `sentinel monitor primary ${host} ${primary.port} 1\n`);
  const sentinel = await startRedis(t, { sentinelFile });
  return { url: sentinel.url, mode: 'sentinel', sentinelMaster: 'primary', redis: primary } as const;
}

/** A cluster of one node, which calls itself by this address. */
async function startNode(t: TestContext, host: string) {
  const words = ['--cluster-enabled', 'yes', '--cluster-announce-ip', host];
  const redis = await startRedis(t, { words });
  await redis.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until('the cluster serves', async () =>
    /cluster_state:ok/.test(String(await redis.command('CLUSTER', 'INFO'))),
  );
  return { url: redis.url, mode: 'cluster', sentinelMaster: undefined, redis } as const;
}

/** However busy this machine is: a timeout is neither outcome. */
async function outcomeOf(config: RedisConfig): Promise<string> {
  let outcome = '';
  await until('there is an outcome', async () => {
    outcome = await tryRedis(config).then(
      () => 'connected',
      (error: Error) => error.message,
    );
    return !/time/i.test(outcome);
  });
  return outcome;
}

for (const [what, start] of [
  ['a sentinel', startSentinel],
  ['a node of a cluster', startNode],
] as const)
  test(`a server of another machine that ${what} names is used in plaintext only if that is allowed`, {
    skip: noRedis,
  }, async (t) => {
    const { url, redis, ...rest } = await start(t, '0.0.0.0');
    const config: RedisConfig = { ...rest, url: Secret.ofValue(url), allowPlaintext: false };
    assert.match(await outcomeOf(config), /names a server of another machine: use rediss:/);
    assert.equal(await redis.calls('del'), 0);
    assert.equal(await outcomeOf({ ...config, allowPlaintext: true }), 'connected');
    assert.equal(await redis.calls('del'), 1);
    const near = await start(t, '127.0.0.1');
    assert.equal(await outcomeOf({ ...config, url: Secret.ofValue(near.url) }), 'connected');
  });
