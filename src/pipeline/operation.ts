// The interface of an operation. Each operation has a folder in `src/operations/` and a line in the registry. The pipeline
// treats all of them alike.
import type { IncomingHttpHeaders } from 'node:http';
import type { Action } from '../policy/engine/policy-data.ts';
import type { ChangeRules } from '../request/authorize.ts';
import type { Progress } from '../request/progress.ts';
import type { OperationFacts, Parsed, ReadEvents, RequestTarget } from '../request/request.ts';
import type { Answer } from './answer.ts';
import type { Faults } from './request-faults.ts';
import type { PipelineServices } from './services.ts';

/** The `AUTH_SCOPE_…` settings. */
export type ScopeName = 'create' | 'list' | 'delete';

/** The parts of a request, not checked yet. */
interface UnparsedRequest {
  /** Path segments by name, not decoded. */
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The body's JSON value; `undefined` if the operation reads no body. */
  readonly body: unknown;
}

interface OperationStages<Target extends RequestTarget, Admitted> {
  /** The required scope; `undefined`: a valid token is enough. */
  readonly scope: ScopeName | undefined;
  readonly readsBody: boolean;
  /** Does the query ask for a dry run? Decided before the query is validated, since records of refusals need it. */
  isDryRun?(query: string): boolean;
  /** Adds each fault to `faults`: a request with a fault is refused, whatever is returned. */
  parse(request: UnparsedRequest, faults: Faults): Target | undefined;
  /** Throws `policy-denied`. */
  authorize(request: Parsed<Target>, progress: Progress): Admitted;
  /** Does the work, records its outcome, and answers. Rejects with the caller's error. */
  run(admitted: Admitted, progress: Progress, services: PipelineServices): Promise<Answer>;
}

/** Changes nothing. Its requests go upstream through `UpstreamClient.read`. */
export interface ReadOperation<Target extends RequestTarget = RequestTarget, Admitted = unknown>
  extends OperationFacts,
    OperationStages<Target, Admitted> {
  readonly method: 'GET';
  readonly eventPrefix: ReadEvents;
  readonly action: Action | undefined;
}

/** Changes something upstream. It has intent and outcome events, and builds the upstream request from an authorized target. */
export interface ChangeOperation<
  Target extends RequestTarget = RequestTarget,
  Admitted = unknown,
  Authorized extends RequestTarget = Target,
> extends ChangeRules<Authorized>,
    OperationStages<Target, Admitted> {}

export type Operation = ReadOperation | ChangeOperation;
