// Idempotency keys in Redis, shared by all instances. The holder of a key renews its lease. If an instance dies, its keys are
// indeterminate, not released. While Redis is down, no key can be acquired.
import { z } from 'zod';
import type { GatewayError } from '../../errors.ts';
import type { Logger } from '../../logging/logger.ts';
import { type AnswerParts, readPassable } from '../../net/passable-answer.ts';
import { nameOf, type RedisCommands } from '../redis-connection.ts';
import {
  type Acquired,
  type IdempotencyStore,
  idempotencyUnavailable,
  type KeyUse,
  withNewest,
} from './idempotency-store.ts';

const leaseMs = 10_000;
const renewMs = 3000;
const prefix = 'peergate:idempotency:';

/** Leases use the clock of Redis, so that instances agree about them. */
const nowScript = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

/** KEYS: the key. ARGV: fingerprint, owner, lease and time to live in milliseconds. A running key outlives its lease. */
const acquireScript = `${nowScript}
local function hold(requests)
  redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'owner', ARGV[2], 'requests', requests,
    'state', 'running', 'lease', now + ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4] + ARGV[3])
end
local found = redis.call('HMGET', KEYS[1], 'fingerprint', 'state', 'lease', 'requests', 'answer', 'first')
if not found[1] then hold(ARGV[2]) return {'acquired'} end
if found[1] ~= ARGV[1] then return {'another-request'} end
if found[2] == 'answered' then return {'answered', found[6], found[5]} end
if found[2] == 'running' and tonumber(found[3]) > now then return {'running'} end
hold(found[4])
return {'acquired-indeterminate', found[4]}`;

/** ARGV: owner, lease, requests, time to live. */
const renewScript = `${nowScript}
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
if redis.call('HGET', KEYS[1], 'state') ~= 'running' then return 0 end
redis.call('HSET', KEYS[1], 'lease', now + ARGV[2], 'requests', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4] + ARGV[2])
return 1`;

/**
 * ARGV: owner, new state or 'released', time to live, fingerprint, requests, answer, the request that created the peering. If
 * Redis has lost the key, the state is stored anew.
 */
const endScript = `local found = redis.call('HMGET', KEYS[1], 'owner', 'state')
if found[1] and (found[1] ~= ARGV[1] or found[2] ~= 'running') then return 0 end
if ARGV[2] == 'released' then return redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[4], 'owner', ARGV[1], 'requests', ARGV[5],
  'state', ARGV[2], 'answer', ARGV[6], 'first', ARGV[7])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

/** The id of a request, as the gateway itself makes it: records have no other. */
const ownIdPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

interface Hold {
  /** Requests whose create may have been carried out, newest first. */
  requests: readonly string[];
  /** By this process's own clock. Until then nobody else can acquire the key. */
  leaseEnds: number;
}

export class RedisIdempotency implements IdempotencyStore {
  readonly #redis: RedisCommands;
  readonly #ttlMs: number;
  readonly #logger: Logger;
  readonly #held = new Map<KeyUse, Hold>();
  #timer: NodeJS.Timeout | undefined;

  constructor(redis: RedisCommands, ttlMs: number, logger: Logger) {
    this.#redis = redis;
    this.#ttlMs = ttlMs;
    this.#logger = logger;
  }

  async acquire(use: KeyUse): Promise<Acquired> {
    const { fingerprint, owner } = use;
    const leaseEnds = performance.now() + leaseMs;
    const reply = await this.#run(acquireScript, use, [fingerprint, owner, leaseMs, this.#ttlMs]);
    const [state, word = '', answer] = reply as [Acquired['state'], string?, string?];
    const requests = state === 'acquired-indeterminate' ? word.split(' ') : [owner];
    const named = state === 'answered' ? [word] : requests;
    if (!named.every((id) => ownIdPattern.test(id)))
      throw this.#unavailable(new Error('the stored request ids are malformed'));
    if (state === 'acquired' || state === 'acquired-indeterminate') this.#hold(use, { requests, leaseEnds });
    switch (state) {
      case 'answered':
        return { state, creator: word, answer: this.#readAnswer(answer) };
      case 'acquired-indeterminate':
        return { state, requests };
      default:
        return { state };
    }
  }

  async resume(use: KeyUse): Promise<void> {
    const hold = this.#held.get(use);
    if (hold === undefined) return;
    // Before the store knows: a renewal in between must not write the former list.
    hold.requests = withNewest(use.owner, hold.requests);
    await this.#renew(use, hold);
  }

  holds(use: KeyUse): boolean {
    return performance.now() < (this.#held.get(use)?.leaseEnds ?? 0);
  }

  release(use: KeyUse): Promise<void> {
    return this.#end(use, 'released');
  }

  markIndeterminate(use: KeyUse): Promise<void> {
    return this.#end(use, 'indeterminate');
  }

  complete(use: KeyUse, { status, headers, body, requestId }: AnswerParts, creator: string): Promise<void> {
    const text = JSON.stringify({ status, headers, body: body.toString('base64'), requestId });
    return this.#end(use, 'answered', text, creator);
  }

  /** From now on leases are not renewed and expire. */
  stop(): void {
    clearInterval(this.#timer);
    this.#held.clear();
  }

  async #end(use: KeyUse, state: string, answer = '', creator = ''): Promise<void> {
    const { fingerprint, owner } = use;
    const requests = this.#held.get(use)?.requests ?? [owner];
    this.#forget(use);
    const values = [owner, state, this.#ttlMs, fingerprint, requests.join(' '), answer, creator];
    await this.#run(endScript, use, values);
  }

  #hold(use: KeyUse, hold: Hold): void {
    this.#held.set(use, hold);
    this.#timer ??= setInterval(() => this.#renewAll(), renewMs).unref();
  }

  #forget(use: KeyUse): void {
    this.#held.delete(use);
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** If a renewal fails, the lease expires and the key is indeterminate, which is safe. */
  #renewAll(): void {
    for (const [use, hold] of this.#held) this.#renew(use, hold).catch(() => undefined);
  }

  async #renew(use: KeyUse, hold: Hold): Promise<void> {
    const leaseEnds = performance.now() + leaseMs;
    const values = [use.owner, leaseMs, hold.requests.join(' '), this.#ttlMs];
    const renewed = await this.#run(renewScript, use, values);
    // Otherwise another request holds the key, or Redis has lost it.
    hold.leaseEnds = renewed === 1 ? leaseEnds : 0;
  }

  async #run(script: string, { key }: KeyUse, values: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#redis.command('EVAL', script, '1', prefix + key, ...values.map(String));
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  #readAnswer(text: string | undefined): AnswerParts {
    try {
      return parseAnswer(text);
    } catch {
      // What the parser says quotes what Redis holds, and would stand in the log.
      throw this.#unavailable(new Error('the stored answer must not reach a caller'));
    }
  }

  #unavailable(cause: unknown): GatewayError {
    this.#logger.warn({ cause: nameOf(cause) }, 'idempotency keys are unavailable');
    return idempotencyUnavailable(cause);
  }
}

/** Stored answers are validated before callers get them: anybody with the password can write to Redis. */
const storedAnswer = z.strictObject({
  status: z.int().min(200).max(499),
  headers: z.partialRecord(z.enum(['Content-Type', 'Retry-After', 'Location']), z.string()),
  body: z.base64(),
  requestId: z.string().optional(),
});

function parseAnswer(text: string | undefined): AnswerParts {
  const { status, headers, body, requestId } = storedAnswer.parse(JSON.parse(text ?? ''));
  const answer = {
    status,
    headers: headers as AnswerParts['headers'],
    body: Buffer.from(body, 'base64'),
    requestId,
  };
  if (readPassable(answer) === undefined) throw new Error('the stored answer must not reach a caller');
  return answer;
}
