// Sends approved requests to Aerospike Cloud under the gateway's own credential. Takes only what has been recorded, sends
// only what it is handed, and repeats a request only after a 401, which says that it was not acted upon.
import type { Dispatcher } from 'undici';
import type { Recorded } from '../audit/log/trail.ts';
import { GatewayError, type Sent } from '../errors.ts';
import { type Answer, exchange } from '../outbound/exchange.ts';
import { ExchangeError } from '../outbound/failures.ts';
import type { Breaker } from './breaker.ts';
import { readAnswer, type UpstreamAnswer } from './read-answer.ts';
import type { ServiceToken } from './service-token.ts';

/** A GET to Aerospike Cloud, made of validated values only. */
export interface ReadRequest {
  /** Below the API's base URL. */
  readonly path: string;
  readonly query?: URLSearchParams | undefined;
  /** Sent as `X-Request-Id`. */
  readonly requestId: string;
  /** Sent as it is (W3C Trace Context). */
  readonly traceparent?: string | undefined;
}

interface UpstreamRequest extends ReadRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly body?: object | undefined;
}

export interface UpstreamSettings {
  readonly apiUrl: string;
  readonly timeoutMs: number;
  readonly userAgent: string;
  /** Told of each request: its method, the status or what kind of failure it was, and its time. */
  readonly observe?: (method: string, result: string, seconds: number) => void;
}

const maxAnswerBytes = 1024 * 1024;
/** Levels of objects and arrays; the vendor's problems have four. */
const maxProblem = 32;

/** Reads and changes fail apart: a read that succeeds must not hide that every create is lost. */
export type Breakers = Readonly<Record<UpstreamRequest['method'], Breaker>>;

export class UpstreamClient {
  readonly #agent: Dispatcher;
  readonly #token: ServiceToken;
  readonly #breakers: Breakers;
  readonly #settings: UpstreamSettings;
  readonly #origin: string;
  /** Without a slash at its end. */
  readonly #basePath: string;

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
   * Sends a recorded change, once. Resolves to the upstream's answer, whatever its status; rejects with a `GatewayError` whose
   * `context.sent` says whether the request was sent.
   */
  change(recorded: Recorded, traceparent?: string): Promise<UpstreamAnswer> {
    return this.#send({ ...recorded.take(), traceparent });
  }

  /** For one request, from sending it to the last byte of its answer. */
  get timeoutMs(): number {
    return this.#settings.timeoutMs;
  }

  /** Throws `circuit-open` when a request with this method would be refused at the moment. Sends nothing. */
  refuseIfOpen(method: UpstreamRequest['method']): void {
    this.#breakers[method].refuseIfOpen();
  }

  /** Sends a GET without a body, and can send nothing else, so it needs no record. Rejects as `change` does. */
  read({ path, query, requestId, traceparent }: ReadRequest): Promise<UpstreamAnswer> {
    return this.#send({ method: 'GET', path, query, requestId, traceparent });
  }

  async #send(request: UpstreamRequest): Promise<UpstreamAnswer> {
    // Nobody waits for a token that could not be used.
    this.#breakers[request.method].refuseIfOpen();
    const first = await this.#attempt(request, await this.#token.get());
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
      // The status line alone says that the request was not acted upon; an answer that was too slow has used up its time.
      if (error.kind !== 'broken') throw error;
      return { refused: true, status: 401, problem: undefined };
    }
  }

  async #exchange(request: UpstreamRequest, token: string): Promise<Answer> {
    const { method, path, query, body, requestId, traceparent } = request;
    const asked = query?.toString() ?? '';
    const search = asked === '' ? '' : `?${asked}`;
    const url = { origin: this.#origin, pathname: `${this.#basePath}${path}`, search };
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
    const tell = (result: string) => observe?.(method, result, (performance.now() - startedAt) / 1000);
    try {
      const answer = await exchange(this.#agent, { method, url, headers, ...content }, limits);
      tell(String(answer.status));
      return answer;
    } catch (error) {
      tell((error as ExchangeError).kind);
      throw error;
    }
  }
}

/** One try. `refused`: with 401, which is about the gateway's credential; `problem` is the upstream's, if it gave one. */
type Attempt =
  | { readonly refused: false; readonly status: number; readonly answer: UpstreamAnswer }
  | { readonly refused: true; readonly status: 401; readonly problem: unknown };

/** A 401 is a 401 however its body looks; only a body that could be passed on, and can be written again, is. */
function readableProblem(answer: Answer, token: string): unknown {
  try {
    const { json } = readAnswer(answer, token);
    return isShallow(json, maxProblem) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Parsing copes with any depth; writing into the gateway's own answer does not. */
const isShallow = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((member) => isShallow(member, levels - 1)));

const codes = {
  timeout: 'upstream-timeout',
  unreachable: 'upstream-unreachable',
  broken: 'upstream-broken',
} as const;

const fates: Readonly<Record<Sent, string>> = {
  no: 'The request was not sent.',
  maybe: 'The request may have been received.',
  yes: 'The request was received.',
};

function failedExchange(error: ExchangeError): GatewayError {
  const code = codes[error.kind];
  const { proxyError, sent, receivedStatus, retryAfter } = error;
  const failure = new GatewayError(code, { cause: error });
  return new GatewayError(code, {
    detail: `${failure.detail} ${fates[sent]}`,
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
 * The token was refused and there is no new one. `sent` stays `no`, as without any token: a 401 concerns the gateway's own
 * credential, so the request was certainly not acted upon and may be repeated at once.
 */
function notRenewed(error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error;
  const { code, context, headers, proxyError } = error;
  return new GatewayError(code, {
    detail: `${error.detail} Aerospike Cloud refused the token before it, so the request was not acted upon.`,
    ...(context === undefined ? {} : { context }),
    headers,
    proxyError,
    receivedStatus: 401,
    cause: error,
  });
}
