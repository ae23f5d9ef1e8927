// Turns a bearer token into a caller. Refuses callers over their rate limit or without the operation's scope. The body has
// not been read yet.
import { insufficientScope, readBearerToken } from '../identity/bearer-token.ts';
import type { TokenCache } from '../identity/token-cache.ts';
import type { Progress } from '../request/progress.ts';
import type { Authenticated, Received, Scoped } from '../request/request.ts';
import type { RateLimiter } from '../state/rate-limit/rate-limiter.ts';
import type { ScopeName } from './operation.ts';

/** Rejects with `token-…` (401, 400) or `keys-unavailable` (503). */
export async function authenticate(request: Received, tokens: TokenCache): Promise<Authenticated> {
  const { raw, stages } = request;
  const token = readBearerToken(raw.rawHeaders);
  const known = stages.runNow('authenticate', () => tokens.get(token));
  const caller = known ?? (await stages.run('verify', () => tokens.verify(token)));
  return { ...request, caller };
}

/** Rejects with `rate-limited`. Every answer from now on has the rate limit headers. */
export async function limitCaller(
  request: Authenticated,
  progress: Progress,
  limiter: RateLimiter,
): Promise<Authenticated> {
  const { issuer, subject } = request.caller;
  const { headers, refusal } = await limiter.count(JSON.stringify([issuer, subject]));
  const counted = progress.advance({ ...request, rateLimitHeaders: headers });
  if (refusal !== undefined) throw refusal;
  return counted;
}

/** Throws `scope-missing`. A caller whose token needs no scope is authorized by its grants alone: see `requireGrant`. */
export function requireScope(
  request: Authenticated,
  name: ScopeName | undefined,
  scopes: Readonly<Record<ScopeName, string>>,
): Scoped {
  const { caller } = request;
  if (name !== undefined && !caller.withoutScopes && !caller.scopes.has(scopes[name]))
    throw insufficientScope(scopes[name]);
  return request as Scoped;
}
