// A request whose body is counted piece by piece as it arrives. A class instead of a closure on each request: V8 puts such
// closures among old objects, which keep request and response until the next full collection.
import { createRequire } from 'node:module';
import { connectionOf, type Exchange } from './connection.ts';

const { IncomingMessage } = createRequire(import.meta.url)('node:http') as typeof import('node:http');

export class CountedMessage extends IncomingMessage {
  /** Set if it has a body. */
  exchange: Exchange | undefined = undefined;

  override push(piece: unknown, encoding?: BufferEncoding): boolean {
    const { exchange, socket } = this;
    const isGone = exchange !== undefined && connectionOf(socket)?.countPiece(exchange) === false;
    return isGone ? false : super.push(piece, encoding);
  }
}
