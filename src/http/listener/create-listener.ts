// Opens and closes the HTTP servers, and sets their timeouts, so that a slow client cannot hold a connection.
import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https';
import { createRequire } from 'node:module';
import { type AddressInfo, Server as NetServer } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { type ConnectionServices, Connections } from './connections.ts';
import { CountedMessage } from './counted-message.ts';

// An import evaluates all exports of the module, its WebSocket client too, which takes longer than loading Express.
const { createServer } = createRequire(import.meta.url)('node:http') as typeof import('node:http');

const options = {
  IncomingMessage: CountedMessage,
  /** For the whole header section. */
  headersTimeout: 5_000,
  /** For the whole request. */
  requestTimeout: 15_000,
  /** Longer than that of an ingress, so that the ingress closes idle connections. */
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16_384,
  // `checkMessage` requires it: Node's own refusal has no problem document.
  requireHostHeader: false,
};

/** A server that does not listen yet. With `tls` it serves only TLS. */
export function createListener(
  handler: RequestListener,
  { tls, ...services }: ConnectionServices & { readonly tls?: TlsOptions | undefined } = {},
): Server | HttpsServer {
  const connections = new Connections(handler, services);
  const { serve } = connections;
  const server =
    tls === undefined ? createServer(options, serve) : createTlsServer({ ...options, ...tls }, serve);
  connections.attach(server);
  // Headers are limited by size. A limit by number would hide the rest, such as a second Authorization header.
  server.maxHeadersCount = 0;
  // `Expect: 100-continue` is answered only after the token is verified. Other expectations may be ignored.
  server.on('checkContinue', serve);
  server.on('checkExpectation', serve);
  return server;
}

/**
 * Holds requests until `open`, so that a port can be bound before requests may be served. At most `max` are held. The
 * connections of others are closed, as if the port were not bound yet.
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
        // The request may have been refused meanwhile.
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

/** Resolves to the port. Rejects if the address cannot be bound. */
export async function listen(server: Server, port: number, host: string): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/**
 * Closes the listening socket, after all established connections have been accepted: the kernel would reset the others.
 * Connections stay open. Waits at most `maxMs` for a quiet round of the event loop.
 */
export const stopAccepting = (server: Server, maxMs: number): Promise<void> =>
  inQuietRound(maxMs, () => {
    // An HTTP server's `close` would also close idle connections, on which a request may be arriving.
    NetServer.prototype.close.call(server);
  });

/** Closes idle connections, after everything that has arrived on them has been read. Waits likewise. */
export const closeIdle = (server: Server, maxMs: number): Promise<void> =>
  inQuietRound(maxMs, () => server.closeIdleConnections());

/** Resolves when the last connection is closed. Must be called before `stopAccepting`. */
export const lastConnectionGone = (server: Server): Promise<void> =>
  new Promise((resolve) => server.once('close', () => resolve()));

/** Stops accepting and closes idle connections. Resolves when the last connection is closed. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // The only error says that the server does not listen any more.
    server.close(() => resolve());
  });
}

/** After a single quiet round, deferred work may still be pending. */
const quietRounds = 3;

/**
 * Calls `act` right after rounds of the event loop without any event: everything that had arrived has been read, and nothing
 * can have arrived since.
 */
function inQuietRound(maxMs: number, act: () => void): Promise<void> {
  return new Promise((resolve) => {
    let events = -1;
    let quiet = 0;
    const until = performance.now() + maxMs;
    const checkRound = () => {
      const before = events;
      ({ events } = performance.nodeTiming.uvMetricsInfo);
      quiet = events === before ? quiet + 1 : 0;
      if (quiet < quietRounds && performance.now() < until) {
        setImmediate(checkRound);
        return;
      }
      act();
      resolve();
    };
    setImmediate(checkRound);
  });
}
