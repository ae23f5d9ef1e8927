// The connection to Redis. Answers within a second or says that Redis is down, goes on trying in the background, and takes
// the address and password anew for each try. No command waits for a Redis that is not there. A server that takes no writes,
// such as a primary that a failover has made a replica, counts as down: a new connection may reach the new primary.
import { ErrorReply } from '@redis/client';
import { Backoff } from '../async/backoff.ts';
import { rejectAfter } from '../async/with-timeout.ts';
import type { RedisConfig } from '../config/config.ts';
import type { Logger } from '../logging/logger.ts';
import { createRedisClient, PlainError, type RedisClient } from './redis-client.ts';

export interface RedisCommands {
  /** The reply to one command; rejects when Redis is down or refuses it. */
  command(...words: string[]): Promise<unknown>;
}

const commandTimeoutMs = 1000;
const connectTimeoutMs = 2000;
/** Nothing is ever stored under it: deleting it changes nothing, and only a server that takes writes does so. */
const probeKey = 'peergate:probe';

export class RedisConnection implements RedisCommands {
  readonly #config: RedisConfig;
  readonly #logger: Logger;
  #client: RedisClient | undefined;
  /** The one that is being tried. */
  #candidate: RedisClient | undefined;
  readonly #backoff = new Backoff({ minMs: 100, maxMs: 2000 });
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** Said once for each time that it goes down. */
  #saidDown = false;

  constructor(config: RedisConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
  }

  /** Resolves after the first try, however it ended. */
  async start(): Promise<void> {
    await this.#connect();
  }

  get up(): boolean {
    return this.#client !== undefined;
  }

  async command(...words: string[]): Promise<unknown> {
    const client = this.#client;
    if (client === undefined) throw new PlainError('Redis is down');
    try {
      return await inTime(commandTimeoutMs, client.send(words));
    } catch (error) {
      if (!isRefusal(error)) this.#lose(client, error);
      throw error;
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#candidate?.destroy();
    this.#client?.destroy();
    this.#client = undefined;
  }

  async #connect(): Promise<void> {
    try {
      const urls = await this.#config.url.reveal().catch(plainly);
      if (this.#stopped) return;
      const client = createRedisClient(urls, this.#config, (error) => this.#lose(client, error));
      this.#candidate = client;
      await inTime(connectTimeoutMs, open(client));
      if (this.#stopped) client.destroy();
      else this.#gain(client);
    } catch (error) {
      this.#candidate?.destroy();
      this.#sayDown(error);
      this.#connectLater();
    } finally {
      this.#candidate = undefined;
    }
  }

  #gain(client: RedisClient): void {
    this.#client = client;
    this.#backoff.succeed();
    this.#saidDown = false;
    this.#logger.info('Redis is up');
  }

  #lose(client: RedisClient, error: unknown): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    client.destroy();
    this.#sayDown(error);
    this.#connectLater();
  }

  #connectLater(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#connect(), this.#backoff.fail()).unref();
  }

  #sayDown(error: unknown): void {
    if (this.#saidDown || this.#stopped) return;
    this.#saidDown = true;
    this.#logger.error(
      { cause: nameOf(error) },
      'Redis is down: this instance limits by itself, and requests with an Idempotency-Key are refused',
    );
  }
}

/** In a process that has just started, on a busy machine, the first try may exceed its time limits. */
const maxTries = 5;

/** Resolves when Redis can be reached and takes writes. Rejects as it answers; `nameOf` says that without secrets. */
export async function tryRedis(config: RedisConfig): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await tryOnce(config);
      return;
    } catch (error) {
      if (error instanceof ErrorReply || tries === maxTries) throw error;
    }
  }
}

async function tryOnce(config: RedisConfig): Promise<void> {
  const urls = await config.url.reveal().catch(plainly);
  const client = createRedisClient(urls, config, () => undefined);
  try {
    await inTime(connectTimeoutMs, open(client));
  } finally {
    client.destroy();
  }
}

/**
 * Resolves when Redis has let the client in and takes its writes. An ACL that forbids the probe is a fault too: whether
 * Redis takes writes cannot be known then, and no lock could be given back.
 */
async function open(client: RedisClient): Promise<void> {
  await client.connect();
  await client.send(['DEL', probeKey]);
}

/**
 * A replica, a server that still loads its data, a replica without its primary, a part of a cluster that does not serve, a
 * server that cannot save, a primary with too few replicas.
 */
const takesNoWrites = /^(ERR .* -)?(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|MISCONF|NOREPLICAS) /;

/** Redis that refuses a command is up, unless it refuses because it takes no writes. Redis 6 quotes a script's error in `ERR`. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof ErrorReply && !takesNoWrites.test(error.message);

/** A message may quote the URL, and with it the password; the first word of a reply, such as WRONGPASS, is safe. */
export function nameOf(error: unknown): string {
  if (error instanceof ErrorReply) return /^[A-Z]+(?= |$)/.exec(error.message)?.[0] ?? 'ErrorReply';
  if (error instanceof PlainError) return error.message;
  return (error as NodeJS.ErrnoException).code ?? (error as Error).constructor.name;
}

function plainly(error: unknown): never {
  throw new PlainError((error as Error).message);
}

/** Rejects if the reply takes too long. A later reply is ignored. */
const inTime = <Reply>(milliseconds: number, reply: Promise<Reply>): Promise<Reply> =>
  rejectAfter(milliseconds, reply, () => new PlainError('Redis did not answer in time'));
