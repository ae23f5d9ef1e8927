// The network between a gateway and Aerospike Cloud: connections, requests and answers, and what goes wrong with each of them. A
// request that is on its way arrives whatever becomes of its sender.
import type { Dispatcher } from 'undici';
import { secretMark } from './caller-token.ts';
import { type Cloud, type CloudAnswer, type CloudRequest, problem } from './cloud.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import { inProcess, type SimulatedProcess } from './simulated-process.ts';

/** What can become of an exchange. */
export const exchangeFaults = [
  'refused',
  'no-connection',
  'slow-connection',
  'reset-before',
  'reset-after',
  'cut-answer',
  'lost-request',
  'lost-answer',
  'slow',
  'late',
  'error-before',
  'error-after',
  'unavailable',
  'too-many',
  'unauthorized',
  'garbage',
] as const;
export type ExchangeFault = (typeof exchangeFaults)[number];

export type ExchangeKind = 'POST' | 'GET' | 'DELETE' | 'token';

export interface NetworkWatch {
  /** The first byte of the request leaves the gateway. */
  sent(owner: SimulatedProcess, request: CloudRequest): void;
  /** `executed`: the upstream did what it says. */
  arrived(owner: SimulatedProcess, request: CloudRequest, answer: CloudAnswer): void;
  happened(fault: ExchangeFault): void;
}

interface Connection {
  readonly pool: {
    idle: number;
    readonly exchanges: Set<(code: string) => void>;
    emit(event: 'connect'): boolean;
  };
  readonly connectTimeoutMs: number;
}

interface Exchange extends Connection {
  readonly owner: SimulatedProcess;
  readonly request: CloudRequest;
  readonly kind: ExchangeKind;
  readonly fault: ExchangeFault | undefined;
  readonly handler: Dispatcher.DispatchHandler;
  readonly controller: { aborted: boolean; abort(error: Error): void };
  /** To be called once, when nothing more comes of it. */
  readonly ended: () => void;
}

export const tokenOrigin = 'https://auth.example';
/** Longer than a request waits for its answer; what is later than its timeout by this much is still promised to be found. */
const lateMs = 4000;

export class Network {
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #cloud: Cloud;
  readonly #watch: NetworkWatch;
  /** Faults to come, for the next exchanges of their kind. */
  readonly #faults: { readonly kind: ExchangeKind; readonly fault: ExchangeFault }[] = [];
  isUnreachable = false;
  /** Of the gateways, for exchanges. */
  timeoutMs = 30_000;

  constructor(schedule: Schedule, random: Random, cloud: Cloud, watch: NetworkWatch) {
    this.#schedule = schedule;
    this.#random = random;
    this.#cloud = cloud;
    this.#watch = watch;
  }

  failNext(kind: ExchangeKind, fault: ExchangeFault, count: number): void {
    for (let number = 0; number < count; number += 1) this.#faults.push({ kind, fault });
  }

  /** What has not gone wrong yet will not. */
  heal(): void {
    this.#faults.length = 0;
    this.isUnreachable = false;
  }

  send(
    owner: SimulatedProcess,
    { origin, path, method, headers, body }: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    connection: Connection,
  ): void {
    const fields = headers as Record<string, string>;
    const kind = String(origin) === tokenOrigin ? 'token' : (method as ExchangeKind);
    const request: CloudRequest = {
      method,
      path: path.replace(/^\/v1/, ''),
      requestId: fields['x-request-id'] ?? '',
      token: (fields['authorization'] ?? '').replace('Bearer ', ''),
      body: String(body ?? ''),
    };
    const { exchanges } = connection.pool;
    const ended = () => void exchanges.delete(fail);
    const controller = {
      aborted: false,
      abort() {
        controller.aborted = true;
        ended();
      },
    };
    const fault = this.#nextFault(kind);
    const exchange = { ...connection, owner, request, kind, handler, controller, fault, ended };
    const fail = (code: string): void => this.#fail(exchange, code);
    exchanges.add(fail);
    this.#connect(exchange);
  }

  #nextFault(kind: ExchangeKind): ExchangeFault | undefined {
    if (this.isUnreachable) return this.#random.pick(['refused', 'no-connection', 'unavailable'] as const);
    const at = this.#faults.findIndex((next) => next.kind === kind);
    const [next] = at < 0 ? [] : this.#faults.splice(at, 1);
    if (next !== undefined) this.#watch.happened(next.fault);
    return next?.fault;
  }

  #latency(): number {
    return this.#random.latency(40, 1500);
  }

  #connect(exchange: Exchange): void {
    const { owner, pool, fault, connectTimeoutMs, controller } = exchange;
    if (fault === 'refused' || fault === 'no-connection') {
      const code = fault === 'refused' ? 'ECONNREFUSED' : 'UND_ERR_CONNECT_TIMEOUT';
      const delayMs = fault === 'refused' ? this.#latency() : connectTimeoutMs;
      this.#schedule.later(owner, delayMs, `upstream ${fault}`, () => this.#fail(exchange, code));
      return;
    }
    if (pool.idle > 0 && fault !== 'slow-connection') {
      pool.idle -= 1;
      this.#start(exchange);
      return;
    }
    const delayMs = fault === 'slow-connection' ? this.#random.between(300, 2900) : this.#latency();
    this.#schedule.later(owner, delayMs, 'upstream connects', () => {
      if (controller.aborted) return;
      pool.emit('connect');
      this.#start(exchange);
    });
  }

  /** The sender may have given up by now, and the connection waits for the next request then. */
  #start(exchange: Exchange): void {
    const { owner, request, handler, controller, kind, fault } = exchange;
    handler.onRequestStart?.(controller as never, {});
    if (controller.aborted) {
      exchange.pool.idle += 1;
      return;
    }
    if (kind !== 'token') this.#watch.sent(owner, request);
    const label = `upstream gets ${request.method} ${kind === 'token' ? 'token' : request.requestId}`;
    if (fault === 'lost-request') return;
    if (fault === 'reset-before') {
      this.#schedule.later(owner, this.#latency(), 'upstream resets', () =>
        this.#fail(exchange, 'ECONNRESET'),
      );
      return;
    }
    const slowMs = fault === 'slow' ? this.#random.between(500, this.timeoutMs * 0.35) : 0;
    const delayMs =
      fault === 'late' ? this.timeoutMs + this.#random.between(1, lateMs) : this.#latency() + slowMs;
    this.#schedule.later(undefined, delayMs, label, () => this.#arrive(exchange));
  }

  #arrive(exchange: Exchange): void {
    const { owner, request, kind, fault } = exchange;
    const answer = this.#answer(exchange);
    if (kind !== 'token') this.#watch.arrived(owner, request, answer);
    if (fault === 'lost-answer') return;
    const code = fault === 'reset-after' ? 'ECONNRESET' : undefined;
    this.#schedule.later(owner, this.#latency(), `upstream answers ${answer.status}`, () => {
      if (code === undefined) this.#deliver(exchange, answer);
      else this.#fail(exchange, code);
    });
  }

  #answer({ request, kind, fault }: Exchange): CloudAnswer {
    if (fault === 'error-before') return problem(500, 'system:internal');
    if (fault === 'unavailable') return problem(503, 'system:unavailable', { 'retry-after': '2' });
    if (fault === 'too-many') return problem(429, 'ratelimit:exceeded', { 'retry-after': '1' });
    if (fault === 'unauthorized') this.#cloud.tokens.clear();
    if (fault === 'garbage' && kind !== 'token') {
      // A proxy that answers in place of the upstream.
      return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' };
    }
    const answer = kind === 'token' ? this.#token() : this.#cloud.answer(request);
    return fault === 'error-after' ? problem(500, 'system:internal') : answer;
  }

  #token(): CloudAnswer {
    const body = {
      access_token: this.#cloud.issueToken(secretMark),
      token_type: 'Bearer',
      expires_in: 28_800,
    };
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  }

  #deliver(
    { handler, controller, fault, pool, ended }: Exchange,
    { status, headers, body }: CloudAnswer,
  ): void {
    if (controller.aborted) return;
    ended();
    handler.onResponseStarted?.();
    handler.onResponseStart?.(controller as never, status, headers, '');
    if (controller.aborted) return;
    const bytes = Buffer.from(body);
    if (fault === 'cut-answer') {
      handler.onResponseData?.(controller as never, bytes.subarray(0, bytes.length / 2));
      const cut = Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' });
      handler.onResponseError?.(controller as never, cut);
      return;
    }
    if (bytes.length > 0) handler.onResponseData?.(controller as never, bytes);
    handler.onResponseEnd?.(controller as never, {});
    pool.idle += 1;
  }

  #fail({ handler, controller, owner, ended }: Exchange, code: string): void {
    if (controller.aborted) return;
    controller.aborted = true;
    ended();
    const error = Object.assign(new Error(code), { code });
    inProcess(owner, () => handler.onResponseError?.(controller as never, error));
  }
}
