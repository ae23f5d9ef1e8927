// `GET /policy/effective`: what this caller may do, as JSON or as Markdown, with an ETag that changes exactly when the
// answer does. Needs a valid token and no scope; tells nobody about the grants of others.
import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Clock } from '../clock.ts';
import { Faults, parseQuery, requestInvalid } from '../operations/parse.ts';
import { effectivePolicy } from '../policy/effective.ts';
import { effectiveMarkdown } from '../policy/effective-markdown.ts';
import { callerOf, contextOf } from './request-context.ts';
import { sendTagged } from './send-tagged.ts';

const json = 'application/json';
const markdown = 'text/markdown';

export const serveEffectivePolicy =
  (clock: Clock): RequestHandler =>
  (request, response, next) => {
    const { route, policy } = contextOf(response);
    if (route.kind !== 'policy') {
      next();
      return;
    }
    refuseQuery(route.query);
    const effective = effectivePolicy(policy, callerOf(response), clock.now());
    const wantsMarkdown = request.accepts([json, markdown]) === markdown;
    const body = Buffer.from(wantsMarkdown ? effectiveMarkdown(effective) : JSON.stringify(effective));
    const fields = {
      'Content-Type': wantsMarkdown ? `${markdown}; charset=utf-8` : json,
      // RFC 9111 section 5.2.2.4: kept by the caller alone, and asked about before it is used again.
      'Cache-Control': 'private, no-cache',
      Vary: 'Accept, Authorization',
    };
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    sendTagged(request, response, { fields, body, etag, shared: false });
  };

function refuseQuery(query: string): void {
  const faults = new Faults();
  parseQuery(new URLSearchParams(query), [], faults);
  if (faults.any()) throw requestInvalid(faults);
}
