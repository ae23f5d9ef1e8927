// The connection by itself, against a server that takes connections and says nothing, and against a real Redis: it never
// holds more than one connection, and lets go of everything when it is stopped.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Secret } from '../../src/config/secret.ts';
import type { LineWriter } from '../../src/logging/line-writer.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { RedisConnection } from '../../src/state/redis-connection.ts';
import type { LogLine } from '../support/log-line.ts';
import { until } from '../support/until.ts';
import { noRedis, startRedis } from './redis-server.ts';

/** Accepts connections and answers nothing. */
async function startMute(test: TestContext) {
  const open = new Set<Socket>();
  const seen = { accepted: 0, maxAtOnce: 0 };
  /** The first one that has been asked something. */
  const first = Promise.withResolvers<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    seen.accepted += 1;
    seen.maxAtOnce = Math.max(seen.maxAtOnce, open.size);
    socket.on('close', () => open.delete(socket)).on('error', () => undefined);
    socket.on('data', () => first.resolve(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { url: `redis://127.0.0.1:${port}`, open, seen, first: first.promise };
}

function connectionTo(test: TestContext, url: string) {
  const logs: LogLine[] = [];
  const writer = { log: (line: string) => void logs.push(JSON.parse(line)) } as LineWriter;
  const connection = new RedisConnection(
    { url: Secret.ofValue(url), mode: 'single', sentinelMaster: undefined, allowPlaintext: false },
    createLogger('trace', writer),
  );
  test.after(() => connection.stop());
  return { connection, logs };
}

test('a Redis that answers nothing is tried again and again, on one connection at a time', async (t) => {
  const mute = await startMute(t);
  const { connection, logs } = connectionTo(t, mute.url);
  await connection.start();
  await assert.rejects(connection.command('PING'), /down/);
  await until('it has been tried three times', () => mute.seen.accepted === 3);
  assert.equal(mute.seen.maxAtOnce, 1);
  assert.deepEqual(
    logs.map(({ level, cause }) => [level, cause]),
    [['error', 'Redis did not answer in time']],
  );
});

test('a stop in the middle of a try ends it and its connection at once, and nothing is tried again', async (t) => {
  const mute = await startMute(t);
  const { connection, logs } = connectionTo(t, mute.url);
  // No time passes, so that no time limit can end it.
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const started = connection.start();
  const socket = await mute.first;
  const gone = once(socket, 'close');
  connection.stop();
  await gone;
  t.mock.timers.tick(60_000);
  await started;
  await assert.rejects(connection.command('PING'), /down/);
  assert.equal(mute.seen.accepted, 1);
  assert.deepEqual(logs, []);
});

test('a stop before the connection is there leaves none behind', async (t) => {
  const mute = await startMute(t);
  const { connection } = connectionTo(t, mute.url);
  const started = connection.start();
  connection.stop();
  await started;
  await until('the connection is gone', () => mute.open.size === 0);
});

test('a command that Redis refuses rejects, and the connection stays', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t);
  const { connection, logs } = connectionTo(t, redis.url);
  await connection.start();
  await assert.rejects(connection.command('NO-SUCH-COMMAND'), /unknown command/);
  assert.equal(await connection.command('PING'), 'PONG');
  assert.deepEqual(
    logs.map(({ msg }) => msg),
    ['Redis is up'],
  );
});

for (const refusal of [
  'READONLY You can not write against a read only replica.',
  'LOADING Redis is loading the dataset in memory',
  'MASTERDOWN Link with MASTER is down',
  'CLUSTERDOWN The cluster is down',
  'ERR Error running script: @user_script: 1: -READONLY You can not write against a read only replica.',
])
  test(`a server that answers ${refusal.slice(0, 30)} is given up for a new connection`, {
    skip: noRedis,
  }, async (t) => {
    const redis = await startRedis(t);
    const { connection, logs } = connectionTo(t, redis.url);
    await connection.start();
    const script = 'return redis.error_reply(ARGV[1])';
    await assert.rejects(connection.command('EVAL', script, '0', refusal), { message: refusal });
    assert.equal(connection.up, false);
    await until('it is up again', () => connection.up);
    assert.equal(await connection.command('PING'), 'PONG');
    assert.deepEqual(
      logs.map(({ msg, cause }) => [msg.slice(0, 13), cause]),
      [
        ['Redis is up', undefined],
        ['Redis is down', refusal.split(' ')[0]],
        ['Redis is up', undefined],
      ],
    );
  });

test('when a reply is late, every command that waits is rejected, and the next one at once', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const { connection, logs } = connectionTo(t, redis.url);
  await connection.start();
  redis.freeze();
  t.after(() => redis.thaw());
  const waiting = Array.from({ length: 20 }, () => connection.command('PING'));
  const ended = await Promise.allSettled(waiting);
  assert.deepEqual([...new Set(ended.map(({ status }) => status))], ['rejected']);
  await assert.rejects(connection.command('PING'), /Redis is down/);
  assert.deepEqual(
    logs.map(({ msg, cause }) => [msg.slice(0, 13), cause]),
    [
      ['Redis is up', undefined],
      ['Redis is down', 'Redis did not answer in time'],
    ],
  );
  redis.thaw();
  await until('it is up again', () => logs.length === 3);
  assert.equal(await connection.command('PING'), 'PONG');
});

test('when it is stopped Redis has lost its one connection', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t);
  const { connection } = connectionTo(t, redis.url);
  await connection.start();
  const clients = async () =>
    String(await redis.command('CLIENT', 'LIST'))
      .trim()
      .split('\n').length;
  assert.equal(await clients(), 2, 'it, and the one that asks');
  connection.stop();
  await until('it is gone', async () => (await clients()) === 1);
});
