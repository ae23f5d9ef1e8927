// An HTTP server that only this machine can reach. It counts its connections, and once closed it has left none open.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LoopbackServer {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly origin: string;
  readonly port: number;
  /** Connections accepted since the start; it never goes down. */
  readonly connections: number;
  close(): Promise<void>;
}

/** Takes over an answer: returns nothing to let the request go its usual way. */
export type Fault<Seen> = (seen: Seen) => RequestListener | undefined;

/** Port 0 picks a free one. The promise is rejected when the port is taken. */
export async function startLoopbackServer(listener: RequestListener, port = 0): Promise<LoopbackServer> {
  let connections = 0;
  const server = createServer(listener);
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    origin: `http://127.0.0.1:${bound}`,
    port: bound,
    get connections() {
      return connections;
    },
    close: () =>
      new Promise((resolve) => {
        // The callback's error only says that the server was closed before, which is what the caller wants.
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
