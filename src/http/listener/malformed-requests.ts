// Answers what Node's parser refuses with a problem document (RFC 9457), once and for the right request: a fault in a body
// fails the request of that body, and a fault after a request waits until that request has been answered.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../../clock.ts';
import { type ErrorCode, GatewayError } from '../../errors.ts';
import type { Logger } from '../../logging/logger.ts';
import { securityFields } from '../middleware/security-headers.ts';
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
/** Time for the client to read a refusal before the connection is destroyed. */
const lingerMs = 1000;

interface Open {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** A fault in the rest of its body. */
  fault?: GatewayError;
  /** Called with the fault. */
  fail?: (error: GatewayError) => void;
}

/** A request counts until it is answered and complete: it may be answered before its body has arrived. */
const isUnderWay = ({ request, response }: Open): boolean => !(request.complete && response.closed);

/** The body has arrived, or is discarded. */
const hasNoReader = ({ request, fail }: Open): boolean =>
  request.complete || (request.readableFlowing === true && fail === undefined);

interface MalformedRequestServices {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the public routes. */
  readonly basePath: string;
  /** Told the code of each refusal that is answered here. */
  readonly refused?: (code: ErrorCode) => void;
}

export class MalformedRequests {
  readonly #services: MalformedRequestServices;
  readonly #open = new WeakMap<Duplex, Open[]>();
  readonly #securityFields = Object.fromEntries(securityFields());

  constructor(services: MalformedRequestServices) {
    this.#services = services;
  }

  /** Tracks every request, and handles what Node would refuse without an answer. */
  attach(server: Server): void {
    // Prepended: before the request is served or queued.
    for (const event of ['request', 'checkContinue', 'checkExpectation'])
      server.prependListener(event, (request, response) => this.#track(request, response));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#clientError(error, socket));
    server.on('connect', (_request, socket) => {
      // Node has removed its own listeners from the socket. Without an error listener a reset would end the process. Without a
      // close listener earlier requests on the connection would stay in flight forever.
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.#abandon(socket));
      // A disconnect is noticed only while somebody reads.
      socket.once('end', () => socket.destroy()).resume();
      this.#refuseBehind(new GatewayError('route-unknown'), socket);
    });
  }

  /** Keeps the request until it has been answered and its body has arrived. */
  #track(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const open = this.#open.get(socket) ?? [];
    this.#open.set(socket, open);
    const entry = { request, response };
    open.push(entry);
    const forget = () => void open.splice(open.indexOf(entry), 1);
    response.once('close', () => (request.complete ? forget() : request.once('close', forget)));
  }

  /** Calls `fail`, now or later, if the rest of the request's body is malformed. */
  watch(request: IncomingMessage, fail: (error: GatewayError) => void): void {
    for (const open of this.#open.get(request.socket) ?? []) {
      if (open.request !== request) continue;
      if (open.fault !== undefined) fail(open.fault);
      else open.fail = fail;
    }
  }

  #clientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    // Without a handshake there is no answer: a TLS port never sends plain HTTP.
    const withoutHandshake = socket instanceof TLSSocket && socket.getSession() === undefined;
    const reset = error.code === 'ECONNRESET';
    // Not logged after a reset: load balancer probes connect and hang up.
    if (withoutHandshake && !reset) this.#services.logger.info({ code: error.code }, 'TLS handshake failed');
    if (withoutHandshake || reset || !socket.writable) {
      socket.destroy();
      return;
    }
    const refusal = new GatewayError(codes[error.code ?? ''] ?? 'request-malformed', { cause: error });
    this.#refuseBehind(refusal, socket);
  }

  /** Sends an answer only if no other is pending: the client would take it for the answer to the pending request. */
  #refuseBehind(refusal: GatewayError, socket: Duplex): void {
    const last = this.#open.get(socket)?.findLast(isUnderWay);
    if (last === undefined) {
      this.#refuse(refusal, socket);
      return;
    }
    const { request, response } = last;
    if (!request.complete && last.fault === undefined) {
      last.fault = refusal;
      last.fail?.(refusal);
    }
    // As Node does after a complete request: a client that has ended the connection waits for no answer.
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
    const { clock, logger, basePath, refused } = this.#services;
    refused?.(error.code);
    const gatewayRequestId = clock.newId();
    const body = JSON.stringify(problemOf(error, gatewayRequestId));
    const headers = {
      ...problemHeaders(error, basePath),
      'X-Gateway-Request-Id': gatewayRequestId,
      'X-Request-Id': gatewayRequestId,
      'Cache-Control': 'no-store',
      Date: new Date(clock.now()).toUTCString(),
      ...this.#securityFields,
      'Content-Length': String(Buffer.byteLength(body)),
      Connection: 'close',
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    logger.info({ gatewayRequestId, status, code: error.code }, 'the HTTP parser refused a request');
    socket.end(`HTTP/1.1 ${status} ${reasons[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
    setTimeout(() => socket.destroy(), lingerMs).unref();
  }
}
