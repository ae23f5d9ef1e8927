// One address on loopback before servers that change places, as after a failover: connections that are open stay with the
// server that they reached, new ones go to the one that is named last.
import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { until } from '../support/until.ts';

export interface Forwarder {
  readonly port: number;
  /** Connections accepted since the start. */
  readonly accepted: number;
  /** When each of them was, in milliseconds of `performance.now()`. */
  readonly acceptedAt: readonly number[];
  /** New connections go to this port from now on. */
  pointTo(port: number): void;
}

export async function startForwarder(test: TestContext, firstPort: number): Promise<Forwarder> {
  let target = firstPort;
  const acceptedAt: number[] = [];
  const open = new Set<Socket>();
  const server = createServer((near) => {
    acceptedAt.push(performance.now());
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
    acceptedAt,
    get accepted() {
      return acceptedAt.length;
    },
    pointTo(next) {
      target = next;
    },
  };
}

/**
 * After so many connections, every pause between tries is at least twice as long as the one before. No timer fires more
 * than a millisecond early.
 */
export async function assertBacksOff(forwarder: Forwarder, before = forwarder.accepted): Promise<void> {
  await until('Redis has been tried four times more', () => forwarder.accepted >= before + 4);
  const at = forwarder.acceptedAt.slice(before, before + 4);
  for (const [index, pauseMs] of [200, 400, 800].entries()) {
    const passed = (at[index + 1] ?? 0) - (at[index] ?? 0);
    assert.ok(passed >= pauseMs - 2, `${passed} ms after try ${index + 1}`);
  }
}
