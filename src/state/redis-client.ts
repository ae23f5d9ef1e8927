// One connection to Redis by the client library: to a single server, to the primary that sentinels name, or to the nodes of a
// cluster. It is never repaired: when it is lost, its owner is notified and makes another one.
import { createClient, createCluster, createSentinel } from '@redis/client';
import type { RedisConfig } from '../config/config.ts';
import { parseRedisUrls, type RedisServers } from '../config/redis-servers.ts';

export interface RedisClient {
  /** Resolves when every server that commands may go to has let the client in. */
  connect(): Promise<void>;
  send(words: readonly string[]): Promise<unknown>;
  /** Never throws. May be called at any time, and more than once. */
  destroy(): void;
}

/** Called when a server that commands go to is lost. */
type OnLost = (error: unknown) => void;

/** For one connection alone, and until Redis has let the client in. */
const socketTimeoutMs = 1500;
/** Sentinels and nodes are asked one after another, and one of them may be gone. */
const discoveryTimeoutMs = 500;

/** `urls`: as `parseRedisUrls` takes them. */
export function createRedisClient(
  urls: string,
  { mode, sentinelMaster = '' }: Pick<RedisConfig, 'mode' | 'sentinelMaster'>,
  onLost: OnLost,
): RedisClient {
  const servers = parseRedisUrls(urls);
  if (servers === undefined) throw new Error('REDIS_URL is not one that can be used');
  if (mode === 'sentinel') return sentinelClient(servers, sentinelMaster, onLost);
  if (mode === 'cluster') return clusterClient(servers, onLost);
  return singleClient(urls, onLost);
}

function singleClient(url: string, onLost: OnLost): RedisClient {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: { connectTimeout: socketTimeoutMs, reconnectStrategy: false },
  });
  client.on('error', onLost);
  return {
    connect: async () => void (await client.connect()),
    send: (words) => client.sendCommand(words),
    destroy: () => attempt(() => client.destroy()),
  };
}

/** Follows a failover by itself as soon as a sentinel tells of it. */
function sentinelClient(servers: RedisServers, name: string, onLost: OnLost): RedisClient {
  const client = createSentinel({
    name,
    sentinelRootNodes: servers.nodes.map(({ host, port = 26_379 }) => ({ host: bare(host), port })),
    nodeClientOptions: { ...accessTo(servers), database: servers.database },
    sentinelClientOptions: accessTo(servers, discoveryTimeoutMs),
    // Which command may be sent twice is not the library's to decide.
    maxCommandRediscovers: 0,
  });
  const failure = lastError();
  // A sentinel that is lost matters when the next connection is made.
  client.on('error', failure.note);
  client.on('client-error', ({ type, error }) => {
    failure.note(error);
    if (type === 'MASTER') onLost(error);
  });
  return {
    connect: async () => void (await client.connect().catch(failure.rethrow)),
    send: (words) => client.sendCommand(false, [...words]),
    destroy: () => void client.destroy().catch(() => undefined),
  };
}

function clusterClient(servers: RedisServers, onLost: OnLost): RedisClient {
  const cluster = createCluster({
    rootNodes: servers.nodes.map(({ host, port = 6379 }) => {
      const { socket, ...credentials } = accessTo(servers, discoveryTimeoutMs);
      return { ...credentials, socket: { ...socket, host: bare(host), port } };
    }),
    defaults: accessTo(servers),
    // Connections that the discovery opens by itself outlive a client that is destroyed meanwhile.
    minimizeConnections: true,
  });
  const failure = lastError();
  cluster.on('error', failure.note);
  cluster.on('node-error', (error: unknown) => {
    failure.note(error);
    onLost(error);
  });
  return {
    async connect() {
      await cluster.connect().catch(failure.rethrow);
      await Promise.all(cluster.masters.map((node) => cluster.nodeClient(node)));
    },
    send: (words) => cluster.sendCommand(keyOf(words), false, [...words]),
    destroy: () => attempt(() => cluster.destroy()),
  };
}

/** The only commands that the gateway sends and that begin otherwise: EVAL, EVALSHA and SCRIPT. */
function keyOf([command, ...words]: readonly string[]): string | undefined {
  if (command === 'SCRIPT') return undefined;
  return command === 'EVAL' || command === 'EVALSHA' ? words[2] : words[0];
}

const accessTo = ({ tls, username, password }: RedisServers, connectTimeout = socketTimeoutMs) => ({
  ...(username === undefined ? {} : { username }),
  ...(password === undefined ? {} : { password }),
  disableOfflineQueue: true,
  socket: { connectTimeout, reconnectStrategy: false as const, ...(tls ? { tls: true as const } : {}) },
});

/** `URL.hostname` has an IPv6 address in brackets. */
const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/** The library tells why no server could be reached in an event, and rejects with an error that does not say it. */
function lastError() {
  let last: Error | undefined;
  return {
    note(error: unknown) {
      if (error instanceof Error) last = error;
    },
    rethrow(error: unknown): never {
      throw last ?? error;
    },
  };
}

/** A client that never came up says so when it is destroyed. */
function attempt(destroy: () => void): void {
  try {
    destroy();
  } catch {
    // It is gone, as it should be.
  }
}
