// One client's connection. Serves its requests one at a time, and knows how much of them waits in memory and how fast the
// client reads. Reading never stops for a request that waits, so that a disconnect is noticed.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { maxBodyBytes } from '../read-body.ts';
import { unsentBytes } from '../respond/send-body.ts';

/** Seconds without progress while bytes of a response wait to be written. */
const maxStalledSeconds = 10;
/** Over so many seconds a client must take `minBytesPerSecond`. */
const rateSeconds = 60;
const minBytesPerSecond = 8 * 1024;
/** What Node takes for a request that waits, besides its bytes: measured, rounded up. */
const requestBytes = 2048;
/** 300 requests of a kilobyte fit. */
const maxWaitingBytes = 1024 * 1024;

/** Why the gateway ends a connection. */
export type CloseReason = 'unread' | 'slow' | 'pipelined' | 'address-connections' | 'address-bytes';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Read from the connection when it came. */
  readonly bytesRead: number;
}

/** The clients behind one address. */
export interface Address {
  readonly key: string;
  /** A trusted proxy: without bounds of its own. */
  readonly trusted: boolean;
  readonly connections: Set<Connection>;
}

const key = Symbol('connection');
type WithConnection = Socket & { [key]?: Connection };

/** The connection that a request came on. */
export const connectionOf = (socket: Socket): Connection | undefined => (socket as WithConnection)[key];

/** Does another request wait behind the one that is served on this socket? */
export const isFollowed = (socket: Socket): boolean => connectionOf(socket)?.isFollowed ?? false;

export class Connection {
  /** The TCP connection. */
  readonly socket: Socket;
  readonly address: Address;
  /** What HTTP is spoken on: the same, or TLS on it. */
  #stream: Socket;
  readonly #handler: RequestListener;
  /** The response under way. */
  #current: ServerResponse | undefined;
  readonly #waiting: Exchange[] = [];
  /** Bytes that the client has acknowledged so far, each second that some wait to be written. */
  readonly #taken: number[] = [];

  constructor(socket: Socket, address: Address, handler: RequestListener) {
    this.socket = socket;
    this.address = address;
    this.#handler = handler;
    this.#stream = socket;
    this.speakOn(socket);
  }

  /** From now on HTTP is spoken on this stream. */
  speakOn(stream: Socket): void {
    this.#stream = stream;
    (stream as WithConnection)[key] = this;
  }

  get isFollowed(): boolean {
    return this.#waiting.length > 0;
  }

  /** Serves the request now, or when those before it on the connection have been answered. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.socket.destroyed) return;
    if (this.#current === undefined) this.#start(request, response);
    else this.#waiting.push({ request, response, bytesRead: this.#stream.bytesRead });
  }

  /** Behind an answer that ends the connection nothing is served (RFC 9112 section 9.6). */
  #start(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#stream.writable) return;
    this.#current = response;
    response.once('close', this.#next);
    this.#handler(request, response);
  }

  readonly #next = (): void => {
    this.#current = undefined;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#start(next.request, next.response);
  };

  get #waitingBytes(): number {
    const [first] = this.#waiting;
    if (first === undefined) return 0;
    return this.#waiting.length * requestBytes + this.#stream.bytesRead - first.bytesRead;
  }

  /** What is kept in memory for the client: bytes of responses that it has not read, and requests that wait. */
  get keptBytes(): number {
    const unsent = this.#current === undefined ? 0 : unsentBytes(this.#current);
    return this.#stream.writableLength + unsent + this.#waitingBytes;
  }

  /**
   * Too much waits behind the request that is served. Node stops reading at a body that nobody takes, and with it the
   * disconnect would go unnoticed: a body beyond what is accepted anyway is too much.
   */
  get isOverfull(): boolean {
    if (this.#waitingBytes > maxWaitingBytes) return true;
    return (this.#waiting.at(-1)?.request.readableLength ?? 0) > maxBodyBytes;
  }

  /** Do bytes of a response wait to be written? */
  get isBlocked(): boolean {
    return this.#stream.writableLength > 0;
  }

  /**
   * To be called every second: why the connection must end, if it must. `unacknowledged`: bytes that the kernel has taken and
   * the client has not.
   */
  check(unacknowledged: number): CloseReason | undefined {
    if (this.isOverfull) return 'pipelined';
    if (!this.isBlocked) {
      this.#taken.length = 0;
      return undefined;
    }
    const { bytesWritten, writableLength } = this.#stream;
    const taken = bytesWritten - writableLength - unacknowledged;
    const stalledSince = this.#taken.at(-maxStalledSeconds);
    const aMinuteAgo = this.#taken.at(-rateSeconds);
    this.#taken.push(taken);
    if (this.#taken.length > rateSeconds) this.#taken.shift();
    if (taken === stalledSince) return 'unread';
    if (aMinuteAgo !== undefined && taken - aMinuteAgo < rateSeconds * minBytesPerSecond) return 'slow';
    return undefined;
  }
}
