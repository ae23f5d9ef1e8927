// A request whose body is counted piece by piece as it arrives. It refers to no closure: V8 would keep each, among old objects
// and with the response that it refers to, until the next full collection.
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
