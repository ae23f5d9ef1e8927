// The way of a request behind its scope check, one stage after another: parse, decide, then record, forward, record (for a
// create between guards), answer. Each stage has its own type, and forwarding takes only what has been recorded.
import type { Request, RequestHandler, Response } from 'express';
import { type InvalidField, invalidField } from '../errors.ts';
import type { Operation, ParsedRequest } from '../operations/operation.ts';
import { isFaulty, requestInvalid } from '../operations/parse.ts';
import type { PeeringWatch } from '../peerings/peering-watch.ts';
import type { Bulkhead } from '../upstream/bulkhead.ts';
import { sendAnswer } from './answer.ts';
import { approve } from './approve.ts';
import { forwardRecorded } from './forward-recorded.ts';
import { readBody } from './read-body.ts';
import { contextOf } from './request-context.ts';
import { type CreateServices, runCreate, runDryRun } from './run-create.ts';
import { runDelete } from './run-delete.ts';
import { runGet } from './run-get.ts';
import { readStrictJson } from './strict-json.ts';
import type { WireFaults } from './wire-faults.ts';

export interface OperationServices extends CreateServices {
  readonly watch: PeeringWatch;
  readonly wireFaults: WireFaults;
  readonly bulkhead: Bulkhead;
}

/** Serves the request's operation. Goes on to its end, records included, when the caller hangs up. */
export const runOperation =
  (services: OperationServices): RequestHandler =>
  async (request, response, next) => {
    const context = contextOf(response);
    const { route } = context;
    if (route.kind !== 'operation') {
      next();
      return;
    }
    context.slot?.hold();
    try {
      const { operation } = route;
      const { stages } = context;
      const parsed = await stages.run('parse', () => parse(operation, request, response, services));
      const approved = stages.runNow('decide', () => approve(operation, parsed, response));
      if (operation.kind === 'get') return await runGet(operation, parsed, response, services);
      await services.bulkhead.run(async () => {
        const forward = (before?: readonly string[]) =>
          forwardRecorded(operation, approved, response, services, before);
        if (context.dryRun) await runDryRun(operation, parsed, response, services);
        else if (operation.kind === 'create') await runCreate(operation, parsed, forward, response, services);
        else if (operation.kind === 'delete') await runDelete(operation, parsed, forward, response, services);
        else sendAnswer(response, await forward());
      });
    } finally {
      context.slot?.release();
    }
  };

async function parse(
  operation: Operation,
  request: Request,
  response: Response,
  { wireFaults }: OperationServices,
): Promise<ParsedRequest> {
  const { route, dryRun } = contextOf(response);
  if (route.kind !== 'operation') throw new Error('only an operation can be parsed');
  const bytes = operation.readsBody ? await readBody(request, response, wireFaults) : undefined;
  // A body that nobody takes would stop Node from reading, and a disconnect would go unnoticed.
  if (bytes === undefined && !request.complete) request.resume();
  const json = bytes === undefined ? { value: undefined } : readStrictJson(bytes);
  if ('fault' in json) throw requestInvalid({ missing: [], invalid: [invalidField('', json.fault)] });
  const query = new URLSearchParams(route.query);
  const parsed = operation.parse({
    clusterId: route.clusterId,
    peeringId: route.peeringId,
    query,
    body: json.value,
  });
  const keyFaults = operation.action === 'create' && !dryRun ? idempotencyKeyFaults(request) : [];
  if (isFaulty(parsed) || keyFaults.length > 0) {
    const { missing = [], invalid = [] } = isFaulty(parsed) ? parsed : {};
    throw requestInvalid({ missing, invalid: [...invalid, ...keyFaults] });
  }
  Object.assign(contextOf(response), parsed, { idempotencyKey: request.headers['idempotency-key'] });
  return parsed;
}

/** The interface's form: 1 to 255 visible ASCII characters, which the comma and space between two of them is not. */
const goodIdempotencyKey = /^[\x21-\x7e]{1,255}$/;

function idempotencyKeyFaults({ headers }: Request): InvalidField[] {
  const key = headers['idempotency-key'];
  if (key === undefined || (typeof key === 'string' && goodIdempotencyKey.test(key))) return [];
  return [invalidField('/Idempotency-Key', 'must be 1 to 255 visible ASCII characters, given once')];
}
