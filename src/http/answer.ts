// Gives the upstream's answer to the caller: status and body as they came, the named header fields, and word of who said
// it. Adds nothing and leaves out everything else.
import type { Response } from 'express';
import type { Decision } from '../policy/engine/decision.ts';
import type { StoredAnswer } from '../state/idempotency/idempotency-store.ts';
import type { UpstreamAnswer } from '../upstream/read-answer.ts';
import { type Fields, respond } from './respond/respond.ts';

export function sendAnswer(response: Response, answer: UpstreamAnswer): void {
  sendAs(response, answer, { 'Proxy-Status': `peergate; received-status=${answer.status}` });
}

/** An answer that an earlier request with the same Idempotency-Key had (interface, section 3). */
export function sendReplay(response: Response, answer: StoredAnswer): void {
  sendAs(response, answer, { 'Idempotency-Replayed': 'true', 'Proxy-Status': 'peergate' });
}

function sendAs(response: Response, answer: StoredAnswer, own: Fields): void {
  const { status, headers, body, requestId } = answer;
  const id = requestId === undefined ? {} : { 'X-Request-Id': requestId };
  respond(response, status, { ...headers, ...id, ...own }, status === 204 ? undefined : body);
}

/** What the policy says to a create that would have been forwarded (interface, section 3). */
export function sendDryRun(response: Response, decision: Decision | undefined): void {
  if (decision === undefined) throw new Error('a dry run without a decision');
  const { effect, policyVersion, mode, grant, exceptions, violations } = decision;
  const body = Buffer.from(
    JSON.stringify({ decision: effect, policyVersion, mode, grant, exceptions, violations }),
  );
  respond(response, 200, { 'Content-Type': 'application/json', 'Proxy-Status': 'peergate' }, body);
}
