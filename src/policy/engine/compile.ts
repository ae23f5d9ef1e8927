// A policy made ready to decide by. Compiling takes time that grows with the lists; deciding does not.

import type { CallerDocument } from '../language/document.ts';
import { CallerIndex } from './callers.ts';
import type { Question } from './decision.ts';
import { compileLimits, type Limits } from './limits.ts';
import type { Action, ExceptionData, GrantData, PolicyData } from './policy-data.ts';

export interface CompiledGrant {
  readonly id: string;
  readonly callers: readonly CallerDocument[];
  readonly actions: ReadonlySet<Action>;
  readonly limits: Limits;
  readonly data: GrantData;
}

export interface CompiledException {
  readonly id: string;
  readonly callers: readonly CallerDocument[];
  readonly actions: ReadonlySet<Action>;
  readonly expires: number;
  readonly allows: Limits;
  readonly data: ExceptionData;
}

export interface Policy {
  readonly organization: string;
  readonly version: string;
  readonly mode: 'enforce' | 'report';
  readonly guardrails: Limits;
  /** `undefined`: every caller with the scope. */
  readonly grants: CallerIndex<CompiledGrant> | undefined;
  readonly exceptions: CallerIndex<CompiledException>;
  /** The claims that decide who a caller is to this policy. */
  readonly claims: readonly string[];
  readonly data: PolicyData;
}

/** Does the exception widen anything for this question? Whom it is for is asked elsewhere. */
export const isActive = (
  { actions, expires }: CompiledException,
  { action, at }: Pick<Question, 'action' | 'at'>,
): boolean => actions.has(action) && at < expires;

export function compilePolicy(data: PolicyData): Policy {
  const grants = data.grants && new CallerIndex(data.grants.map(compileGrant));
  const exceptions = new CallerIndex(data.exceptions.map(compileException));
  return Object.freeze({
    organization: data.organization,
    version: data.version,
    mode: data.mode,
    guardrails: compileLimits(data.guardrails),
    grants,
    exceptions,
    claims: [...new Set([...(grants?.claims() ?? []), ...exceptions.claims()])],
    data,
  });
}

const compileGrant = (data: GrantData): CompiledGrant => ({
  id: data.id,
  callers: data.callers,
  actions: new Set(data.actions),
  limits: compileLimits(data),
  data,
});

const compileException = (data: ExceptionData): CompiledException => ({
  id: data.id,
  callers: data.callers,
  actions: new Set(data.actions),
  expires: data.expires,
  allows: compileLimits(data.allows),
  data,
});
