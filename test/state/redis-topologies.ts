// Real sentinels and a real cluster on loopback for one test, in plaintext or by TLS with users that may do only what the
// operator's guide lets them do.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeAuthority, makeCertificate, trustAuthority } from '../support/certificates.ts';
import type { Scope } from '../support/scope.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { type RedisAccess, startRedis, type TestRedis } from './redis-server.ts';

export interface Topology {
  readonly settings: Record<string, string>;
  /** What was acknowledged so far is on the replica, and the primary is gone. Resolves when its replica has its place. */
  failOver(): Promise<void>;
}

export interface SentinelTopology extends Topology {
  /** After a failover: the server that is gone comes back, as the replica of the other. */
  restore(): Promise<void>;
  /** The reply of the server that takes writes now. */
  command(...words: string[]): Promise<unknown>;
}

const primaryName = 'peergate-primary';
/** As documented in the operator's guide. */
const gatewayRights =
  '~peergate:* &* -@all +@connection -@dangerous +eval +evalsha +script|load +time +get +set +del +incr +pexpire +pttl +hget +hmget +hset';

/** Users for the test and the gateway, and a certificate that this process trusts until the test ends. */
export function makeAccess(test: Scope): RedisAccess {
  const folder = temporaryFolder();
  const authority = makeAuthority(folder, 'redis-authority');
  const certificate = makeCertificate(folder, 'redis', authority);
  trustAuthority(test, authority);
  return { username: 'operator', password: 'operator-password', certificate, caFile: authority.certFile };
}

/** Each rule is a word of its own on the command line. */
const usersFor = (access: RedisAccess | undefined, rights: string): string[] =>
  access === undefined
    ? []
    : [
        'default off',
        `${access.username} on >${access.password} ~* &* +@all`,
        `gateway on >gateway-password ${rights}`,
      ].flatMap((user) => ['--user', ...user.split(' ')]);

const urlsOf = (servers: readonly TestRedis[], access: RedisAccess | undefined): string =>
  servers
    .map(({ port }) =>
      access === undefined
        ? `redis://127.0.0.1:${port}`
        : `rediss://gateway:gateway-password@127.0.0.1:${port}`,
    )
    .join(',');

const replicaWords = (access: RedisAccess | undefined): string[] =>
  access === undefined ? [] : ['--masteruser', access.username, '--masterauth', access.password];

async function replication(redis: TestRedis, field: string): Promise<string | undefined> {
  const text = String(await redis.command('INFO', 'replication'));
  return new RegExp(`^${field}:(.*?)\r?$`, 'm').exec(text)?.[1];
}

const followed = (replica: TestRedis): Promise<void> =>
  until('the replica follows', async () => (await replication(replica, 'master_link_status')) === 'up');

async function caughtUp(primary: TestRedis, replica: TestRedis): Promise<void> {
  const written = Number(await replication(primary, 'master_repl_offset'));
  await until(
    'the replica has everything',
    async () => Number(await replication(replica, 'slave_repl_offset')) >= written,
  );
}

/** A server that changes its place ends the connections of its clients. */
const promoted = (replica: TestRedis): Promise<void> =>
  until(
    'the replica is the primary',
    () =>
      replication(replica, 'role').then(
        (role) => role === 'master',
        () => false,
      ),
    60_000,
  );

/** A primary, its replica and three sentinels. */
export async function startSentinels(test: Scope, access?: RedisAccess): Promise<SentinelTopology> {
  const words = [
    '--repl-diskless-sync-delay',
    '0',
    ...usersFor(access, gatewayRights),
    ...replicaWords(access),
  ];
  let primary = await startRedis(test, { access, words });
  let replica = await startRedis(test, { access, words });
  await replica.command('REPLICAOF', '127.0.0.1', String(primary.port));
  await followed(replica);
  const sentinels: TestRedis[] = [];
  for (let count = 0; count < 3; count += 1) {
    const sentinelFile = join(temporaryFolder(), 'sentinel.conf');
    await writeFile(sentinelFile, sentinelConfiguration(primary.port, access));
    sentinels.push(await startRedis(test, { access, sentinelFile }));
  }
  const known = (port: number) =>
    until('the sentinels know one another, the primary and its replica', async () => {
      const all = sentinels.map(async (sentinel) => {
        const master = flat(await sentinel.command('SENTINEL', 'MASTER', primaryName));
        const isWhole = master.get('num-other-sentinels') === '2' && master.get('num-slaves') === '1';
        return isWhole && master.get('flags') === 'master' && master.get('port') === String(port);
      });
      return (await Promise.all(all)).every(Boolean);
    });
  await known(primary.port);
  return {
    settings: {
      REDIS_MODE: 'sentinel',
      REDIS_URL: urlsOf(sentinels, access),
      REDIS_SENTINEL_MASTER: primaryName,
    },
    command: (...words) => primary.command(...words),
    async failOver() {
      await caughtUp(primary, replica);
      await primary.kill();
      await promoted(replica);
      [primary, replica] = [replica, primary];
    },
    async restore() {
      await replica.start();
      await replica.command('REPLICAOF', '127.0.0.1', String(primary.port));
      await followed(replica);
      await known(primary.port);
    },
  };
}

/** A reply of names and values in turn, or a map. */
const flat = (reply: unknown): Map<string, string> =>
  new Map(
    Array.isArray(reply)
      ? reply.flatMap((name, index) => (index % 2 === 0 ? [[String(name), String(reply[index + 1])]] : []))
      : Object.entries(reply as Record<string, string>),
  );

function sentinelConfiguration(primaryPort: number, access: RedisAccess | undefined): string {
  const lines = [
    `sentinel monitor ${primaryName} 127.0.0.1 ${primaryPort} 2`,
    `sentinel down-after-milliseconds ${primaryName} 1000`,
    `sentinel failover-timeout ${primaryName} 5000`,
  ];
  if (access !== undefined)
    lines.push(
      `sentinel auth-user ${primaryName} ${access.username}`,
      `sentinel auth-pass ${primaryName} ${access.password}`,
      `sentinel sentinel-user ${access.username}`,
      `sentinel sentinel-pass ${access.password}`,
      'user default off',
      `user ${access.username} on >${access.password} ~* &* +@all`,
      'user gateway on >gateway-password &* -@all +@connection +sentinel +psubscribe',
    );
  return `${lines.join('\n')}\n`;
}

const slotRanges = [
  ['0', '5460'],
  ['5461', '10922'],
  ['10923', '16383'],
] as const;

/** Three primaries, the first of which has a replica. */
export async function startCluster(test: Scope, access?: RedisAccess): Promise<Topology> {
  const servers: TestRedis[] = [];
  for (let count = 0; count < 4; count += 1) {
    const words = [
      ...['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'],
      ...['--repl-diskless-sync-delay', '0'],
      ...(access === undefined ? [] : ['--tls-cluster', 'yes']),
      ...usersFor(access, `${gatewayRights} +cluster|slots`),
      ...replicaWords(access),
    ];
    servers.push(await startRedis(test, { access, words }));
  }
  const [primary, second, third, replica] = servers as [TestRedis, TestRedis, TestRedis, TestRedis];
  for (const [index, redis] of servers.entries())
    await redis.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
  for (const [index, redis] of [primary, second, third].entries())
    await redis.command('CLUSTER', 'ADDSLOTSRANGE', ...(slotRanges[index] as readonly [string, string]));
  for (const { port, busPort } of servers.slice(1))
    await primary.command('CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPort));
  const known = async (redis: TestRedis) => String(await redis.command('CLUSTER', 'INFO'));
  for (const redis of servers)
    await until('the nodes know one another', async () => /known_nodes:4/.test(await known(redis)));
  await until('the replica knows its primary', () =>
    primary
      .command('CLUSTER', 'MYID')
      .then((id) => replica.command('CLUSTER', 'REPLICATE', String(id)))
      .then(
        () => true,
        () => false,
      ),
  );
  await followed(replica);
  for (const redis of servers)
    await until('the cluster serves', async () => /cluster_state:ok/.test(await known(redis)));
  return {
    settings: { REDIS_MODE: 'cluster', REDIS_URL: urlsOf([primary, second, third], access) },
    async failOver() {
      await caughtUp(primary, replica);
      await primary.kill();
      await promoted(replica);
    },
  };
}
