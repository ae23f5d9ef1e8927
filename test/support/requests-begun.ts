// Waits until a server has read the head of a request, though it may not serve it yet.
import diagnostics from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const channel = 'http.server.request.start';

/** Resolves when so many more requests have come to the port. */
export function requestsBegun(port: number, count = 1): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    const heard = (message: unknown) => {
      // A server that stops has no address any more.
      const { socket } = message as { socket: Socket };
      if (socket.localPort !== port) return;
      left -= 1;
      if (left > 0) return;
      diagnostics.unsubscribe(channel, heard);
      resolve();
    };
    diagnostics.subscribe(channel, heard);
  });
}
