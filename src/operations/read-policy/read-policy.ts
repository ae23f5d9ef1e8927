// The effective policy of the caller, as JSON or Markdown, with an ETag that changes exactly when the answer does. Needs a valid
// token and no scope. Discloses nothing about the grants of others.
import { hash } from 'node:crypto';
import { type Answer, taggedAnswer } from '../../pipeline/answer.ts';
import type { ReadOperation } from '../../pipeline/operation.ts';
import { parseQuery } from '../../pipeline/request-faults.ts';
import type { PipelineServices } from '../../pipeline/services.ts';
import { effectivePolicy } from '../../policy/engine/effective.ts';
import { effectiveMarkdown } from '../../policy/engine/effective-markdown.ts';
import { authorize } from '../../request/authorize.ts';
import type { Progress } from '../../request/progress.ts';
import type { Authorized, RequestTarget } from '../../request/request.ts';

const json = 'application/json';
const markdown = 'text/markdown';

export const readPolicy: ReadOperation<RequestTarget, Authorized> = {
  id: 'getEffectivePolicy',
  method: 'GET',
  route: '/policy/effective',
  action: undefined,
  scope: undefined,
  eventPrefix: 'policy.read',
  readsBody: false,

  parse({ query }, faults) {
    parseQuery(query, [], faults);
    return {};
  },

  authorize: (request, progress) => authorize(undefined, request, progress),

  run(
    { policy, caller, raw }: Authorized,
    _progress: Progress,
    { clock }: PipelineServices,
  ): Promise<Answer> {
    const effective = effectivePolicy(policy, caller, clock.now());
    const wantsMarkdown = raw.accepts([json, markdown]) === markdown;
    const body = Buffer.from(wantsMarkdown ? effectiveMarkdown(effective) : JSON.stringify(effective));
    const headers = {
      'Content-Type': wantsMarkdown ? `${markdown}; charset=utf-8` : json,
      // RFC 9111 section 5.2.2.4: only the caller may store it, and must revalidate it before each use.
      'Cache-Control': 'private, no-cache',
      Vary: 'Accept, Authorization',
      ETag: `"${hash('sha256', body, 'base64url')}"`,
    };
    return Promise.resolve(taggedAnswer({ status: 200, headers, body }, raw.headers['if-none-match']));
  },
};
