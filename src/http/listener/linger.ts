// Closes connections whose request continues after its answer. For a moment the rest is still read, so that the client gets
// the answer. Also closes connections on which the next request may be lost.
import type { IncomingMessage, ServerResponse } from 'node:http';

const lingerMs = 2000;

export function limitLingering(request: IncomingMessage, response: ServerResponse): void {
  // After an upgrade request (RFC 9110 section 7.8) Node drops what it has read, even if nobody upgrades. A request in it would
  // never be answered.
  if (request.headers.upgrade !== undefined) response.setHeader('Connection', 'close');
  response.once('finish', () => {
    if (request.complete) return;
    const timer = setTimeout(() => request.socket.destroy(), lingerMs).unref();
    request.once('close', () => clearTimeout(timer));
  });
}
