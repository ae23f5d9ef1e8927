// What an operation is. Each has a folder below `src/operations/` and a line in its registry; the pipeline treats all alike.
import type { IncomingHttpHeaders } from 'node:http';
import type { InvalidField } from '../errors.ts';
import type { Action } from '../policy/engine/policy-data.ts';
import type { ChangeRules } from '../request/authorize.ts';
import type { Progress } from '../request/progress.ts';
import type { OperationFacts, Parsed, ReadEvents, RequestTarget } from '../request/request.ts';
import type { Answer } from './answer.ts';
import type { PipelineServices } from './services.ts';

/** The settings `AUTH_SCOPE_…` that name a scope. */
export type ScopeName = 'create' | 'list' | 'delete';

/** The parts of a request before any of them has been checked. */
export interface UnparsedRequest {
  /** Path segments as they stood in the request line, not decoded. */
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The JSON value of the body; `undefined` for an operation that reads none. */
  readonly body: unknown;
}

/** Everything that is wrong with a request, in the vendor's form (`ValidationErrorContext`). */
export interface RequestFaults {
  readonly missing: readonly string[];
  readonly invalid: readonly InvalidField[];
}

interface Stages<Target extends RequestTarget, Admitted> {
  /** The scope that a token must carry; `undefined`: a valid token is enough. */
  readonly scope: ScopeName | undefined;
  readonly readsBody: boolean;
  /** Does the query ask for a dry run? The refusals of one are recorded as such, whether or not the query is valid. */
  isDryRun?(query: string): boolean;
  parse(request: UnparsedRequest): Target | RequestFaults;
  /** Throws `policy-denied`. */
  authorize(request: Parsed<Target>, progress: Progress): Admitted;
  /** Does the work, records its outcome, and answers. Rejects with what the caller is to be told. */
  run(admitted: Admitted, progress: Progress, services: PipelineServices): Promise<Answer>;
}

/** Changes nothing. What it sends upstream goes through `UpstreamClient.read`. */
export interface ReadOperation<Target extends RequestTarget = RequestTarget, Admitted = unknown>
  extends OperationFacts,
    Stages<Target, Admitted> {
  readonly method: 'GET';
  readonly events: ReadEvents;
  readonly action: Action | undefined;
}

/** Changes something upstream: it has an intent and an outcome, and a way from an authorized target to a request. */
export interface ChangeOperation<
  Target extends RequestTarget = RequestTarget,
  Admitted = unknown,
  Authorized extends RequestTarget = Target,
> extends ChangeRules<Authorized>,
    Stages<Target, Admitted> {}

export type Operation = ReadOperation | ChangeOperation;
