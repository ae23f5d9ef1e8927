// Sends a response's body. A large one goes out piece by piece, each when the client has taken the piece before: a client
// that does not read costs one piece, and how fast it reads can be seen.
import { isAscii } from 'node:buffer';
import type { ServerResponse } from 'node:http';

/** A body up to this size is sent in one piece. 256 connections that read nothing hold half of what an address may. */
const maxPieceBytes = 32 * 1024;

const key = Symbol('unsent bytes');
type WithUnsent = ServerResponse & { [key]?: number };

/** Bytes of the body that are not handed to the connection yet, and that only this response keeps in memory. */
export const unsentBytes = (response: ServerResponse): number => (response as WithUnsent)[key] ?? 0;

/** The header must be written. `shared`: the body stays in memory anyway, and does not count as unsent. */
export function sendBody(response: ServerResponse, body: Buffer, shared: boolean): void {
  if (body.length > maxPieceBytes && response.req.method !== 'HEAD') sendPieces(response, body, shared);
  // As text it goes out in one piece with the fields.
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
