// REDIS_URL: its password crosses no network in the clear, and stands in no fault.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { describeFault, type Environment, loadConfig } from '../../src/config/load.ts';

const secret = 'the-password-of-redis';
const others = {
  AUTH_ISSUERS: 'https://idp.acme.example',
  AUTH_AUDIENCE: 'https://peergate.acme.example',
  AEROSPIKE_CLIENT_ID: 'the-client-id',
  AEROSPIKE_CLIENT_SECRET: 'the-client-secret',
  POLICY_FILE: 'policy.yaml',
};

function redisUrlOf(environment: Environment) {
  const loaded = loadConfig({ ...others, ...environment });
  if ('faults' in loaded) throw new Error(loaded.faults.map(describeFault).join('\n'));
  return loaded.config.state.redisUrl;
}

const faultsOf = (environment: Environment): string[] => {
  const loaded = loadConfig({ ...others, ...environment });
  return 'faults' in loaded ? loaded.faults.map(describeFault) : [];
};

async function secretFile(test: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'peergate-test-'));
  test.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'redis-url');
  await writeFile(file, text);
  return file;
}

for (const url of [
  'redis://127.0.0.1:6379',
  'redis://localhost',
  `redis://:${secret}@127.0.0.1:6379/2`,
  `redis://gateway:${secret}@[::1]:6379`,
  'rediss://redis.acme.example',
  `rediss://gateway:${secret}@redis.acme.example:6380/0`,
]) {
  test(`${url.replace(secret, '…')} is taken as it is`, async () => {
    assert.equal(await redisUrlOf({ REDIS_URL: url })?.reveal(), url);
  });
}

for (const url of [
  `redis://:${secret}@redis.acme.example:6379`,
  `redis://${secret}@10.0.0.7`,
  `redis://127.0.0.1:${secret}@redis.acme.example`,
  `redis://:${secret}@127.0.0.1@redis.acme.example`,
  `redis://:${secret}@127.0.0.1.acme.example`,
  `http://:${secret}@127.0.0.1:6379`,
  `unix:///run/${secret}`,
  `redis-sentinel://:${secret}@127.0.0.1`,
  `REDIS://:${secret}@127.0.0.1`,
  `redis:${secret}`,
  `//:${secret}@127.0.0.1`,
  `rediss://:${secret}@redis.acme.example:port`,
  secret,
]) {
  test(`${url.replace(secret, '…')} is a fault that does not show it`, async (t) => {
    const expected = 'a rediss:// URL (redis:// only for a loopback host)';
    const fault = `REDIS_URL: found a value that is not shown; expected ${expected}`;
    assert.deepEqual(faultsOf({ REDIS_URL: url }), [fault]);
    assert.deepEqual(faultsOf({ REDIS_URL_FILE: await secretFile(t, `${url}\n`) }), [fault]);
  });
}

test('the URL and its file at once are a fault, as is a file that is not there or empty', async (t) => {
  const file = await secretFile(t, `redis://:${secret}@127.0.0.1`);
  const both = faultsOf({ REDIS_URL: `redis://:${secret}@127.0.0.1`, REDIS_URL_FILE: file });
  assert.deepEqual(both, ['REDIS_URL: found a value beside REDIS_URL_FILE; expected one of the two']);
  const empty = await secretFile(t, '\n');
  for (const path of [empty, `${empty}.missing`]) {
    assert.match(faultsOf({ REDIS_URL_FILE: path }).join('\n'), /^REDIS_URL_FILE: found .+ file at .+$/);
  }
});

test('without the URL there is no Redis, and one that is set is not shown by the settings', () => {
  assert.equal(redisUrlOf({}), undefined);
  const loaded = loadConfig({ ...others, REDIS_URL: `redis://:${secret}@127.0.0.1` });
  assert.equal((inspect(loaded, { depth: 9 }) + JSON.stringify(loaded)).includes(secret), false);
});

test('what a file comes to hold later must be as good as what it held at the start', async (t) => {
  const file = await secretFile(t, `redis://:${secret}@127.0.0.1`);
  const url = redisUrlOf({ REDIS_URL_FILE: file });
  await writeFile(file, `redis://:${secret}@redis.acme.example\n`);
  await assert.rejects(
    async () => url?.reveal(),
    (error) => !inspect(error).includes(secret),
  );
  await writeFile(file, `rediss://:${secret}@redis.acme.example\n`);
  assert.equal(await url?.reveal(), `rediss://:${secret}@redis.acme.example`);
});
