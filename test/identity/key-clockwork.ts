// A key set whose issuer, clock and timers a test moves.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWK } from 'jose';
import { GatewayError } from '../../src/errors.ts';
import { KeySet } from '../../src/identity/key-set.ts';
import type { Logger } from '../../src/logging/logger.ts';

export const seconds = 1000;
export const minutes = 60 * seconds;
export const hours = 60 * minutes;

const { publicKey } = await generateKeyPair('ES256', { extractable: true });
const published = await exportJWK(publicKey);
export const key = (kid: string): JWK => ({ ...published, kid, alg: 'ES256', use: 'sig' });
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Everything that was asked for has been answered. */
export async function settled(): Promise<void> {
  for (let count = 0; count < 5; count += 1) await turn();
}

/** A key set whose issuer publishes what the test says, and whose timers stand still. */
export function makeKeys(test: TestContext, maxStaleMs = 24 * hours) {
  test.mock.timers.enable({ apis: ['setTimeout'] });
  const clock = { time: 1_000_000, now: () => clock.time, monotonic: () => clock.time, newId: () => 'id' };
  const issuer = {
    fetches: 0,
    answer: (): Promise<JSONWebKeySet> => Promise.resolve({ keys: [key('first')] }),
  };
  const logger = { warn: () => undefined } as unknown as Logger;
  const source = async () => {
    issuer.fetches += 1;
    const { answer } = issuer;
    // No issuer answers in the turn in which it was asked.
    await turn();
    return await answer();
  };
  const keys = new KeySet('https://idp.example', source, maxStaleMs, { clock, logger });
  test.after(() => keys.stop());
  const find = (kid: string) => keys.find({ alg: 'ES256', kid }, { payload: '', signature: '' });
  return {
    keys,
    clock,
    issuer,
    find,
    publish: (...kids: string[]) => {
      issuer.answer = () => Promise.resolve({ keys: kids.map(key) });
    },
    breakDown: () => {
      issuer.answer = () => Promise.reject(new Error('the issuer is down'));
    },
    /** Time passes, and the timers with it. */
    async pass(milliseconds: number) {
      clock.time += milliseconds;
      test.mock.timers.tick(milliseconds);
      await settled();
    },
  };
}

/** One that has fetched the key `first` just now. */
export async function startKeys(test: TestContext, maxStaleMs?: number) {
  const all = makeKeys(test, maxStaleMs);
  all.keys.start();
  await settled();
  assert.equal(all.keys.known(), true);
  return all;
}

export const isUnavailable = (error: unknown): boolean =>
  error instanceof GatewayError &&
  error.code === 'keys-unavailable' &&
  error.rule.status === 503 &&
  /^[1-9]\d*$/.test(error.headers['Retry-After'] ?? '');
