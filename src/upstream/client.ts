// Sends requests to Aerospike Cloud with the gateway's own credential. Changes must have been recorded. A request is repeated
// only after a 401, which means that it was not processed.
import type { Dispatcher } from 'undici';
import type { Recorded } from '../audit/log/trail.ts';
import { errorRules, GatewayError, type Sent } from '../errors.ts';
import { isShallow } from '../net/json.ts';
import { exchange, type ReceivedAnswer } from '../outbound/exchange.ts';
import { ExchangeError } from '../outbound/failures.ts';
import type { Breaker } from './breaker.ts';
import { readAnswer, type UpstreamAnswer } from './read-answer.ts';
import type { ServiceToken } from './service-token.ts';

/** A GET to Aerospike Cloud. It contains only validated values. */
export interface ReadRequest {
  /** Below the API's base URL. */
  readonly path: string;
  /** Parameters by name; they are encoded. */
  readonly query?: Readonly<Record<string, string | number>> | undefined;
  /** Sent as `X-Request-Id`. */
  readonly requestId: string;
  /** W3C Trace Context. */
  readonly traceparent?: string | undefined;
}

interface ChangeOptions {
  /** Sent as it is (W3C Trace Context). */
  readonly traceparent?: string | undefined;
  /** Called when there is a connection, right before each attempt. Throws to keep the change from being sent. */
  readonly beforeSending?: (() => void) | undefined;
}

interface UpstreamRequest extends ReadRequest, ChangeOptions {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly body?: object | undefined;
}

export interface UpstreamSettings {
  readonly apiUrl: string;
  readonly timeoutMs: number;
  readonly userAgent: string;
  /** Called after each request. `result`: the status or the kind of failure. */
  readonly observe?: (method: string, result: string, seconds: number) => void;
}

const maxAnswerBytes = 1024 * 1024;

/** One breaker per method: successful reads must not hide that all creates fail. */
export type Breakers = Readonly<Record<UpstreamRequest['method'], Breaker>>;

/** For what must change nothing. */
export type UpstreamReader = Omit<UpstreamClient, 'change'>;

export class UpstreamClient {
  readonly #agent: Dispatcher;
  readonly #token: ServiceToken;
  readonly #breakers: Breakers;
  readonly #settings: UpstreamSettings;
  readonly #origin: string;
  /** Without a trailing slash. */
  readonly #basePath: string;
  #isClosed = false;

  constructor(agent: Dispatcher, token: ServiceToken, breakers: Breakers, settings: UpstreamSettings) {
    this.#agent = agent;
    this.#token = token;
    this.#breakers = breakers;
    this.#settings = settings;
    const { origin, pathname } = new URL(settings.apiUrl);
    this.#origin = origin;
    this.#basePath = pathname.replace(/\/$/, '');
  }

  /**
   * Sends a recorded change, and after a 401 once more, since it was not processed then. Resolves to the upstream's answer with
   * any status. Rejects with a `GatewayError`, whose `context.sent` says whether the request was sent.
   */
  change(recorded: Recorded, options: ChangeOptions = {}): Promise<UpstreamAnswer> {
    return this.#send({ ...recorded.take(), ...options });
  }

  /** From sending a request to the last byte of its answer. */
  get timeoutMs(): number {
    return this.#settings.timeoutMs;
  }

  /** Throws `circuit-open` if a request with this method would be refused now. Sends nothing. */
  refuseIfOpen(method: UpstreamRequest['method']): void {
    this.#breakers[method].refuseIfOpen();
  }

  /** Can only send a GET without a body, so it needs no record. Rejects as `change` does. */
  read({ path, query, requestId, traceparent }: ReadRequest): Promise<UpstreamAnswer> {
    return this.#send({ method: 'GET', path, query, requestId, traceparent });
  }

  /** Aborts what is under way. From now on whatever was not sent, and every read, rejects with `stopping`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#agent.destroy();
  }

  async #send(request: UpstreamRequest): Promise<UpstreamAnswer> {
    try {
      return await this.#sendOpen(request);
    } catch (error) {
      if (!this.#isClosed || !(error instanceof GatewayError)) throw error;
      if (request.method !== 'GET' && error.sent !== 'no') throw error;
      const headers = { 'Retry-After': '5' };
      throw new GatewayError('stopping', { headers, context: { sent: 'no' }, cause: error });
    }
  }

  async #sendOpen(request: UpstreamRequest): Promise<UpstreamAnswer> {
    // Do not wait for a token that could not be used.
    this.#breakers[request.method].refuseIfOpen();
    const token = await this.#token.get();
    const first = await this.#attempt(request, token);
    if (!first.refused) return first.answer;
    const renewed = await this.#token.get().catch((error: unknown) => {
      throw notRenewed(error);
    });
    const second = await this.#attempt(request, renewed);
    if (second.refused) throw refusedCredential(second.problem);
    return second.answer;
  }

  async #attempt(request: UpstreamRequest, token: string): Promise<Attempt> {
    try {
      return await this.#breakers[request.method].run(() => this.#try(request, token));
    } catch (error) {
      throw error instanceof ExchangeError ? failedExchange(error) : error;
    }
  }

  /** Rejects with an `ExchangeError`. */
  async #try(request: UpstreamRequest, token: string): Promise<Attempt> {
    try {
      const answer = await this.#exchange(request, token);
      if (answer.status !== 401)
        return { refused: false, status: answer.status, answer: readAnswer(answer, token) };
      this.#token.invalidate(token);
      return { refused: true, status: 401, problem: readableProblem(answer, token) };
    } catch (error) {
      if (!(error instanceof ExchangeError) || error.receivedStatus !== 401) throw error;
      this.#token.invalidate(token);
      // The status alone means that the request was not processed. After a timeout there is no time left to repeat it.
      if (error.kind !== 'broken') throw error;
      return { refused: true, status: 401, problem: undefined };
    }
  }

  async #exchange(request: UpstreamRequest, token: string): Promise<ReceivedAnswer> {
    const { method, path, query, body, requestId, traceparent, beforeSending } = request;
    const url = { origin: this.#origin, pathname: `${this.#basePath}${path}`, search: searchOf(query) };
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json, application/problem+json',
      'user-agent': this.#settings.userAgent,
      'x-request-id': requestId,
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const limits = { timeoutMs: this.#settings.timeoutMs, maxBytes: maxAnswerBytes };
    const { observe } = this.#settings;
    const startedAt = performance.now();
    const report = (result: string) => observe?.(method, result, (performance.now() - startedAt) / 1000);
    try {
      const answer = await exchange(this.#agent, { method, url, headers, ...content, beforeSending }, limits);
      report(String(answer.status));
      return answer;
    } catch (error) {
      if (error instanceof ExchangeError) report(error.kind);
      throw error;
    }
  }
}

/** With the question mark; empty without parameters. */
function searchOf(query: ReadRequest['query'] = {}): string {
  let search = '';
  for (const name in query)
    search += `${search === '' ? '?' : '&'}${name}=${encodeURIComponent(query[name] as string | number)}`;
  return search;
}

/** `refused`: with 401, which concerns the gateway's credential. `problem`: the upstream's problem document, if any. */
type Attempt =
  | { readonly refused: false; readonly status: number; readonly answer: UpstreamAnswer }
  | { readonly refused: true; readonly status: 401; readonly problem: unknown };

/** The body of a 401 as JSON; `undefined` if it could not be passed on or is nested too deeply. */
function readableProblem(answer: ReceivedAnswer, token: string): unknown {
  try {
    const { json } = readAnswer(answer, token);
    return isShallow(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

const codes = {
  timeout: 'upstream-timeout',
  unreachable: 'upstream-unreachable',
  broken: 'upstream-broken',
} as const;

const deliveries: Readonly<Record<Sent, string>> = {
  no: 'The request was not sent.',
  maybe: 'The request may have been received.',
  yes: 'The request was received.',
};

function failedExchange(error: ExchangeError): GatewayError {
  const code = codes[error.kind];
  const { proxyError, sent, receivedStatus, retryAfter, proxyDetails } = error;
  const what =
    proxyDetails === undefined
      ? errorRules[code].detail
      : "The gateway's egress proxy opened no way to Aerospike Cloud.";
  return new GatewayError(code, {
    detail: `${what} ${deliveries[sent]}`,
    context: { sent },
    ...(retryAfter === undefined ? {} : { headers: { 'Retry-After': retryAfter } }),
    proxyError,
    cause: error,
    ...(receivedStatus === undefined ? {} : { receivedStatus }),
  });
}

function refusedCredential(problem: unknown): GatewayError {
  const context = { sent: 'yes', ...(problem === undefined ? {} : { upstream: problem }) };
  return new GatewayError('credential-refused', { context, receivedStatus: 401 });
}

/**
 * The token was refused and could not be renewed. `sent` is `no`, as without any token: after a 401 the request was certainly
 * not processed and may be repeated at once.
 */
function notRenewed(error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error;
  const { code, context, headers, proxyError } = error;
  return new GatewayError(code, {
    detail: `${error.detail} Aerospike Cloud refused the previous token, so the request was not processed.`,
    ...(context === undefined ? {} : { context }),
    headers,
    proxyError,
    receivedStatus: 401,
    cause: error,
  });
}
