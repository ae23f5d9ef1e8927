// The problem documents of the Aerospike Cloud contract (RFC 9457), worded as its examples are; `message` repeats
// `detail`. No other types are used than the contract's own.
import type { Reply } from './reply.ts';

export interface InvalidField {
  /** JSON Pointer. */
  readonly field: string;
  readonly type: string;
  readonly description?: string;
}

export function invalidField(field: string, description: string): InvalidField {
  return { field, type: 'urn:aerospike:errors:validation:failed', description };
}

export interface ProblemParts {
  readonly status: number;
  /** What follows `urn:aerospike:errors:`. */
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  readonly context?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export function problem({ status, type, title, detail, context, headers }: ProblemParts): Reply {
  const body = { type: `urn:aerospike:errors:${type}`, title, status, detail, message: detail };
  return {
    status,
    mediaType: 'application/problem+json',
    body: context === undefined ? body : { ...body, context },
    ...(headers === undefined ? {} : { headers }),
  };
}

const bearer = { 'WWW-Authenticate': 'Bearer' };

export const unauthenticated = (): Reply =>
  problem({
    status: 401,
    type: 'auth:unauthorized',
    title: 'Unauthorized',
    detail: 'The access token is missing or invalid.',
    headers: bearer,
  });

export const tokenExpired = (): Reply =>
  problem({
    status: 401,
    type: 'auth:token-expired',
    title: 'Token Expired',
    detail: 'Your session has expired. Please log in again.',
    headers: bearer,
  });

export const forbidden = (): Reply =>
  problem({
    status: 403,
    type: 'auth:unauthorized',
    title: 'Unauthorized',
    detail: "You don't have permission to access this resource.",
  });

export const notFound = (resource: string, id: string): Reply =>
  problem({
    status: 404,
    type: 'resource:not-found',
    title: 'Resource Not Found',
    detail: 'The requested resource could not be found.',
    context: { resource, id },
  });

export const methodNotAllowed = (allow: string): Reply =>
  problem({
    status: 405,
    type: 'validation:failed',
    title: 'Validation Error',
    detail: 'The method is not supported for this resource.',
    headers: { Allow: allow },
  });

export function invalidInput(faults: {
  readonly missing?: readonly string[];
  readonly invalid?: readonly InvalidField[];
}): Reply {
  const { missing = [], invalid = [] } = faults;
  return problem({
    status: 400,
    type: 'validation:failed',
    title: 'Validation Error',
    detail: 'The provided information is not in the correct format.',
    context: { ...(missing.length > 0 && { missing }), ...(invalid.length > 0 && { invalid }) },
  });
}

export const internalError = (): Reply =>
  problem({
    status: 500,
    type: 'system:internal',
    title: 'Internal Server Error',
    detail: 'An unexpected error occurred. Please try again later.',
  });
