// Connections to other servers, kept open between requests: direct, or through the egress proxy of the settings. Loopback
// is never proxied. A failure of the proxy is distinguished from one behind it.
import { Agent, Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import type { EgressProxyConfig } from '../config/config.ts';
import { isLoopback } from '../net/secure-url.ts';
import { EgressProxyError } from './failures.ts';

/** URLs of http or https proxies, which may hold credentials. */
export interface EgressProxy {
  readonly httpProxy: string | undefined;
  readonly httpsProxy: string | undefined;
  readonly noProxy: string;
}

/** The proxies of the settings, with their credentials. */
export const revealEgressProxy = async ({
  httpProxy,
  httpsProxy,
  noProxy,
}: EgressProxyConfig): Promise<EgressProxy> => ({
  httpProxy: await httpProxy?.reveal(),
  httpsProxy: await httpsProxy?.reveal(),
  noProxy,
});

const maxRoutes = 100;

/** Tells the first request on a connection from those that reuse it. */
export class OutboundAgent extends Dispatcher {
  readonly #direct: Agent;
  /** `undefined`: the settings name no proxy. */
  readonly #proxied: EnvHttpProxyAgent | undefined;
  /** By origin. */
  readonly #routes = new Map<string, Dispatcher>();
  readonly #newConnection = new NewConnection();

  /**
   * `connectTimeoutMs` bounds a connection; through a proxy, the tunnel and then TLS in it. `connections`: the most to each
   * server.
   */
  constructor(connectTimeoutMs: number, connections: number, egressProxy?: EgressProxy) {
    super();
    const options = {
      connections,
      connect: { timeout: connectTimeoutMs },
      // The exchange has one time limit over everything, which a server cannot stretch by answering slowly.
      headersTimeout: 0,
      bodyTimeout: 0,
      pipelining: 1,
      allowH2: false,
      factory: (origin: string | URL, poolOptions: object) =>
        new Pool(origin, poolOptions).on('connect', () => this.#newConnection.begin()),
    };
    this.#direct = new Agent(options);
    if (egressProxy?.httpProxy === undefined && egressProxy?.httpsProxy === undefined) return;
    this.#proxied = new EnvHttpProxyAgent({
      ...options,
      ...{ connectTimeout: connectTimeoutMs, requestTls: { allowH2: false }, proxyTls: { allowH2: false } },
      // An empty text, too, keeps undici from reading the environment by itself.
      httpProxy: egressProxy.httpProxy ?? '',
      httpsProxy: egressProxy.httpsProxy ?? '',
      noProxy: egressProxy.noProxy,
      clientFactory: (origin, poolOptions) => new ProxyPool(origin, poolOptions, connectTimeoutMs),
    });
  }

  override dispatch(options: Agent.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.#routeTo(String(options.origin)).dispatch(options, handler);
  }

  override async destroy(): Promise<void> {
    await Promise.all([this.#direct.destroy(), this.#proxied?.destroy()]);
  }

  #routeTo(origin: string): Dispatcher {
    if (this.#proxied === undefined) return this.#direct;
    const known = this.#routes.get(origin);
    if (known !== undefined) return known;
    const route = isLoopback(new URL(origin).hostname) ? this.#direct : this.#proxied;
    // The settings and the metadata of issuers name few origins, but a metadata document may change.
    if (this.#routes.size >= maxRoutes) this.#routes.clear();
    this.#routes.set(origin, route);
    return route;
  }

  /** Asked when a request starts: is it the first one on its connection? */
  startsConnection(): boolean {
    return this.#newConnection.end();
  }
}

/** undici starts the first request on a new connection before it returns from the code that says that there is one. */
class NewConnection {
  #isNew = false;

  begin(): void {
    this.#isNew = true;
    queueMicrotask(() => {
      this.#isNew = false;
    });
  }

  end(): boolean {
    const wasNew = this.#isNew;
    this.#isNew = false;
    return wasNew;
  }
}

/** Connections to the egress proxy, each of which becomes a tunnel (RFC 9110 section 9.3.6). */
class ProxyPool extends Pool {
  readonly #timeoutMs: number;

  constructor(origin: URL, options: object, timeoutMs: number) {
    // Otherwise the pool makes one connection at a time until one has negotiated HTTP/1.1.
    super(origin, { ...options, allowH2: false });
    this.#timeoutMs = timeoutMs;
  }

  // undici calls no other form of it.
  override async connect(options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> {
    const signal = AbortSignal.timeout(this.#timeoutMs);
    const data = await super.connect({ ...options, signal }).catch((cause: unknown) => {
      throw EgressProxyError.ofCause(cause);
    });
    if (data.statusCode === 200) return data;
    data.socket.on('error', () => undefined).destroy();
    throw EgressProxyError.ofStatus(data.statusCode);
  }
}
