// Takes the place of `undici` for code of the gateway: connections of the simulated network, kept open and used again as
// undici's are.
import { EventEmitter } from 'node:events';
import type { Dispatcher as RealDispatcher } from 'undici';
import { thisProcess } from '../simulated-process.ts';

export class Dispatcher {}

export class Pool extends EventEmitter {
  /** Connections that wait for a request. */
  idle = 0;
  /** How to end each exchange that has not ended. */
  readonly exchanges = new Set<(code: string) => void>();
}

const destroyed = () => Object.assign(new Error('The client is destroyed'), { code: 'UND_ERR_DESTROYED' });

interface AgentOptions {
  readonly connections: number;
  readonly connect: { readonly timeout: number };
  readonly factory: (origin: string, options: object) => Pool;
}

/** One pool of connections for each origin. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #pools = new Map<string, Pool>();
  #isDestroyed = false;

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  dispatch(options: RealDispatcher.DispatchOptions, handler: RealDispatcher.DispatchHandler): boolean {
    if (this.#isDestroyed) {
      handler.onResponseError?.(null as never, destroyed());
      return false;
    }
    const origin = String(options.origin);
    const pool = this.#pools.get(origin) ?? this.#options.factory(origin, {});
    this.#pools.set(origin, pool);
    const owner = thisProcess();
    owner.surroundings.network.send(owner, options, handler, {
      pool,
      connectTimeoutMs: this.#options.connect.timeout,
    });
    return true;
  }

  destroy(): Promise<void> {
    this.#isDestroyed = true;
    for (const { exchanges } of this.#pools.values()) for (const end of [...exchanges]) end(destroyed().code);
    return Promise.resolve();
  }
}

export class EnvHttpProxyAgent {}
