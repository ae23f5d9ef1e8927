// Gives the upstream's answer to the caller: status and body as they came, the named header fields, and word of who said
// it. Adds nothing and leaves out everything else.
import type { Response } from 'express';
import type { Decision } from '../policy/decision.ts';
import type { StoredAnswer } from '../state/idempotency.ts';
import type { UpstreamAnswer } from '../upstream/read-answer.ts';

export function sendAnswer(response: Response, answer: UpstreamAnswer): void {
  const { status, headers, body, requestId } = answer;
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (requestId !== undefined) response.setHeader('X-Request-Id', requestId);
  response.setHeader('Proxy-Status', `peergate; received-status=${status}`);
  if (status !== 204) response.setHeader('Content-Length', body.length);
  response.end(body);
}

/** An answer that an earlier request with the same Idempotency-Key had (interface, section 3). */
export function sendReplay(response: Response, { status, headers, body, requestId }: StoredAnswer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (requestId !== undefined) response.setHeader('X-Request-Id', requestId);
  response.setHeader('Idempotency-Replayed', 'true');
  response.setHeader('Proxy-Status', 'peergate');
  if (status !== 204) response.setHeader('Content-Length', body.length);
  response.end(body);
}

/** What the policy says to a create that would have been forwarded (interface, section 3). */
export function sendDryRun(response: Response, decision: Decision | undefined): void {
  if (decision === undefined) throw new Error('a dry run without a decision');
  const { effect, policyVersion, mode, grant, exceptions, violations } = decision;
  const body = Buffer.from(
    JSON.stringify({ decision: effect, policyVersion, mode, grant, exceptions, violations }),
  );
  response.statusCode = 200;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Proxy-Status', 'peergate');
  response.setHeader('Content-Length', body.length);
  response.end(body);
}
