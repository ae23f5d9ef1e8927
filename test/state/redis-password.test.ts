// The password of Redis: a wrong one is a Redis that is down, a rotated one needs no restart, and none is ever shown.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { TestGateway } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { noRedis, startRedis } from './redis-server.ts';
import { assertLeft, causesOf, list, remaining, said, startTwo, upAgain } from './shared-gateways.ts';

const passwords = ['first-password-of-redis', 'second-password-of-redis'] as const;

function assertNotShown(...gateways: TestGateway[]): void {
  for (const gateway of gateways) {
    for (const password of passwords) assert.equal(gateway.output().includes(password), false);
  }
}

async function startWithFile(test: TestContext, urlWith: (password: string) => string, password: string) {
  const folder = temporaryFolder();
  const file = join(folder, 'redis-url');
  await writeFile(file, `${urlWith(password)}\n`);
  const gateways = await startTwo(test, { REDIS_URL_FILE: file, RATE_LIMIT_PER_MINUTE: '3' });
  return { gateways, write: (text: string) => writeFile(file, text) };
}

test('with the right password instances count together, and it is not shown', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t, { password: passwords[0] });
  const url = `redis://default:${passwords[0]}@127.0.0.1:${redis.port}/0`;
  const [one, other] = await startTwo(t, { REDIS_URL: url });
  assert.equal(remaining(await list(one)), 59);
  assert.equal(remaining(await list(other)), 58);
  assertNotShown(one, other);
});

for (const [what, credentials, cause] of [
  ['a wrong password', `:${passwords[1]}@`, 'WRONGPASS'],
  ['a wrong user', `nobody:${passwords[0]}@`, 'WRONGPASS'],
  ['no password', '', 'NOAUTH'],
] as const) {
  test(`with ${what} each instance limits by itself, says why once, and shows nothing`, {
    skip: noRedis,
  }, async (t) => {
    const redis = await startRedis(t, { password: passwords[0] });
    const url = `redis://${credentials}127.0.0.1:${redis.port}`;
    const [one, other] = await startTwo(t, { REDIS_URL: url, RATE_LIMIT_PER_MINUTE: '2' });
    await assertLeft(one, 2);
    await assertLeft(other, 2);
    await until('it has been tried again', async () => (await redis.calls('hello')) >= 6);
    for (const gateway of [one, other]) assert.deepEqual(causesOf(gateway, 'Redis is down'), [cause]);
    assertNotShown(one, other);
  });
}

test('a password that is rotated in its file is used for the next connection, without a restart', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t, { password: passwords[0] });
  const urlWith = (password: string) => `redis://gateway:${password}@127.0.0.1:${redis.port}`;
  const allow = ['on', '~*', '&*', '+@all'];
  await redis.command('ACL', 'SETUSER', 'gateway', `>${passwords[0]}`, ...allow);
  const { gateways, write } = await startWithFile(t, urlWith, passwords[0]);
  const [one, other] = gateways;
  assert.equal(remaining(await list(one)), 2);
  // Deleting a user ends its connections.
  await redis.command('ACL', 'DELUSER', 'gateway');
  await redis.command('ACL', 'SETUSER', 'gateway', `>${passwords[1]}`, ...allow);
  await until('both have noticed', () =>
    gateways.every((gateway) => said(gateway, 'Redis is down').length === 1),
  );
  await assertLeft(other, 3);
  await write(urlWith(passwords[1]));
  await upAgain(gateways);
  assert.equal(remaining(await list(one)), 1);
  assert.equal(remaining(await list(other)), 0);
  assertNotShown(one, other);
});
