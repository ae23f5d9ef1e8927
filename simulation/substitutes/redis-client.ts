// Takes the place of `@redis/client` for code of the gateway: a connection to the simulated Redis.

import { ErrorReply, type RedisLink } from '../redis-link.ts';
import { thisProcess } from '../simulated-process.ts';

export { ErrorReply };

type OnError = (error: unknown) => void;

export function createClient(_options: object) {
  const owner = thisProcess();
  const { redis } = owner.surroundings;
  if (redis === undefined) throw new Error('there is no Redis in this world');
  let onError: OnError = () => undefined;
  let link: RedisLink | undefined;
  return {
    on(_event: 'error', listener: OnError) {
      onError = listener;
    },
    async connect() {
      link = await redis.connect(owner, (error) => onError(error));
    },
    sendCommand: (words: readonly string[]): Promise<unknown> =>
      link === undefined ? Promise.reject(new Error('not connected')) : link.send(words),
    destroy() {
      link?.destroy();
    },
  };
}

function notSimulated(): never {
  throw new Error('the simulated Redis is a single server');
}

export { notSimulated as createCluster, notSimulated as createSentinel };
