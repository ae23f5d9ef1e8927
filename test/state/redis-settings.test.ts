// REDIS_URL: its password crosses no network in the clear, and stands in no fault.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { describeFault, describeWarning, type Environment, loadConfig } from '../../src/config/load.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

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
  return loaded.config.state.redis?.url;
}

const faultsOf = (environment: Environment): string[] => {
  const loaded = loadConfig({ ...others, ...environment });
  return 'faults' in loaded ? loaded.faults.map(describeFault) : [];
};

async function secretFile(text: string): Promise<string> {
  const folder = temporaryFolder();
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
  `rediss://:${secret}%zz@redis.acme.example`,
  `rediss://:${secret}@redis.acme.example/first`,
  `rediss://:${secret}@a.acme.example,rediss://:another@b.acme.example`,
  `rediss://:${secret}@a.acme.example,b.acme.example`,
  secret,
]) {
  test(`${url.replace(secret, '…')} is a fault that does not show it`, async () => {
    const found = 'found a value that is not shown; expected a redis';
    const [fault = '', ...others] = faultsOf({ REDIS_URL: url });
    assert.deepEqual(others, []);
    assert.ok(fault.startsWith(`REDIS_URL: ${found}`) && !fault.includes(secret), fault);
    const inFile = faultsOf({ REDIS_URL_FILE: await secretFile(`${url}\n`) });
    assert.deepEqual(inFile, [fault.replace('REDIS_URL', 'REDIS_URL_FILE')]);
  });
}

test('the URL and its file at once are a fault, as is a file that is not there or empty', async () => {
  const file = await secretFile(`redis://:${secret}@127.0.0.1`);
  const both = faultsOf({ REDIS_URL: `redis://:${secret}@127.0.0.1`, REDIS_URL_FILE: file });
  assert.deepEqual(both, ['REDIS_URL: found a value beside REDIS_URL_FILE; expected one of the two']);
  const empty = await secretFile('\n');
  for (const path of [empty, `${empty}.missing`]) {
    assert.match(faultsOf({ REDIS_URL_FILE: path }).join('\n'), /^REDIS_URL_FILE: found .+ file at .+$/);
  }
});

test('without the URL there is no Redis, and one that is set is not shown by the settings', () => {
  assert.equal(redisUrlOf({}), undefined);
  const loaded = loadConfig({ ...others, REDIS_URL: `redis://:${secret}@127.0.0.1` });
  assert.equal((inspect(loaded, { depth: 9 }) + JSON.stringify(loaded)).includes(secret), false);
});

test('what a file comes to hold later must be as good as what it held at the start', async () => {
  const file = await secretFile(`redis://:${secret}@127.0.0.1`);
  const url = redisUrlOf({ REDIS_URL_FILE: file });
  await writeFile(file, `redis://:${secret}@redis.acme.example\n`);
  await assert.rejects(
    async () => url?.reveal(),
    (error) => !inspect(error).includes(secret),
  );
  await writeFile(file, `rediss://:${secret}@redis.acme.example\n`);
  assert.equal(await url?.reveal(), `rediss://:${secret}@redis.acme.example`);
});

const plain = `redis://:${secret}@redis.acme.example`;

test('REDIS_ALLOW_PLAINTEXT allows redis:// to any host, with a warning that does not show the URL', async () => {
  const loaded = loadConfig({ ...others, REDIS_URL: plain, REDIS_ALLOW_PLAINTEXT: 'true' });
  assert.ok('config' in loaded);
  assert.equal(await loaded.config.state.redis?.url.reveal(), plain);
  assert.deepEqual(loaded.warnings.map(describeWarning), [
    'REDIS_ALLOW_PLAINTEXT: the password and the data of Redis cross the network in plaintext',
  ]);
  for (const safe of ['redis://127.0.0.1', `rediss://:${secret}@redis.acme.example`]) {
    const other = loadConfig({ ...others, REDIS_URL: safe, REDIS_ALLOW_PLAINTEXT: 'true' });
    assert.deepEqual('config' in other && other.warnings, []);
  }
});

test('a file of the URL may come to hold plaintext only with REDIS_ALLOW_PLAINTEXT', async () => {
  const file = await secretFile(`rediss://:${secret}@redis.acme.example\n`);
  const url = redisUrlOf({ REDIS_URL_FILE: file, REDIS_ALLOW_PLAINTEXT: 'true' });
  await writeFile(file, plain);
  assert.equal(await url?.reveal(), plain);
});

const nodes = 'rediss://u:p@a.acme.example:6379, rediss://u:p@b.acme.example:6380';

test('sentinels and nodes of a cluster are a list of URLs that differ in host and port only', () => {
  const sentinel = { REDIS_MODE: 'sentinel', REDIS_SENTINEL_MASTER: 'primary', REDIS_URL: nodes };
  assert.deepEqual(faultsOf(sentinel), []);
  assert.deepEqual(faultsOf({ REDIS_MODE: 'cluster', REDIS_URL: nodes }), []);
});

for (const [what, environment, fault] of [
  ['a list without a mode', { REDIS_URL: nodes }, /^REDIS_URL: .*; expected one URL/],
  ['a mode without a URL', { REDIS_MODE: 'cluster' }, /^REDIS_URL: found nothing; expected a list/],
  [
    'sentinels without a name',
    { REDIS_MODE: 'sentinel', REDIS_URL: nodes },
    /^REDIS_SENTINEL_MASTER: found nothing/,
  ],
  ['a name without sentinels', { REDIS_SENTINEL_MASTER: 'x' }, /^REDIS_SENTINEL_MASTER: .*REDIS_MODE=single/],
  [
    'another database of a cluster',
    { REDIS_MODE: 'cluster', REDIS_URL: 'rediss://a.acme.example/1' },
    /^REDIS_URL: .*; expected database 0/,
  ],
  [
    'one plaintext node of several',
    { REDIS_MODE: 'cluster', REDIS_URL: 'redis://127.0.0.1,redis://b.acme.example' },
    /^REDIS_URL: .*; expected a rediss:/,
  ],
] as const)
  test(`${what} is a fault`, () => {
    const [first = '', ...more] = faultsOf(environment);
    assert.match(first, fault);
    assert.deepEqual(more, []);
  });
