// Ports for programs that cannot pick one themselves, and ports where nobody listens. They are outside the range from which
// the kernel gives ports (32768 to 60999 on Linux), so that no other socket of a busy machine gets one in the meantime.
import { startLoopbackServer } from '../../sandbox/loopback-server.ts';

const firstPort = 20_000;
const portCount = 10_000;

/** A port of loopback where nobody listens. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = firstPort + Math.floor(Math.random() * portCount);
    const server = await startLoopbackServer(() => undefined, port).catch(() => undefined);
    if (server === undefined) continue;
    await server.close();
    return port;
  }
}
