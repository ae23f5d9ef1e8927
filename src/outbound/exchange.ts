// One HTTP exchange with another server: one request and one complete answer, with a timeout and a maximum size. Follows no
// redirects, and knows whether the request can have been received. Only if a reused connection closes, a repeatable request is
// sent again, once.
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Sent } from '../errors.ts';
import { OutboundAgent } from './agent.ts';
import { ExchangeError, type FailedAt, failureOf } from './failures.ts';
import { retryAfterIn } from './retry-after.ts';

/** A complete answer. */
export interface ReceivedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

type Target = Pick<URL, 'origin' | 'pathname' | 'search'>;

export interface ExchangeRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: Target;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** May it be sent twice? A GET always may. */
  readonly repeatable?: true;
  /** Called when there is a connection, for which a request may have waited. Throws to keep the request from being sent. */
  readonly beforeSending?: (() => void) | undefined;
}

interface ExchangeLimits {
  /** From sending the request to the last byte of the answer. The wait for a connection has the same timeout. */
  readonly timeoutMs: number;
  /** A longer body makes the answer `broken`. */
  readonly maxBytes: number;
}

/** Rejects with an `ExchangeError`, or with what `beforeSending` throws. */
export const exchange = (
  agent: Dispatcher,
  request: ExchangeRequest,
  limits: ExchangeLimits,
): Promise<ReceivedAnswer> => new ExchangeHandler(agent, request, limits).dispatch();

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #agent: Dispatcher;
  readonly #request: ExchangeRequest;
  readonly #limits: ExchangeLimits;
  readonly #answer = Promise.withResolvers<ReceivedAnswer>();
  readonly #chunks: Buffer[] = [];
  readonly #timer: NodeJS.Timeout;
  /** Set once there is a connection. */
  #controller: Dispatcher.DispatchController | undefined;
  #sent: Sent = 'no';
  #status: number | undefined;
  #headers: IncomingHttpHeaders = {};
  #size = 0;
  #ended = false;
  #answering = false;
  /** Was the connection used before? */
  #reused = false;
  #repeated = false;

  constructor(agent: Dispatcher, request: ExchangeRequest, limits: ExchangeLimits) {
    this.#agent = agent;
    this.#request = request;
    this.#limits = limits;
    this.#timer = setTimeout(() => this.#giveUp(), Math.max(0, limits.timeoutMs));
  }

  dispatch(): Promise<ReceivedAnswer> {
    const { method, url, headers, body } = this.#request;
    const path = `${url.pathname}${url.search}`;
    const fields = headers as Record<string, string>;
    try {
      this.#agent.dispatch({ origin: url.origin, path, method, headers: fields, body: body ?? null }, this);
    } catch (error) {
      this.onResponseError(undefined, error as Error);
    }
    return this.#answer.promise;
  }

  /** Called when there is a connection, just before the first byte is written to it. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#ended) {
      controller.abort(new Error('the wait for a connection timed out'));
      return;
    }
    try {
      this.#request.beforeSending?.();
    } catch (error) {
      this.#end();
      this.#answer.reject(error);
      controller.abort(error as Error);
      return;
    }
    this.#sent = 'maybe';
    this.#controller = controller;
    this.#reused = !(this.#agent instanceof OutboundAgent && this.#agent.startsConnection());
    // The time of a repeated request goes on from when it was first sent.
    if (!this.#repeated) this.#timer.refresh();
  }

  /** Called at the first byte of an answer, before it is validated. */
  onResponseStarted(): void {
    this.#answering = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return;
    this.#sent = 'yes';
    this.#status = status;
    this.#headers = headers;
    this.#checkSize(controller, Number(headers['content-length'] ?? 0));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#ended) return;
    this.#size += chunk.length;
    this.#chunks.push(chunk);
    this.#checkSize(controller, this.#size);
  }

  onResponseEnd(): void {
    if (this.#ended || this.#status === undefined) return;
    this.#end();
    this.#answer.resolve({
      status: this.#status,
      headers: this.#headers,
      body: this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks, this.#size),
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#ended) return;
    const failure = failureOf(error, this.#at());
    if (this.#mayRepeat(failure)) {
      this.#repeated = true;
      this.#controller = undefined;
      // undici has not finished with the closed connection yet.
      queueMicrotask(() => this.dispatch());
      return;
    }
    this.#end();
    this.#answer.reject(failure);
  }

  /**
   * A kept-alive connection may close just as it is reused, which is not the server's fault (RFC 9112 section 9.3.1).
   * `connection_terminated`: before the first byte of an answer.
   */
  #mayRepeat({ proxyError }: ExchangeError): boolean {
    const { method, repeatable = method === 'GET' } = this.#request;
    return repeatable && this.#reused && !this.#repeated && proxyError === 'connection_terminated';
  }

  #checkSize(controller: Dispatcher.DispatchController, size: number): void {
    if (size <= this.#limits.maxBytes) return;
    this.#fail('broken', 'http_response_body_size');
    controller.abort(new Error('the answer is too large'));
  }

  #giveUp(): void {
    this.#fail('timeout', this.#controller === undefined ? 'connection_timeout' : 'http_response_timeout');
    this.#controller?.abort(new Error('the exchange took too long'));
  }

  #fail(kind: 'timeout' | 'broken', proxyError: string): void {
    if (this.#ended) return;
    this.#end();
    this.#answer.reject(new ExchangeError(kind, proxyError, this.#at()));
  }

  #at(): FailedAt {
    const retryAfter = retryAfterIn(this.#headers);
    return { sent: this.#sent, answering: this.#answering, receivedStatus: this.#status, retryAfter };
  }

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    if (this.#size > this.#limits.maxBytes) this.#chunks.length = 0;
  }
}
