// What Node's own parser refuses still gets a problem document (RFC 9457), once, on the right request: a fault in a body
// goes to the request whose body it is, and one behind a request waits until that has been answered.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../../clock.ts';
import { type ErrorCode, GatewayError } from '../../errors.ts';
import type { Logger } from '../../logging/logger.ts';
import { problemHeaders, problemOf } from '../respond/problem.ts';

const codes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
};
const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
};
/** How long the other side may take to read a refusal before the connection is cut. */
const lingerMs = 1000;

interface Open {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What is wrong with the rest of its body. */
  fault?: GatewayError;
  /** Is to be told. */
  fail?: (error: GatewayError) => void;
}

/** The end of a request that was answered early is known before it is announced, and what came with it is not part of it. */
const isUnderWay = ({ request, response }: Open): boolean => !(request.complete && response.closed);

/** Its body has arrived, or is thrown away. */
const hasNoReader = ({ request, fail }: Open): boolean =>
  request.complete || (request.readableFlowing === true && fail === undefined);

export interface MalformedRequestServices {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the public routes. */
  readonly basePath: string;
  /** Told the code of each refusal that is answered here. */
  readonly refused?: (code: ErrorCode) => void;
}

export class MalformedRequests {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #basePath: string;
  readonly #refused: MalformedRequestServices['refused'];
  readonly #open = new WeakMap<Duplex, Set<Open>>();

  constructor(services: MalformedRequestServices) {
    this.#clock = services.clock;
    this.#logger = services.logger;
    this.#basePath = services.basePath;
    this.#refused = services.refused;
  }

  /** Listens to every request, and to everything that Node itself would refuse without a word. */
  attach(server: Server): void {
    // Before it is served, or has to wait behind another one.
    for (const event of ['request', 'checkContinue', 'checkExpectation'])
      server.prependListener(event, (request, response) => this.#track(request, response));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#clientError(error, socket));
    server.on('connect', (_request, socket) => {
      // Node has taken its own listeners off the socket: without these a reset would end the process, and requests before
      // this one would stay in flight for ever when the connection ends without their answers.
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.#abandon(socket));
      // Nor would a disconnect be noticed: nobody reads any more.
      socket.once('end', () => socket.destroy()).resume();
      this.#refuseBehind(new GatewayError('route-unknown'), socket);
    });
  }

  /** Remembers that the socket has a request under way: until it has been answered and has arrived, body included. */
  #track(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const open = this.#open.get(socket) ?? new Set<Open>();
    this.#open.set(socket, open);
    const entry = { request, response };
    open.add(entry);
    const forget = () => open.delete(entry);
    response.once('close', () => (request.complete ? forget() : request.once('close', forget)));
  }

  /** Calls `fail` when the rest of the request's body turns out to be unreadable, now or later. */
  watch(request: IncomingMessage, fail: (error: GatewayError) => void): void {
    for (const open of this.#open.get(request.socket) ?? []) {
      if (open.request !== request) continue;
      if (open.fault !== undefined) fail(open.fault);
      else open.fail = fail;
    }
  }

  #clientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    // Without a handshake there is nobody to answer: no HTTP leaves a TLS port but inside it.
    const withoutHandshake = socket instanceof TLSSocket && socket.getSession() === undefined;
    const reset = error.code === 'ECONNRESET';
    // A load balancer's probe connects and hangs up.
    if (withoutHandshake && !reset) this.#logger.info({ code: error.code }, 'a TLS handshake failed');
    if (withoutHandshake || reset || !socket.writable) {
      socket.destroy();
      return;
    }
    const refusal = new GatewayError(codes[error.code ?? ''] ?? 'request-malformed', { cause: error });
    this.#refuseBehind(refusal, socket);
  }

  /** An answer of its own only where none is under way: on this connection it would be taken for the one awaited. */
  #refuseBehind(refusal: GatewayError, socket: Duplex): void {
    const last = [...(this.#open.get(socket) ?? [])].filter(isUnderWay).at(-1);
    if (last === undefined) {
      this.#refuse(refusal, socket);
      return;
    }
    const { request, response } = last;
    if (!request.complete && last.fault === undefined) {
      last.fault = refusal;
      last.fail?.(refusal);
    }
    // As Node does behind a whole request: whoever has ended the connection waits for no answer.
    const isGone = socket.readableEnded && hasNoReader(last);
    if (response.closed || isGone) socket.destroy();
    else if (response.headersSent) response.once('close', () => socket.destroy());
    else response.setHeader('Connection', 'close');
  }

  #abandon(socket: Duplex): void {
    for (const { response } of this.#open.get(socket) ?? []) response.destroy();
  }

  #refuse(error: GatewayError, socket: Duplex): void {
    const { status } = error.rule;
    this.#refused?.(error.code);
    const gatewayRequestId = this.#clock.newId();
    const body = JSON.stringify(problemOf(error, gatewayRequestId));
    const headers = {
      ...problemHeaders(error, this.#basePath),
      'X-Gateway-Request-Id': gatewayRequestId,
      'X-Request-Id': gatewayRequestId,
      'Cache-Control': 'no-store',
      'Content-Length': String(Buffer.byteLength(body)),
      Connection: 'close',
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#logger.info({ gatewayRequestId, status, code: error.code }, 'request refused by the parser');
    socket.end(`HTTP/1.1 ${status} ${reasons[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
    setTimeout(() => socket.destroy(), lingerMs).unref();
  }
}
