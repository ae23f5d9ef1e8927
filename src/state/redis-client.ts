// One connection to Redis by the client library: to a single server, to the primary that sentinels name, or to the nodes of a
// cluster. It is never repaired: when it is lost, its owner is notified and makes another one.
import { isIPv6 } from 'node:net';
import { createClient, createCluster, createSentinel } from '@redis/client';
import type { RedisConfig } from '../config/config.ts';
import { parseRedisUrls, type RedisServers } from '../config/redis-servers.ts';
import { isLoopback } from '../net/secure-url.ts';

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

/** Its message holds no secret. */
export class PlainError extends Error {}

/** `urls`: as `parseRedisUrls` takes them. */
export function createRedisClient(
  urls: string,
  { mode, sentinelMaster = '', allowPlaintext }: Omit<RedisConfig, 'url'>,
  onLost: OnLost,
): RedisClient {
  const servers = parseRedisUrls(urls);
  if (servers === undefined) throw new Error('REDIS_URL is not one that can be used');
  if (mode === 'single') return singleClient(urls, onLost);
  const failure = lastError();
  // Sentinels and nodes name further servers, which no check of REDIS_URL has seen. `undefined` leaves the address as it is.
  const nodeAddressMap = (address: string) => {
    if (allowPlaintext || servers.tls || !isElsewhere(address)) return undefined;
    failure.refuse('a sentinel or a node names a server of another machine: use rediss://');
    // An error here would leave the library with promises that nobody waits for.
    return nowhere;
  };
  const options = { servers, failure, nodeAddressMap, onLost };
  return mode === 'sentinel' ? sentinelClient(sentinelMaster, options) : clusterClient(options);
}

interface TopologyOptions {
  readonly servers: RedisServers;
  readonly failure: ReturnType<typeof lastError>;
  readonly nodeAddressMap: (address: string) => typeof nowhere | undefined;
  readonly onLost: OnLost;
}

/** Nothing can listen there. */
const nowhere = { host: '127.0.0.1', port: 0 };

/** `address`: host and port, an IPv6 address without brackets. */
function isElsewhere(address: string): boolean {
  const host = address.replace(/:\d+$/, '');
  return !isLoopback(isIPv6(host) ? `[${host}]` : host);
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
function sentinelClient(
  name: string,
  { servers, failure, nodeAddressMap, onLost }: TopologyOptions,
): RedisClient {
  const client = createSentinel({
    name,
    sentinelRootNodes: servers.nodes.map(({ host, port = 26_379 }) => ({ host: bare(host), port })),
    nodeClientOptions: { ...accessTo(servers), database: servers.database },
    sentinelClientOptions: accessTo(servers, discoveryTimeoutMs),
    // Which command may be sent twice is not the library's to decide.
    maxCommandRediscovers: 0,
    nodeAddressMap,
  });
  // A sentinel that is lost matters when the next connection is made.
  client.on('error', failure.note);
  client.on('client-error', ({ type, error }) => {
    failure.note(error);
    if (type === 'MASTER') onLost(error);
  });
  return {
    connect: async () =>
      void (await Promise.race([failure.refusal, client.connect().catch(failure.rethrow)])),
    send: (words) => client.sendCommand(false, [...words]),
    destroy: () => void client.destroy().catch(() => undefined),
  };
}

function clusterClient({ servers, failure, nodeAddressMap, onLost }: TopologyOptions): RedisClient {
  const cluster = createCluster({
    rootNodes: servers.nodes.map(({ host, port = 6379 }) => {
      const { socket, ...credentials } = accessTo(servers, discoveryTimeoutMs);
      return { ...credentials, socket: { ...socket, host: bare(host), port } };
    }),
    defaults: accessTo(servers),
    // Connections that the discovery opens by itself outlive a client that is destroyed meanwhile.
    minimizeConnections: true,
    nodeAddressMap,
  });
  cluster.on('error', failure.note);
  cluster.on('node-error', (error: unknown) => {
    failure.note(error);
    onLost(error);
  });
  return {
    async connect() {
      await Promise.race([failure.refusal, cluster.connect().catch(failure.rethrow)]);
      const nodes = Promise.all(cluster.masters.map((node) => cluster.nodeClient(node)));
      await Promise.race([failure.refusal, nodes]);
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
  const { promise: refusal, reject } = Promise.withResolvers<never>();
  refusal.catch(() => undefined);
  return {
    note(error: unknown) {
      if (error instanceof Error) last = error;
    },
    rethrow(error: unknown): never {
      throw last ?? error;
    },
    /** Rejects as soon as a server is refused, before what follows from it. */
    refusal,
    refuse: (message: string) => reject(new PlainError(message)),
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
