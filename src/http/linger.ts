// Ends connections whose request goes on after its answer: the rest is read and thrown away for a moment, so that a
// client that is still sending gets to see the answer, and no longer.
import type { RequestHandler } from 'express';

const lingerMs = 2000;

export const limitLingering: RequestHandler = (request, response, next) => {
  response.once('finish', () => {
    if (request.complete) return;
    // Closing the server ends these connections, too; no process waits for them.
    const timer = setTimeout(() => request.socket.destroy(), lingerMs).unref();
    request.once('close', () => clearTimeout(timer));
  });
  next();
};
