// When the gateway asks for a new token of its own, by a clock that the test moves: as seldom as it can, and never on
// behalf of a caller who could have been served without.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../../src/errors.ts';
import type { Logger } from '../../src/logging/logger.ts';
import { ExchangeError, StatusError } from '../../src/outbound/failures.ts';
import { ServiceToken } from '../../src/upstream/service-token.ts';
import type { IssuedToken } from '../../src/upstream/token-request.ts';

const minute = 60_000;
const hour = 60 * minute;

interface Pending {
  grant(value: string, lifetimeMs?: number): Promise<void>;
  fail(error?: Error): Promise<void>;
}

/** A service token whose endpoint answers when and what the test says. */
function start() {
  const clock = { time: 1_000_000, now: () => clock.time, monotonic: () => clock.time, newId: () => 'id' };
  const requests: Pending[] = [];
  const logged: object[] = [];
  const logger = { error: (fields: object) => logged.push(fields) } as unknown as Logger;
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  const request = () =>
    new Promise<IssuedToken>((resolve, reject) => {
      requests.push({
        grant(value, lifetimeMs = 8 * hour) {
          resolve({ value, lifetimeMs });
          return settled();
        },
        fail(error = new Error('no token today')) {
          reject(error);
          return settled();
        },
      });
    });
  const token = new ServiceToken(request, { clock, logger });
  /** The one request that is under way. */
  const last = () => requests.at(-1) as Pending;
  return { clock, requests, logged, token, last };
}

/** One that holds `first`, granted just now. */
async function startHolding(lifetimeMs?: number) {
  const all = start();
  const first = all.token.get();
  await all.last().grant('first', lifetimeMs);
  assert.equal(await first, 'first');
  return all;
}

test('no token is asked for before it is needed', () => {
  assert.equal(start().requests.length, 0);
});

test('one request serves any number of waiting calls', async () => {
  const { token, requests, last } = start();
  const calls = Array.from({ length: 50 }, () => token.get());
  assert.equal(requests.length, 1);
  await last().grant('first');
  assert.deepEqual(new Set(await Promise.all(calls)), new Set(['first']));
  assert.equal(await token.get(), 'first');
  assert.equal(requests.length, 1);
});

test('a failure rejects every waiting call, and counts as one failure', async () => {
  const { token, requests, logged, last } = start();
  const calls = Array.from({ length: 50 }, () => token.get());
  const results = Promise.allSettled(calls);
  await last().fail();
  assert.deepEqual(new Set((await results).map(({ status }) => status)), new Set(['rejected']));
  assert.equal(requests.length, 1);
  assert.equal(logged.length, 1);
});

test('a token is renewed in the background five minutes before its end, while it goes on being used', async () => {
  const { token, clock, requests, last } = await startHolding(8 * hour);
  clock.time += 8 * hour - 5 * minute - 2000;
  assert.equal(await token.get(), 'first');
  assert.equal(requests.length, 1);
  clock.time += 1000;
  assert.equal(await token.get(), 'first');
  assert.equal(await token.get(), 'first');
  assert.equal(requests.length, 2);
  await last().grant('second');
  assert.equal(await token.get(), 'second');
  assert.equal(requests.length, 2);
});

test('a short-lived token is renewed when a fifth of its life is left', async () => {
  const { token, clock, requests } = await startHolding(100_000);
  clock.time += 78_999;
  assert.equal(await token.get(), 'first');
  assert.equal(requests.length, 1);
  clock.time += 1;
  assert.equal(await token.get(), 'first');
  assert.equal(requests.length, 2);
});

test('a token is not sent in its last second', async () => {
  const { token, clock, last } = await startHolding(hour);
  clock.time += hour - 1000;
  const next = token.get();
  await last().grant('second');
  assert.equal(await next, 'second');
});

test('a token that ends at once still serves those who waited for it, and nobody after them', async () => {
  const { token, requests, last } = start();
  const calls = [token.get(), token.get()];
  await last().grant('brief', 500);
  assert.deepEqual(await Promise.all(calls), ['brief', 'brief']);
  const next = token.get();
  assert.equal(requests.length, 2);
  await last().grant('second');
  assert.equal(await next, 'second');
});

test('in an outage the held token is kept while it is good, and the endpoint is asked at growing distances', async () => {
  const { token, clock, requests, last } = await startHolding(8 * hour);
  clock.time += 8 * hour - 5 * minute - 1000;
  for (const pause of [500, 1000, 2000, 4000, 8000, 10_000, 10_000]) {
    const asked = requests.length;
    assert.equal(await token.get(), 'first');
    assert.equal(requests.length, asked + 1);
    await last().fail();
    clock.time += pause - 1;
    assert.equal(await token.get(), 'first');
    assert.equal(requests.length, asked + 1);
    clock.time += 1;
  }
  assert.equal(await token.get(), 'first');
  await last().grant('second');
  assert.equal(await token.get(), 'second');
});

test('without a good token an outage rejects calls at once, and the endpoint is not called every time', async () => {
  const { token, clock, requests, last } = start();
  const first = assert.rejects(token.get(), { code: 'service-token-unavailable' });
  await last().fail();
  await first;
  clock.time += 499;
  for (let count = 0; count < 20; count += 1) {
    await assert.rejects(token.get(), { code: 'service-token-unavailable' });
  }
  assert.equal(requests.length, 1);
  clock.time += 1;
  const next = token.get();
  assert.equal(requests.length, 2);
  await last().grant('late');
  assert.equal(await next, 'late');
});

test('an endpoint that answers with Retry-After is not called again sooner, and every caller gets the remaining time', async () => {
  const { token, clock, requests, last } = start();
  const refused = (seconds: string) =>
    assert.rejects(token.get(), {
      code: 'service-token-unavailable',
      headers: { 'Retry-After': seconds },
    });
  const first = refused('30');
  await last().fail(new StatusError('the token endpoint answered with status 429', '30'));
  await first;
  clock.time += 12_500;
  await refused('18');
  clock.time += 17_499;
  await refused('1');
  assert.equal(requests.length, 1);
  clock.time += 1;
  const next = token.get();
  assert.equal(requests.length, 2);
  await last().grant('late');
  assert.equal(await next, 'late');
});

test('an endpoint is asked again after five minutes, whatever it asked for', async () => {
  const { token, clock, requests, last } = start();
  const first = assert.rejects(token.get(), { headers: { 'Retry-After': '300' } });
  await last().fail(
    new ExchangeError('timeout', 'http_response_timeout', { sent: 'yes', retryAfter: '86400' }),
  );
  await first;
  clock.time += 299_999;
  await assert.rejects(token.get(), { code: 'service-token-timeout' });
  assert.equal(requests.length, 1);
  clock.time += 1;
  token.get().catch(() => undefined);
  assert.equal(requests.length, 2);
});

test('a token that is still good is used during the Retry-After of its endpoint, and the endpoint is not called', async () => {
  const { token, clock, requests, last } = await startHolding(8 * hour);
  clock.time += 8 * hour - 5 * minute;
  assert.equal(await token.get(), 'first');
  await last().fail(new StatusError('the token endpoint answered with status 503', '120'));
  clock.time += 119_999;
  assert.equal(await token.get(), 'first');
  assert.equal(requests.length, 2);
  clock.time += 1;
  assert.equal(await token.get(), 'first');
  assert.equal(requests.length, 3);
});

test('a shorter time than the back-off does not hasten the next request', async () => {
  const { token, clock, requests, last } = start();
  for (const pause of [500, 1000, 2000]) {
    const refused = assert.rejects(token.get());
    await last().fail(new StatusError('the token endpoint answered with status 503', '0'));
    await refused;
    clock.time += pause;
  }
  assert.equal(requests.length, 3);
  const refused = assert.rejects(token.get(), { headers: { 'Retry-After': '4' } });
  await last().fail(new StatusError('the token endpoint answered with status 503', '1'));
  await refused;
  clock.time += 3999;
  await assert.rejects(token.get());
  assert.equal(requests.length, 4);
});

test('after a success the distances begin anew', async () => {
  const { token, clock, requests, last } = await startHolding(100_000);
  clock.time += 99_000;
  for (const pause of [500, 1000, 2000]) {
    const refused = assert.rejects(token.get());
    await last().fail();
    await refused;
    clock.time += pause;
  }
  const granted = token.get();
  await last().grant('second', 100_000);
  assert.equal(await granted, 'second');
  clock.time += 99_000;
  const refused = assert.rejects(token.get());
  await last().fail();
  await refused;
  clock.time += 500;
  const asked = requests.length;
  token.get().catch(() => undefined);
  assert.equal(requests.length, asked + 1);
});

test('a token that was refused is not given out again, and a newer one stays', async () => {
  const { token, requests, last } = await startHolding();
  token.invalidate('first');
  const next = token.get();
  assert.equal(requests.length, 2);
  await last().grant('second');
  assert.equal(await next, 'second');
  token.invalidate('first');
  assert.equal(await token.get(), 'second');
  assert.equal(requests.length, 2);
});

const causes = [
  [new ExchangeError('timeout', 'connection_timeout', { sent: 'no' }), 'service-token-timeout', 504],
  [new ExchangeError('timeout', 'http_response_timeout', { sent: 'maybe' }), 'service-token-timeout', 504],
  [new ExchangeError('unreachable', 'connection_refused', { sent: 'no' }), 'service-token-unavailable', 502],
  [
    new ExchangeError('broken', 'http_response_incomplete', { sent: 'yes' }),
    'service-token-unavailable',
    502,
  ],
  [new Error('the token endpoint answered with status 401'), 'service-token-unavailable', 502],
] as const;

for (const [cause, code, status] of causes) {
  test(`"${cause.message}" at the token endpoint is a ${status}, and the create was not sent`, async () => {
    const { token, last } = start();
    const failed = token.get().catch((error: unknown) => error);
    await last().fail(cause);
    const error = await failed;
    assert.ok(error instanceof GatewayError);
    assert.equal(error.code, code);
    assert.equal(error.rule.status, status);
    assert.deepEqual(error.context, { sent: 'no' });
    assert.equal(
      error.proxyError,
      cause instanceof ExchangeError ? cause.proxyError : 'proxy_configuration_error',
    );
    assert.equal(error.receivedStatus, undefined);
  });
}
