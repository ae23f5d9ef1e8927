// What REDIS_URL says: one server, or the list of sentinels or cluster nodes to begin with. Refuses what the client library
// could not use, and lists whose entries differ in more than host and port.
import { isLoopback } from '../net/secure-url.ts';

export interface RedisServers {
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** `port` is undefined where the URL has none. */
  readonly nodes: readonly { readonly host: string; readonly port: number | undefined }[];
}

/** What the other settings demand of REDIS_URL. */
interface RedisRules {
  readonly mode: 'single' | 'sentinel' | 'cluster';
  readonly allowPlaintext: boolean;
}

/** `undefined`: not a URL, or not a list of them, that can be used. */
export function parseRedisUrls(text: string): RedisServers | undefined {
  const parsed = text.split(/\s*,\s*(?=rediss?:\/\/)/).map(parseRedisUrl);
  const [first] = parsed;
  if (first === undefined) return undefined;
  const nodes: RedisServers['nodes'][number][] = [];
  for (const entry of parsed) {
    if (entry === undefined || !hasSameAccess(entry, first)) return undefined;
    nodes.push(...entry.nodes);
  }
  return { ...first, nodes };
}

/** What is expected in place of these servers; `undefined` if they are fine. */
export function redisFault(servers: RedisServers, { mode, allowPlaintext }: RedisRules): string | undefined {
  if (crossesNetworkInPlaintext(servers) && !allowPlaintext)
    return 'a rediss:// URL (redis:// only for a loopback host, or with REDIS_ALLOW_PLAINTEXT=true)';
  if (mode === 'single' && servers.nodes.length > 1)
    return 'one URL, or REDIS_MODE=sentinel or REDIS_MODE=cluster for a list';
  if (mode === 'cluster' && servers.database !== 0) return 'database 0, the only one that a cluster has';
  return undefined;
}

export const crossesNetworkInPlaintext = ({ tls, nodes }: RedisServers): boolean =>
  !tls && !nodes.every(({ host }) => isLoopback(host));

const hasSameAccess = (a: RedisServers, b: RedisServers): boolean =>
  a.tls === b.tls && a.username === b.username && a.password === b.password && a.database === b.database;

function parseRedisUrl(text: string): RedisServers | undefined {
  if (!/^rediss?:\/\/[^\s#\\]+$/.test(text) || !URL.canParse(text)) return undefined;
  const { protocol, hostname, port, username, password, pathname } = new URL(text);
  // A second `@` leaves open where the credentials end.
  const [authority = ''] = text.slice(`${protocol}//`.length).split('/');
  const database = /^\/?(\d{0,5})$/.exec(pathname)?.[1];
  if (
    !/^([\w.-]+|\[[0-9a-f:.]+\])$/i.test(hostname) ||
    authority.split('@').length > 2 ||
    database === undefined
  )
    return undefined;
  try {
    return {
      tls: protocol === 'rediss:',
      username: decodeURIComponent(username) || undefined,
      password: decodeURIComponent(password) || undefined,
      database: Number(database),
      nodes: [{ host: hostname, port: port === '' ? undefined : Number(port) }],
    };
  } catch {
    // A percent sign that encodes nothing (RFC 3986 section 2.1).
    return undefined;
  }
}
