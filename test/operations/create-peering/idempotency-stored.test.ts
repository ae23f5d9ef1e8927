// An answer that Redis holds is checked as an answer of Aerospike Cloud before it is given again: what must not reach a caller
// is refused with 503, is recorded as that, and never leads to a second create.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noRedis, startRedis } from '../../state/redis-server.ts';
import { createWith, posts, recorded, startGuarded } from './watched-creates.ts';

/** As Redis keeps it. */
interface StoredAnswer {
  readonly headers: Readonly<Record<string, string>>;
}

const changed = (members: object) => (stored: StoredAnswer) => ({ ...stored, ...members });
const withHeader = (name: string, value: string) => (stored: StoredAnswer) => ({
  ...stored,
  headers: { ...stored.headers, [name]: value },
});
const base64 = (text: string) => Buffer.from(text).toString('base64');

const unusable: readonly (readonly [what: string, change: (stored: StoredAnswer) => unknown])[] = [
  ['a line break in Location', withHeader('Location', '/a\r\nSet-Cookie: b=c')],
  ['a NUL in Location', withHeader('Location', '/a\0')],
  ['a character that no header field can carry', withHeader('Location', '/☃')],
  ['a line break in Retry-After', withHeader('Retry-After', '5\n')],
  ['another header field', withHeader('Set-Cookie', 'a=b')],
  ['a body that is not of a JSON media type', withHeader('Content-Type', 'text/html')],
  ['a line break in the request id', changed({ requestId: 'a\r\nb: c' })],
  ['status 302', changed({ status: 302 })],
  ['status 304', changed({ status: 304, body: '' })],
  ['status 101', changed({ status: 101 })],
  ['no body with 201', changed({ body: '' })],
  ['a body that is not JSON', changed({ body: base64('<html>') })],
  ['a body that is not UTF-8', changed({ body: Buffer.from([0x22, 0xff, 0x22]).toString('base64') })],
  ['no object', () => 'answered'],
];

test('a stored answer that must not reach a caller is refused with 503 and recorded so, and nothing is sent again', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const gateway = await startGuarded(t, { REDIS_URL: redis.url, RATE_LIMIT_PER_MINUTE: '0' });
  assert.equal((await createWith(gateway, 'order-17')).status, 201);
  const [key = ''] = (await redis.command('KEYS', 'peergate:idempotency:*')) as string[];
  const good = String(await redis.command('HGET', key, 'answer'));
  for (const [what, change] of unusable) {
    await redis.command('HSET', key, 'answer', JSON.stringify(change(JSON.parse(good))));
    const reply = await createWith(gateway, 'order-17');
    assert.equal(reply.status, 503, `${what}: ${reply.text}`);
    assert.deepEqual(reply.json.context, { sent: 'no' }, what);
    assert.equal(recorded(gateway).at(-1), 'refused idempotency-unavailable', what);
  }
  assert.equal(posts(gateway.cloud), 1);
  await redis.command('HSET', key, 'answer', good);
  const first = String(await redis.command('HGET', key, 'first'));
  for (const id of ['', 'x', first.toUpperCase().replace(/^./, 'A'), `${first}\n`]) {
    await redis.command('HSET', key, 'first', id);
    assert.equal((await createWith(gateway, 'order-17')).status, 503, `first request ${id}`);
  }
  await redis.command('HSET', key, 'first', first);
  assert.equal((await createWith(gateway, 'order-17')).headers['idempotency-replayed'], 'true');
});
