// One address on loopback before servers that change places, as after a failover: connections that are open stay with the
// server that they reached, new ones go to the one that is named last.
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export interface Forwarder {
  readonly port: number;
  /** Connections accepted since the start. */
  readonly accepted: number;
  /** New connections go to this port from now on. */
  pointTo(port: number): void;
}

export async function startForwarder(test: TestContext, firstPort: number): Promise<Forwarder> {
  let target = firstPort;
  let accepted = 0;
  const open = new Set<Socket>();
  const server = createServer((near) => {
    accepted += 1;
    const far = connect(target, '127.0.0.1');
    for (const [socket, peer] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.pipe(peer);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          open.delete(socket);
          peer.destroy();
        });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  const { port } = server.address() as { port: number };
  return {
    port,
    get accepted() {
      return accepted;
    },
    pointTo(next) {
      target = next;
    },
  };
}
