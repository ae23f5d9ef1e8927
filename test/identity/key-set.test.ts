// When an issuer's keys are fetched, and how long they count, by a clock and timers that the test moves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors, type JSONWebKeySet } from 'jose';
import {
  hours,
  isUnavailable,
  key,
  makeKeys,
  minutes,
  seconds,
  settled,
  startKeys,
} from './key-clockwork.ts';

test('known keys cost no fetch', async (t) => {
  const { find, issuer, clock } = await startKeys(t);
  clock.time += 10 * minutes;
  for (let count = 0; count < 100; count += 1) await find('first');
  assert.equal(issuer.fetches, 1);
});

test('keys are fetched anew in the background, before anybody has to wait for them', async (t) => {
  const { issuer, pass, publish, find } = await startKeys(t);
  publish('second');
  await pass(8 * minutes - 1);
  assert.equal(issuer.fetches, 1);
  await pass(1);
  assert.equal(issuer.fetches, 2);
  await find('second');
  await pass(8 * minutes);
  assert.equal(issuer.fetches, 3);
});

test('after the end nothing is fetched in the background', async (t) => {
  const { keys, issuer, pass } = await startKeys(t);
  keys.stop();
  await pass(24 * hours);
  assert.equal(issuer.fetches, 1);
});

test('calls that come before the first answer share it', async (t) => {
  const { keys, issuer, find } = makeKeys(t);
  keys.start();
  await Promise.all(Array.from({ length: 50 }, () => find('first')));
  assert.equal(issuer.fetches, 1);
});

test('a withdrawn key stops within ten minutes, although nothing was fetched in the background', async (t) => {
  const { clock, publish, find } = await startKeys(t);
  publish('second');
  clock.time += 10 * minutes;
  await find('first');
  clock.time += 1;
  await assert.rejects(find('first'), errors.JWKSNoMatchingKey);
  await find('second');
});

test('in an outage known keys go on working up to the limit, and then nobody can know', async (t) => {
  const { keys, clock, breakDown, find } = await startKeys(t);
  breakDown();
  for (const age of [11 * minutes, 1 * hours, 24 * hours]) {
    clock.time = 1_000_000 + age;
    await find('first');
    assert.equal(keys.known(), true);
  }
  clock.time += 1;
  await assert.rejects(find('first'), isUnavailable);
  await assert.rejects(find('unknown'), isUnavailable);
  assert.equal(keys.known(), false);
});

test('an outage is not asked about on every call, but at growing distances', async (t) => {
  const { clock, issuer, breakDown, find } = await startKeys(t);
  breakDown();
  clock.time += 11 * minutes;
  for (const pause of [1, 2, 4, 8, 16, 30, 30]) {
    const asked = issuer.fetches;
    for (let count = 0; count < 20; count += 1) await find('first');
    await settled();
    assert.equal(issuer.fetches, asked + 1);
    clock.time += pause * seconds - 1;
    await find('first');
    assert.equal(issuer.fetches, asked + 1);
    clock.time += 1;
  }
});

test('in an outage the issuer is asked in the background, too, and its return is noticed', async (t) => {
  const { issuer, breakDown, publish, pass, find } = await startKeys(t);
  breakDown();
  await pass(8 * minutes);
  assert.equal(issuer.fetches, 2);
  await pass(1 * seconds);
  assert.equal(issuer.fetches, 3);
  publish('second');
  await pass(2 * seconds);
  assert.equal(issuer.fetches, 4);
  await find('second');
});

test('an issuer that is known to be in trouble, and now hangs, holds up no token that a known key can check', async (t) => {
  const { clock, issuer, breakDown, find } = await startKeys(t);
  breakDown();
  clock.time += 11 * minutes;
  await find('first');
  issuer.answer = () => new Promise(() => undefined);
  clock.time += 1 * seconds;
  await find('first');
  assert.equal(issuer.fetches, 3);
});

test('a document that is no key set changes nothing', async (t) => {
  const { clock, issuer, find } = await startKeys(t);
  for (const document of [null, [], {}, { keys: 'none' }, { keys: [null] }, { keys: ['key'] }]) {
    issuer.answer = () => Promise.resolve(document as unknown as JSONWebKeySet);
    const asked = issuer.fetches;
    clock.time += 30 * minutes;
    await find('first');
    await settled();
    assert.equal(issuer.fetches, asked + 1);
  }
});

test('a key that is no good harms no other', async (t) => {
  const { issuer, clock, find } = await startKeys(t);
  const odd = [
    { kid: 'odd', kty: 'EC', crv: 'P-256', x: '!', y: '!' },
    { kid: 'alien', kty: 'XYZ' },
  ];
  issuer.answer = () => Promise.resolve({ keys: [...odd, key('good')] });
  clock.time += 11 * minutes;
  await find('good');
  await assert.rejects(find('odd'));
  await assert.rejects(find('alien'), errors.JWKSNoMatchingKey);
});

test('a limit below ten minutes is also how often keys are fetched', async (t) => {
  const { clock, issuer, publish, pass, find } = await startKeys(t, 60 * seconds);
  await pass(48 * seconds);
  assert.equal(issuer.fetches, 2);
  publish('second');
  clock.time += 60 * seconds + 1;
  await assert.rejects(find('first'), errors.JWKSNoMatchingKey);
  await find('second');
});
