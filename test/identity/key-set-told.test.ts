// What a key set tells of its fetches, and when it makes none: by a clock and timers that the test moves.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { errors } from 'jose';
import { KeySet } from '../../src/identity/key-set.ts';
import type { UsableKeys } from '../../src/identity/usable-keys.ts';
import type { Logger } from '../../src/logging/logger.ts';
import { StatusError } from '../../src/outbound/failures.ts';
import { key, minutes, seconds, settled, startKeys } from './key-clockwork.ts';

function telling(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const clock = { now: () => 1_000_000, monotonic: () => 0, newId: () => 'id' };
  const lines: [fields: Record<string, unknown>, msg: string][] = [];
  const observed: string[] = [];
  const source = { answer: (): Promise<UsableKeys> => Promise.resolve({ keys: [key('k')] }) };
  const logger = { warn: (fields: Record<string, unknown>, msg: string) => lines.push([fields, msg]) };
  const keys = new KeySet('https://idp.example', () => source.answer(), 24 * 60 * minutes, {
    clock,
    logger: logger as unknown as Logger,
    observe: (result) => observed.push(result),
  });
  t.after(() => keys.stop());
  return {
    keys,
    lines,
    observed,
    async fetch(answer: () => Promise<UsableKeys>) {
      source.answer = answer;
      if (keys.fetchedAt === undefined && observed.length === 0) keys.start();
      else t.mock.timers.tick(8 * minutes);
      await settled();
    },
  };
}

test('entries that cannot be used are told once, for as long as they are there, and counted', async (t) => {
  const { keys, lines, fetch } = telling(t);
  const ignoring = (...ignored: string[]) => fetch(() => Promise.resolve({ keys: [key('k')], ignored }));
  assert.equal(keys.ignored, 0);
  await fetch(() => Promise.resolve({ keys: [key('k')] }));
  assert.deepEqual([keys.ignored, lines], [0, []]);
  const msg = 'entries of a key set cannot be used and are ignored';
  const issuer = 'https://idp.example';
  await ignoring('a', 'b');
  assert.deepEqual([keys.ignored, lines], [2, [[{ issuer, ignored: 2, entries: ['a', 'b'] }, msg]]]);
  await ignoring('a', 'b');
  assert.equal(lines.length, 1);
  await ignoring('b', 'c');
  assert.deepEqual(lines[1], [{ issuer, ignored: 2, entries: ['c'] }, msg]);
  const many = Array.from({ length: 25 }, (_, index) => `e${index}`);
  await ignoring(...many);
  assert.deepEqual(lines[2], [{ issuer, ignored: 25, entries: many.slice(0, 20) }, msg]);
});

test('each fetch is told, and one that failed with the issuer, its failures so far and whether keys are left', async (t) => {
  const { lines, observed, fetch } = telling(t);
  const err = new Error('down');
  await fetch(() => Promise.reject(err));
  await fetch(() => Promise.reject(err));
  await fetch(() => Promise.resolve({ keys: [key('k')] }));
  await fetch(() => Promise.reject(err));
  assert.deepEqual(observed, ['failed', 'failed', 'ok', 'failed']);
  const msg = 'keys of an issuer could not be fetched';
  const issuer = 'https://idp.example';
  assert.deepEqual(lines, [
    [{ issuer, failures: 1, usable: false, err }, msg],
    [{ issuer, failures: 2, usable: false, err }, msg],
    [{ issuer, failures: 1, usable: true, err }, msg],
  ]);
});

test('a fetch for an unknown key puts off the one in the background', async (t) => {
  const { issuer, pass, find } = await startKeys(t);
  await pass(7 * minutes);
  await assert.rejects(find('unknown'), errors.JWKSNoMatchingKey);
  assert.equal(issuer.fetches, 2);
  await pass(8 * minutes - 1);
  assert.equal(issuer.fetches, 2);
  await pass(1);
  assert.equal(issuer.fetches, 3);
});

test('keys that may be old for less than half a minute are fetched again as soon as they are', async (t) => {
  const { clock, issuer, find } = await startKeys(t, 20 * seconds);
  clock.time += 20 * seconds + 1;
  await find('first');
  assert.equal(issuer.fetches, 2);
});

test('an issuer that asked for time is asked again at the moment that it named', async (t) => {
  const { clock, issuer, find } = await startKeys(t);
  issuer.answer = () => Promise.reject(new StatusError('busy', '40'));
  await assert.rejects(find('unknown'), errors.JWKSNoMatchingKey);
  clock.time += 40 * seconds - 1;
  await assert.rejects(find('unknown'), errors.JWKSNoMatchingKey);
  assert.equal(issuer.fetches, 2);
  clock.time += 1;
  await assert.rejects(find('unknown'), errors.JWKSNoMatchingKey);
  assert.equal(issuer.fetches, 3);
});

test('a fetch that ends after the stop is followed by none', async (t) => {
  const { keys, issuer, pass } = await startKeys(t);
  let arrive = () => {};
  issuer.answer = () =>
    new Promise((resolve) => {
      arrive = () => resolve({ keys: [key('first')] });
    });
  await pass(8 * minutes);
  keys.stop();
  arrive();
  await settled();
  await pass(24 * 60 * minutes);
  assert.equal(issuer.fetches, 2);
});
