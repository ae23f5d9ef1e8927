// Sends a response body. A large body is sent in pieces, each after the client has read the one before. A client that does not
// read costs one piece of memory, and its reading speed can be measured.
import { isAscii } from 'node:buffer';
import type { ServerResponse } from 'node:http';

/** 256 connections that read nothing hold half of the bytes that one address may. */
const maxPieceBytes = 32 * 1024;

const key = Symbol('unsent bytes');
type WithUnsent = ServerResponse & { [key]?: number };

/** Body bytes that only this response keeps in memory and that have not been written to the connection yet. */
export const unsentBytes = (response: ServerResponse): number => (response as WithUnsent)[key] ?? 0;

/** Needs the header written. `shared`: the body stays in memory anyway and does not count as unsent. */
export function sendBody(response: ServerResponse, body: Buffer, shared: boolean): void {
  if (body.length > maxPieceBytes && response.req.method !== 'HEAD') sendPieces(response, body, shared);
  // Node writes text together with the header.
  else if (isAscii(body)) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
}

function sendPieces(response: WithUnsent, body: Buffer, shared: boolean): void {
  let sent = 0;
  const sendNext = (error?: Error | null) => {
    if (error) return;
    if (sent === body.length) {
      response.end();
      return;
    }
    const piece = body.subarray(sent, sent + maxPieceBytes);
    sent += piece.length;
    if (!shared) response[key] = body.length - sent;
    response.write(piece, sendNext);
  };
  sendNext();
}
