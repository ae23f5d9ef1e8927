// Keys that are not known: a new one is found at once, and neither a flood of them nor an issuer without any costs more
// than a fetch now and then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors, type JSONWebKeySet } from 'jose';
import type { GatewayError } from '../../src/errors.ts';
import { StatusError } from '../../src/outbound/failures.ts';
import { isUnavailable, key, makeKeys, minutes, seconds, settled, startKeys } from './key-clockwork.ts';

test('a new key is accepted at once', async (t) => {
  const { issuer, publish, find } = await startKeys(t);
  publish('first', 'second');
  await find('second');
  assert.equal(issuer.fetches, 2);
});

test('a flood of unknown keys makes one fetch in 30 s, one after another or at once', async (t) => {
  const { clock, issuer, find } = await startKeys(t);
  const flood = () =>
    Promise.all(
      Array.from({ length: 60 }, (_, index) => assert.rejects(find(`x${index}`), errors.JWKSNoMatchingKey)),
    );
  await flood();
  assert.equal(issuer.fetches, 2);
  for (let count = 0; count < 20; count += 1)
    await assert.rejects(find(`y${count}`), errors.JWKSNoMatchingKey);
  clock.time += 30 * seconds - 1;
  await flood();
  assert.equal(issuer.fetches, 2);
  clock.time += 1;
  await flood();
  assert.equal(issuer.fetches, 3);
});

test('a new key in the middle of a flood is found by the fetch that the flood has caused', async (t) => {
  const { issuer, find } = await startKeys(t);
  let arrive = (_set: JSONWebKeySet) => {};
  issuer.answer = () =>
    new Promise((resolve) => {
      arrive = resolve;
    });
  const flood = Array.from({ length: 20 }, (_, index) => assert.rejects(find(`x${index}`)));
  const wanted = Array.from({ length: 20 }, () => find('second'));
  await settled();
  arrive({ keys: [key('second')] });
  await Promise.all([...wanted, ...flood]);
  assert.equal(issuer.fetches, 2);
});

test('while an issuer hangs, no more than 64 tokens of unknown keys wait; the next are refused at once, and known keys work', async (t) => {
  const { issuer, find } = await startKeys(t);
  let arrive = (_set: JSONWebKeySet) => {};
  issuer.answer = () =>
    new Promise((resolve) => {
      arrive = resolve;
    });
  const waiting = Array.from({ length: 64 }, (_, index) => find(`x${index}`));
  const noKey = waiting.map((found) => assert.rejects(found, errors.JWKSNoMatchingKey));
  await settled();
  await assert.rejects(find('x64'), (error: GatewayError) => error.code === 'keys-unavailable');
  await find('first');
  arrive({ keys: [key('first')] });
  await Promise.all(noKey);
  assert.equal(issuer.fetches, 2);
});

test('a fetch that was under way before the new key came does not hide it', async (t) => {
  const { issuer, publish, pass, find } = await startKeys(t);
  let arrive = (_set: JSONWebKeySet) => {};
  issuer.answer = () =>
    new Promise((resolve) => {
      arrive = resolve;
    });
  await pass(8 * minutes);
  publish('second');
  const found = find('second');
  await settled();
  arrive({ keys: [key('first')] });
  await found;
  assert.equal(issuer.fetches, 3);
});

test('an unknown key in an outage is asked about once in 30 s, and harms no known one', async (t) => {
  const { issuer, breakDown, find } = await startKeys(t);
  breakDown();
  for (let count = 0; count < 20; count += 1) {
    await assert.rejects(find('unknown'), errors.JWKSNoMatchingKey);
    await find('first');
  }
  assert.equal(issuer.fetches, 2);
});

test('without any keys nobody can know, and the issuer is not asked on every call', async (t) => {
  const { keys, clock, issuer, breakDown, publish, find } = makeKeys(t);
  breakDown();
  keys.start();
  await settled();
  for (let count = 0; count < 20; count += 1) await assert.rejects(find('first'), isUnavailable);
  assert.equal(issuer.fetches, 1);
  assert.equal(keys.known(), false);
  publish('first');
  clock.time += 1 * seconds;
  await find('first');
  assert.equal(keys.known(), true);
});

test('an issuer without keys withdraws all that it had', async (t) => {
  const { keys, clock, publish, find } = await startKeys(t);
  publish();
  clock.time += 10 * minutes + 1;
  await assert.rejects(find('first'), isUnavailable);
  assert.equal(keys.known(), false);
});

test('the first key of an issuer that had none is accepted at once', async (t) => {
  const { keys, issuer, publish, find } = makeKeys(t);
  publish();
  keys.start();
  await settled();
  assert.equal(keys.known(), false);
  publish('first');
  await find('first');
  assert.equal(issuer.fetches, 2);
  assert.equal(keys.known(), true);
});

test('an issuer without keys is asked no more than once in 30 s, and its first key is noticed without a call', async (t) => {
  const { keys, issuer, publish, pass, find } = makeKeys(t);
  publish();
  keys.start();
  await settled();
  for (let count = 0; count < 20; count += 1) {
    await assert.rejects(find('first'), (error: GatewayError) => {
      assert.equal(error.headers['Retry-After'], '30');
      return isUnavailable(error);
    });
  }
  assert.equal(issuer.fetches, 2);
  publish('first');
  await pass(30 * seconds);
  assert.equal(issuer.fetches, 3);
  assert.equal(keys.known(), true);
});

/** The issuer answers so from now on. */
const busy = (retryAfter: string) => () =>
  Promise.reject(new StatusError('the document was answered with status 503', retryAfter));

test('an issuer that asks for time is not asked sooner: not in the background, and for no unknown key', async (t) => {
  const { issuer, pass, publish, find } = await startKeys(t);
  issuer.answer = busy('120');
  await pass(8 * minutes);
  assert.equal(issuer.fetches, 2);
  for (let count = 0; count < 3; count += 1) {
    await pass(39 * seconds);
    await assert.rejects(find('unknown'), errors.JWKSNoMatchingKey);
    await find('first');
  }
  assert.equal(issuer.fetches, 2);
  publish('second');
  await pass(3 * seconds);
  assert.equal(issuer.fetches, 3);
  await find('second');
});

test('without any key, callers get the Retry-After of their issuer', async (t) => {
  const { keys, clock, issuer, find } = makeKeys(t);
  issuer.answer = busy('120');
  keys.start();
  await settled();
  clock.time += 20 * seconds;
  await assert.rejects(find('first'), (error: GatewayError) => {
    assert.equal(error.headers['Retry-After'], '100');
    return isUnavailable(error);
  });
  assert.equal(issuer.fetches, 1);
});

test('an issuer is asked again after five minutes, whatever it asked for', async (t) => {
  const { issuer, pass, publish, find, keys } = makeKeys(t);
  issuer.answer = busy('86400');
  keys.start();
  await settled();
  publish('first');
  await pass(5 * minutes - 1);
  assert.equal(issuer.fetches, 1);
  await pass(1);
  assert.equal(issuer.fetches, 2);
  await find('first');
});
