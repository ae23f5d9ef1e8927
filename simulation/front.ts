// Where requests come in: does what `src/app.ts` and `src/http/api-handler.ts` do around the pipeline, without Express and sockets.
import type { createApp } from '../src/app.ts';
import { type ErrorCode, toGatewayError } from '../src/errors.ts';
import { limitAddress } from '../src/http/middleware/address-rate-limit.ts';
import { type RequestContext, setContext } from '../src/http/request-context.ts';
import { operations } from '../src/operations/registry.ts';
import type { Operation } from '../src/pipeline/operation.ts';
import { refuse, serve } from '../src/pipeline/pipeline.ts';
import { Progress } from '../src/request/progress.ts';
import type { Received } from '../src/request/request.ts';
import { Stages } from '../src/telemetry/stages.ts';

export type AppServices = Parameters<typeof createApp>[1];

export interface FrontRequest {
  /** The vendor's operationId. */
  readonly operation: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: string;
  readonly token: string;
  readonly requestId: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly body: object | undefined;
  readonly connection: CallerConnection;
  /** Is told the gateway's id of the request. */
  readonly received: (gatewayRequestId: string) => void;
}

export interface FrontAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Of an error of the gateway's own. */
  readonly code: ErrorCode | undefined;
  readonly sent: unknown;
}

/** What the gateway sees of the caller's connection. */
export class CallerConnection {
  closed = false;
  readonly #listeners: (() => void)[] = [];

  onClose(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The caller hangs up. */
  close(): void {
    this.closed = true;
    for (const listener of this.#listeners.splice(0)) listener();
  }
}

/** As much of Express's response as the in-flight limit uses. */
class Response {
  readonly #listeners: (() => void)[] = [];

  once(_event: 'close', listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }
}

export class Front {
  readonly services: AppServices;
  isOpen = false;

  constructor(services: AppServices) {
    this.services = services;
  }

  open(): void {
    this.isOpen = true;
  }

  close(): void {
    this.isOpen = false;
  }

  /** Never rejects. */
  async serve(request: FrontRequest): Promise<FrontAnswer> {
    const operation = operations.find(({ id }) => id === request.operation);
    if (operation === undefined) throw new Error(`there is no operation ${request.operation}`);
    const response = new Response();
    const context = this.#contextOf(request, operation);
    setContext(response as never, context);
    request.received(context.gatewayRequestId);
    try {
      return await this.#serveWithin(request, operation, context, response);
    } catch (error) {
      return errorAnswer(error);
    } finally {
      response.close();
    }
  }

  async #serveWithin(
    request: FrontRequest,
    operation: Operation,
    context: RequestContext,
    response: Response,
  ): Promise<FrontAnswer> {
    const { inFlight, addressLimit } = this.services;
    try {
      inFlight.admit(response as never);
      await limitAddress(addressLimit, context);
    } catch (error) {
      await refuse(error, new Progress(this.#toReceived(request, operation, context)), this.services);
      throw error;
    }
    const progress = new Progress(this.#toReceived(request, operation, context));
    context.slot?.hold();
    try {
      const { status, headers, body } = await serve(operation, progress, this.services);
      return { status, headers, body: body?.toString() ?? '', code: undefined, sent: undefined };
    } finally {
      context.slot?.release();
    }
  }

  #contextOf({ requestId, params, query }: FrontRequest, operation: Operation): RequestContext {
    const { clock } = this.services;
    const gatewayRequestId = clock.newId();
    return {
      startedAt: clock.now(),
      gatewayRequestId,
      requestId: requestId ?? gatewayRequestId,
      clientAddress: '192.0.2.1',
      route: { kind: 'operation', operation, template: operation.route, params, query } as never,
      stages: new Stages(() => undefined),
      fields: [],
    };
  }

  #toReceived(request: FrontRequest, operation: Operation, context: RequestContext): Received {
    const { params, query, token, idempotencyKey, body, connection } = request;
    const { startedAt, gatewayRequestId, requestId, clientAddress, stages, slot } = context;
    const authorization = `Bearer ${token}`;
    const key = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    return {
      startedAt,
      gatewayRequestId,
      requestId,
      clientAddress,
      operation,
      dryRun: operation.isDryRun?.(query) ?? false,
      policy: this.services.policies.current(),
      stages,
      raw: {
        params,
        query,
        headers: { authorization, ...key },
        rawHeaders: ['Authorization', authorization],
        accepts: () => false,
        readBody: () => Promise.resolve(Buffer.from(JSON.stringify(body))),
      },
      slot: slot ?? { enterUpstream: () => undefined, park: () => undefined },
      connection,
    };
  }
}

function errorAnswer(thrown: unknown): FrontAnswer {
  const { rule, code, headers, context, cause, message } = toGatewayError(thrown);
  const detail = code === 'internal' ? String((cause as Error | undefined)?.stack ?? message) : '';
  return { status: rule.status, headers, body: detail, code, sent: context?.['sent'] };
}
