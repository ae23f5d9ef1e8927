// Ends connections whose request goes on after its answer: the rest is read and thrown away for a moment, so that a
// client that is still sending gets to see the answer, and no longer. Ends those on which the next request may be lost.
import type { RequestHandler } from 'express';

const lingerMs = 2000;

export const limitLingering: RequestHandler = (request, response, next) => {
  // Node drops what it has read behind an offer to change the protocol (RFC 9110 section 7.8), though nobody takes it up:
  // a request in there would wait for its answer in vain.
  if (request.headers.upgrade !== undefined) response.setHeader('Connection', 'close');
  response.once('finish', () => {
    if (request.complete) return;
    // Closing the server ends these connections, too; no process waits for them.
    const timer = setTimeout(() => request.socket.destroy(), lingerMs).unref();
    request.once('close', () => clearTimeout(timer));
  });
  next();
};
