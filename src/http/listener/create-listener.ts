// Opens and closes the HTTP servers. Every time limit is set here, so that a client that is slow on purpose or by
// accident cannot hold a connection.
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https';
import { createRequire } from 'node:module';
import { type AddressInfo, Server as NetServer } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { type ConnectionServices, Connections } from './connections.ts';

// To import it would load everything that it names, a whole HTTP client for its WebSocket too; that takes longer than express.
const { createServer } = createRequire(import.meta.url)('node:http') as typeof import('node:http');

const limits = {
  /** For the whole header section. */
  headersTimeout: 5_000,
  /** For the whole request. */
  requestTimeout: 15_000,
  /** Longer than an ingress keeps an idle connection, so that it is the ingress that closes it. */
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16_384,
  // `checkMessage` sees to it: Node's own refusal has no problem document.
  requireHostHeader: false,
};

/** A server that does not listen yet; with `tls` it speaks nothing else. */
export function createListener(
  handler: RequestListener,
  { tls, ...services }: ConnectionServices & { readonly tls?: TlsOptions | undefined } = {},
): Server | HttpsServer {
  const connections = new Connections(handler, services);
  const { serve } = connections;
  const server =
    tls === undefined ? createServer(limits, serve) : createTlsServer({ ...limits, ...tls }, serve);
  connections.attach(server);
  // Headers are limited by their size; a limit by number would hide the rest of them, a second Authorization too.
  server.maxHeadersCount = 0;
  // "Expect: 100-continue" must not be answered before the token is good; other expectations may be ignored.
  server.on('checkContinue', serve);
  server.on('checkExpectation', serve);
  return server;
}

/**
 * The requests that `listener` gets wait for `open`: a port can be bound before anything may be served. At most `max` wait;
 * the connection of one more is closed, as if the port were not bound yet.
 */
export function holdRequests(
  handler: RequestListener,
  max: number,
): { listener: RequestListener; open(): void } {
  const held = new Set<() => void>();
  let isOpen = false;
  return {
    listener(request, response) {
      if (isOpen) {
        handler(request, response);
        return;
      }
      if (held.size >= max) {
        request.socket.destroy();
        return;
      }
      const serve = () => {
        // Who was refused meanwhile is not served.
        if (request.socket.writable) handler(request, response);
      };
      held.add(serve);
      response.once('close', () => held.delete(serve));
    },
    open() {
      isOpen = true;
      for (const serve of held) serve();
      held.clear();
    },
  };
}

/** Resolves to the port. Rejects when the address cannot be had. */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/**
 * Stops accepting, after all who are connected already: the kernel would reset those whom nobody has accepted. Resolves when
 * the listening socket is gone; connections stay. A flood that lets no round be quiet is waited out for `maxMs`.
 */
export const stopAccepting = (server: Server, maxMs: number): Promise<void> =>
  inQuietRound(maxMs, () => {
    // An HTTP server's own `close` would cut idle connections, too, perhaps with a request on its way.
    NetServer.prototype.close.call(server);
  });

/** Closes idle connections, after whatever has arrived on them by now has been read; likewise. */
export const closeIdle = (server: Server, maxMs: number): Promise<void> =>
  inQuietRound(maxMs, () => server.closeIdleConnections());

/** Resolves when the last connection is gone; to be asked for before `stopAccepting`. */
export const lastConnectionGone = (server: Server): Promise<void> =>
  new Promise((resolve) => server.once('close', () => resolve()));

/** Stops accepting and closes what is idle. Resolves when the last connection is gone. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // The error only says that it does not listen any more.
    server.close(() => resolve());
  });
}

/** After one, work that was left may still take its time; after so many there is none. */
const quietRounds = 3;

/**
 * Acts right behind rounds of the event loop in which nothing at all happened: whatever had arrived has been taken, and there
 * was no time for anything to come since.
 */
function inQuietRound(maxMs: number, act: () => void): Promise<void> {
  return new Promise((resolve) => {
    let events = -1;
    let quiet = 0;
    const until = performance.now() + maxMs;
    const look = () => {
      const before = events;
      ({ events } = performance.nodeTiming.uvMetricsInfo);
      quiet = events === before ? quiet + 1 : 0;
      if (quiet < quietRounds && performance.now() < until) {
        setImmediate(look);
        return;
      }
      act();
      resolve();
    };
    setImmediate(look);
  });
}
