// One client connection. Serves its requests one at a time, and measures how many bytes wait in memory and how fast the client
// reads. It keeps reading while a request waits, so that a disconnect is noticed.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { maxBodyBytes } from '../read-body.ts';
import { unsentBytes } from '../respond/send-body.ts';
import type { CountedMessage } from './counted-message.ts';

/** Bound on the time without progress while response bytes wait to be written. */
const maxStalledSeconds = 10;
/** Over this period a client must read `minBytesPerSecond`. */
const rateSeconds = 60;
const minBytesPerSecond = 8 * 1024;
/** Memory that Node uses for a request with up to 20 header fields, besides its bytes: measured, rounded up. */
const requestBytes = 2048;
const includedFields = 20;
/** Likewise, for a further header field and for a piece of a body. */
const fieldBytes = 50;
const pieceBytes = 160;
/** After so many pieces of a body their memory is added up. */
const countedPieces = 64;
/** The kernel may have as many bytes for a client before it is asked which of them are acknowledged. */
const maxUncheckedBytes = 64 * 1024;
/** Enough for 300 requests of a kilobyte. */
const maxWaitingBytes = 1024 * 1024;
/** For the objects of the request being served: enough for the longest body in pieces of a byte. */
const maxServedBytes = 4 * 1024 * 1024;

/** Why the gateway closed a connection. */
export type CloseReason = 'unread' | 'slow' | 'pipelined' | 'address-connections' | 'address-bytes';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Total bytes read from the connection when the request arrived. */
  readonly bytesRead: number;
  /** Memory that it uses besides these. */
  objectBytes: number;
  /** Of its body. */
  pieces: number;
}

/** The connections of one client address. */
export interface Address {
  readonly key: string;
  /** A trusted proxy, exempt from the bounds per address. */
  readonly trusted: boolean;
  readonly connections: Set<Connection>;
  /** By how much waiting requests have grown since the bytes of all connections were added up. */
  grownBytes: number;
}

const key = Symbol('connection');
type WithConnection = Socket & { [key]?: Connection };

/** The connection of a request's socket. */
export const connectionOf = (socket: Socket): Connection | undefined => (socket as WithConnection)[key];

/** Does another request wait on this socket? */
export const isFollowed = (socket: Socket): boolean => connectionOf(socket)?.isFollowed ?? false;

export class Connection {
  /** The TCP connection. */
  readonly socket: Socket;
  readonly address: Address;
  /** The stream of the HTTP messages: the same socket, or TLS over it. */
  stream: Socket;
  readonly #handler: RequestListener;
  /** Called when what waits has grown. */
  readonly #grown: (connection: Connection) => void;
  /** The request being served. */
  #current: Exchange | undefined;
  readonly #waiting: Exchange[] = [];
  /** The sum of the `objectBytes` of all of them and of the current one. */
  #objectBytes = 0;
  /** `#requestBytes` when the growth was last taken. */
  #knownBytes = 0;
  /** Lower bounds of the bytes that the client has acknowledged: a sample every second while it has not acknowledged all. */
  readonly #taken: number[] = [];
  /** How many bytes the client had acknowledged when the kernel last had none for it. */
  #allTaken = 0;
  #sentWhenAsked = 0;

  constructor(
    socket: Socket,
    address: Address,
    { handler, grown }: { handler: RequestListener; grown: (connection: Connection) => void },
  ) {
    this.socket = socket;
    this.address = address;
    this.#handler = handler;
    this.#grown = grown;
    this.stream = socket;
    this.speakOn(socket);
  }

  /** From now on HTTP uses this stream. */
  speakOn(stream: Socket): void {
    this.stream = stream;
    (stream as WithConnection)[key] = this;
  }

  get isFollowed(): boolean {
    return this.#waiting.length > 0;
  }

  /** Serves the request once those before it on the connection have been answered. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.socket.destroyed) return;
    const furtherFields = Math.max(0, request.rawHeaders.length / 2 - includedFields);
    const objectBytes = requestBytes + fieldBytes * furtherFields;
    const exchange = { request, response, bytesRead: this.stream.bytesRead, objectBytes, pieces: 0 };
    this.#objectBytes += objectBytes;
    if (mayHaveBody(request)) (request as CountedMessage).exchange = exchange;
    if (this.#current === undefined) this.#start(exchange);
    else {
      this.#waiting.push(exchange);
      this.#grown(this);
    }
  }

  /** Called for each piece: a body in pieces of a byte takes a hundred times its size. `false`: the connection is gone. */
  countPiece(exchange: Exchange): boolean {
    if (this.socket.destroyed) return false;
    exchange.objectBytes += pieceBytes;
    this.#objectBytes += pieceBytes;
    exchange.pieces += 1;
    if (exchange.pieces % countedPieces === 0) this.#grown(this);
    return true;
  }

  /** After an answer that closes the connection, no request is served (RFC 9112 section 9.6). */
  #start(exchange: Exchange): void {
    if (!this.stream.writable) return;
    this.#current = exchange;
    const { request, response } = exchange;
    response.once('close', this.#next);
    this.#handler(request, response);
  }

  readonly #next = (): void => {
    this.#objectBytes -= this.#current?.objectBytes ?? 0;
    this.#current = undefined;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#start(next);
  };

  /** Of the request being served, only its objects. */
  get #requestBytes(): number {
    const [first] = this.#waiting;
    const unserved = first === undefined ? 0 : this.stream.bytesRead - first.bytesRead;
    return this.#objectBytes + unserved;
  }

  /** By how much the requests have grown since the last call. */
  takeGrowth(): number {
    const before = this.#knownBytes;
    this.#knownBytes = this.#requestBytes;
    return Math.max(0, this.#knownBytes - before);
  }

  /** Bytes kept in memory for the client: unread responses and requests. */
  get keptBytes(): number {
    const unsent = this.#current === undefined ? 0 : unsentBytes(this.#current.response);
    return this.stream.writableLength + unsent + this.#requestBytes;
  }

  /**
   * Too many bytes wait. A waiting body over the size limit counts as too many: Node stops reading at a body that nobody
   * consumes, and a disconnect would go unnoticed.
   */
  get isOverfull(): boolean {
    const served = this.#current?.objectBytes ?? 0;
    if (served > maxServedBytes || this.#requestBytes - served > maxWaitingBytes) return true;
    return (this.#waiting.at(-1)?.request.readableLength ?? 0) > maxBodyBytes;
  }

  /** Called when the kernel is asked what it has for the client. */
  noteSent(): void {
    this.#sentWhenAsked = this.#sentBytes;
  }

  /** Bytes that the kernel has accepted. */
  get #sentBytes(): number {
    return this.stream.bytesWritten - this.stream.writableLength;
  }

  /** May bytes of responses wait, here or in the kernel, for a client that does not read? */
  get mayBeUnread(): boolean {
    const { bytesWritten, writableLength } = this.stream;
    return writableLength > 0 || bytesWritten - this.#allTaken > maxUncheckedBytes;
  }

  /**
   * Called every second. Returns why the connection must be closed, if it must. `unacknowledged`: bytes that the kernel has
   * accepted and the client has not acknowledged; `undefined` if the kernel was not asked, or did not answer in time.
   */
  check(unacknowledged: number | undefined): CloseReason | undefined {
    if (this.isOverfull) return 'pipelined';
    if (unacknowledged === undefined) return undefined;
    const { writableLength } = this.stream;
    if (writableLength === 0 && unacknowledged === 0) {
      this.#allTaken = this.#sentWhenAsked;
      this.#taken.length = 0;
      return undefined;
    }
    // More may have been sent between question and answer: of that, nothing is known to be acknowledged.
    const taken = Math.max(this.#taken.at(-1) ?? 0, this.#sentWhenAsked - unacknowledged);
    const stalledSince = this.#taken.at(-maxStalledSeconds);
    const aMinuteAgo = this.#taken.at(-rateSeconds);
    this.#taken.push(taken);
    if (this.#taken.length > rateSeconds) this.#taken.shift();
    if (taken === stalledSince) return 'unread';
    // Of a client that takes all that is written, another sample may always find the last bytes on their way.
    if (writableLength === 0 || aMinuteAgo === undefined) return undefined;
    return taken - aMinuteAgo < rateSeconds * minBytesPerSecond ? 'slow' : undefined;
  }
}

const mayHaveBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
