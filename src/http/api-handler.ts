// Connects Express to the pipeline: turns an HTTP request into a pipeline request, and its answer into an HTTP answer. A
// request is completed, records included, even if the caller hangs up.
import type { Request, Response } from 'express';
import { refuse, serve } from '../pipeline/pipeline.ts';
import type { PipelineServices } from '../pipeline/services.ts';
import type { PolicyStore } from '../policy/store/policy-store.ts';
import { Progress } from '../request/progress.ts';
import type { Received } from '../request/request.ts';
import type { MalformedRequests } from './listener/malformed-requests.ts';
import { readBody } from './read-body.ts';
import { contextOf, type RequestContext } from './request-context.ts';
import { sendAnswer } from './respond/respond.ts';
import type { OperationMatch } from './route-table.ts';

export interface ApiServices extends PipelineServices {
  readonly policies: PolicyStore;
  readonly malformedRequests: MalformedRequests;
}

/** Serves every operation. Rejects with the error to be answered, after its record. */
export async function serveOperation(
  services: ApiServices,
  match: OperationMatch,
  request: Request,
  response: Response,
): Promise<void> {
  const context = contextOf(response);
  const { slot, fields } = context;
  // A caller who left before the work began has given up the slot.
  if (response.destroyed) return;
  const progress = new Progress(toReceived(request, response, match, services));
  context.progress = progress;
  slot?.hold();
  // Node stops reading at a body that nobody consumes, and a disconnect would go unnoticed.
  if (!match.operation.readsBody && !request.complete) request.resume();
  try {
    const answer = await serve(match.operation, progress, services).finally(() =>
      fields.push(...(progress.request.rateLimitHeaders ?? [])),
    );
    sendAnswer(response, answer);
  } finally {
    slot?.release();
  }
}

/** Records the refusal of a request that never reached its operation. Resolves to the error to be answered. */
export async function recordEarlyRefusal(
  services: ApiServices,
  thrown: unknown,
  request: Request,
  response: Response,
): Promise<unknown> {
  const context = contextOf(response);
  const { route, progress } = context;
  if (route.kind !== 'operation' || progress !== undefined) return thrown;
  context.progress = new Progress(toReceived(request, response, route, services));
  // Only the upstream's own refusals are passed on as answers, and it was not asked yet.
  return await refuse(thrown, context.progress, services).catch((error: unknown) => error);
}

function toReceived(
  request: Request,
  response: Response,
  { operation, params, query }: OperationMatch,
  { policies, malformedRequests }: ApiServices,
): Received {
  const context = contextOf(response);
  const { startedAt, gatewayRequestId, requestId, clientAddress, stages } = context;
  return {
    startedAt,
    gatewayRequestId,
    requestId,
    clientAddress,
    operation,
    dryRun: operation.isDryRun?.(query) ?? false,
    trace: stages.span,
    policy: policies.current(),
    stages,
    raw: {
      params,
      query,
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      accepts: (types) => request.accepts(types),
      readBody: () => readBody(request, response, malformedRequests),
    },
    slot: slotOf(context),
    connection: new CallerConnection(response),
  };
}

/**
 * A class, since V8 makes a new hidden class, among old objects, for each evaluation of a literal with a getter: that would keep
 * the response until the next full collection.
 */
class CallerConnection {
  readonly #response: Response;

  constructor(response: Response) {
    this.#response = response;
  }

  get closed(): boolean {
    return this.#response.destroyed;
  }

  onClose(listener: () => void): void {
    this.#response.once('close', listener);
  }
}

/** A request refused before it got a slot has none. */
const slotOf = ({ slot }: RequestContext): Received['slot'] =>
  slot ?? { enterUpstream: () => undefined, park: () => undefined };
