// The table of every error that the gateway itself answers, and the error class that carries one. It is the only place that
// decides a status, a problem type, a title or a log level.

const urn = <const Name extends string>(name: Name) => `urn:aerospike:errors:${name}` as const;

/** Problem types of the vendor's contract (`ErrorType`); the gateway uses no others. Each has one title. */
export const problemTitles = {
  [urn('auth:unauthorized')]: 'Unauthorized',
  [urn('auth:token-expired')]: 'Token Expired',
  [urn('resource:not-found')]: 'Resource Not Found',
  [urn('resource:already-exists')]: 'Resource Already Exists',
  [urn('validation:failed')]: 'Validation Error',
  [urn('system:internal')]: 'Internal Server Error',
  [urn('system:unavailable')]: 'Service Unavailable',
  [urn('ratelimit:exceeded')]: 'Rate Limit Exceeded',
} as const;

type ProblemType = keyof typeof problemTitles;

/** `error` needs an operator, `warn` may need one, `info` is normal operation. */
type LogLevel = 'info' | 'warn' | 'error';

export interface ErrorRule {
  readonly status: number;
  readonly type: ProblemType;
  /** For callers, who cannot see the gateway's logs. */
  readonly detail: string;
  readonly level: LogLevel;
  /** RFC 9209 section 2.3 error type for `Proxy-Status`. */
  readonly proxyError: string;
}

const denied = 'http_request_denied';
const rule = (
  status: number,
  type: ProblemType,
  level: LogLevel,
  detail: string,
  proxyError = denied,
): ErrorRule => Object.freeze({ status, type, detail, level, proxyError });

const auth = urn('auth:unauthorized');
const validation = urn('validation:failed');
const unavailable = urn('system:unavailable');

/** Every error that the gateway raises, by its code, which is also the `code` in log lines and audit records. */
export const errorRules = {
  'token-missing': rule(401, auth, 'info', 'This route requires a bearer token in the Authorization header.'),
  'token-duplicated': rule(400, auth, 'info', 'The request carries more than one Authorization header.'),
  'token-invalid': rule(401, auth, 'info', 'The access token is not valid here.'),
  'token-expired': rule(401, urn('auth:token-expired'), 'info', 'The access token has expired.'),
  'scope-missing': rule(403, auth, 'info', 'The access token lacks the scope that this operation requires.'),
  'policy-denied': rule(403, auth, 'info', 'The policy does not allow this request.'),
  'request-invalid': rule(400, validation, 'info', 'The provided information is not in the correct format.'),
  'request-malformed': rule(400, validation, 'info', 'The request is not well-formed HTTP/1.1.'),
  'request-timeout': rule(408, validation, 'info', 'The request did not arrive in time.'),
  'headers-too-large': rule(431, validation, 'info', 'The header section of the request is too large.'),
  'route-unknown': rule(404, urn('resource:not-found'), 'info', 'There is no such route.'),
  'peering-unknown': rule(404, urn('resource:not-found'), 'info', 'The cluster has no such peering.'),
  'peering-ambiguous': rule(
    409,
    urn('resource:already-exists'),
    'warn',
    'The id matches more than one peering of the cluster. Nothing was changed.',
  ),
  'method-not-allowed': rule(405, validation, 'info', 'The route does not support this method.'),
  'body-too-large': rule(413, validation, 'info', 'The request body is larger than 16384 bytes.'),
  'media-type-unsupported': rule(415, validation, 'info', 'The request body must be application/json.'),
  'rate-limited': rule(429, urn('ratelimit:exceeded'), 'info', 'Too many requests.'),
  overloaded: rule(503, unavailable, 'warn', 'The gateway is serving its maximum number of requests.'),
  stopping: rule(503, unavailable, 'info', 'The gateway is shutting down.'),
  'keys-unavailable': rule(
    503,
    unavailable,
    'error',
    "The issuer's keys are currently unavailable, so the access token cannot be verified.",
    'proxy_internal_error',
  ),
  'vpc-peered-already': rule(
    409,
    urn('resource:already-exists'),
    'info',
    'This VPC is already peered with the cluster.',
  ),
  'cidr-overlap': rule(
    409,
    validation,
    'info',
    'The CIDR block overlaps the cluster or one of its peerings. AWS would refuse the peering.',
  ),
  'vpc-peered-elsewhere': rule(
    409,
    validation,
    'info',
    'The VPC is peered with another cluster whose block overlaps; it could not route to both.',
  ),
  'peering-limit': rule(409, validation, 'info', 'A limit on the number of peerings is reached.'),
  'fleet-unavailable': rule(
    503,
    unavailable,
    'warn',
    'The fleet is not known at the moment.',
    'proxy_internal_error',
  ),
  'idempotency-key-reused': rule(
    422,
    validation,
    'info',
    'This Idempotency-Key was already used with a different request.',
  ),
  'idempotency-key-running': rule(
    409,
    validation,
    'info',
    'The first request with this Idempotency-Key is still in progress.',
  ),
  'idempotency-unavailable': rule(
    503,
    unavailable,
    'error',
    'Idempotency keys are currently unavailable, so the request was not forwarded.',
    'proxy_internal_error',
  ),
  'cluster-busy': rule(503, unavailable, 'warn', 'Other creates for this cluster are still in progress.'),
  'audit-unavailable': rule(
    503,
    unavailable,
    'error',
    'The audit record cannot be written, so nothing is forwarded.',
    'proxy_internal_error',
  ),
  'upstream-unreachable': rule(502, unavailable, 'error', 'Aerospike Cloud could not be reached.'),
  'upstream-broken': rule(502, unavailable, 'error', 'Aerospike Cloud sent an invalid response.'),
  'circuit-open': rule(
    503,
    unavailable,
    'warn',
    'Aerospike Cloud keeps failing, so the circuit breaker is open. The request was not sent.',
    'destination_unavailable',
  ),
  'preflight-failed': rule(
    502,
    unavailable,
    'error',
    "The cluster's network and peerings could not be read from Aerospike Cloud. Nothing was changed.",
  ),
  'upstream-timeout': rule(504, unavailable, 'error', 'Aerospike Cloud did not answer in time.'),
  'credential-refused': rule(
    502,
    unavailable,
    'error',
    "Aerospike Cloud refused the gateway's own credential.",
    'proxy_configuration_error',
  ),
  'service-token-unavailable': rule(
    502,
    unavailable,
    'error',
    'The gateway could not obtain an access token for Aerospike Cloud.',
  ),
  'service-token-timeout': rule(
    504,
    unavailable,
    'error',
    'The token endpoint of Aerospike Cloud did not answer in time.',
  ),
  internal: rule(
    500,
    urn('system:internal'),
    'error',
    'An unexpected error occurred. Please try again later.',
    'proxy_internal_error',
  ),
} as const satisfies Record<string, ErrorRule>;

export type ErrorCode = keyof typeof errorRules;

/** Was the request sent to the upstream? `maybe`: it was written, but may not have arrived. */
export type Sent = 'no' | 'maybe' | 'yes';

export interface GatewayErrorOptions {
  /** Replaces the rule's detail. Must not contain secrets or anything from the cause. */
  detail?: string;
  /** The problem's `context` member (RFC 9457 extension of the vendor's contract). */
  context?: Record<string, unknown>;
  /** Additional response header fields. */
  headers?: Record<string, string>;
  /** Replaces the rule's RFC 9209 error type. */
  proxyError?: string;
  /** The upstream's status, if it answered (RFC 9209 `received-status`). */
  receivedStatus?: number;
  /** For the log only; never for the caller. Its `proxyDetails`, if it has any, are this error's, too. */
  cause?: unknown;
  /** Members of the request's log line, bounded; never for the caller. */
  logged?: Readonly<Record<string, unknown>>;
}

/** Ends a request with an error of the table above. `http/respond/render-error.ts` turns it into an answer. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly rule: ErrorRule;
  readonly detail: string;
  readonly context: Record<string, unknown> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly proxyError: string;
  readonly receivedStatus: number | undefined;
  /** Which part of the way failed (RFC 9209 section 2.1.4); `undefined`: the code says it. */
  readonly proxyDetails: 'egress-proxy' | undefined;
  readonly logged: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, options: GatewayErrorOptions = {}) {
    const found = errorRules[code];
    super(options.detail ?? found.detail, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.rule = found;
    this.detail = this.message;
    this.context = options.context;
    this.headers = options.headers ?? {};
    this.proxyError = options.proxyError ?? found.proxyError;
    this.receivedStatus = options.receivedStatus;
    this.proxyDetails = (options.cause as Pick<GatewayError, 'proxyDetails'> | undefined)?.proxyDetails;
    this.logged = options.logged;
  }

  /** Was the request sent? After an unexpected error nobody knows. */
  get sent(): Sent {
    return (this.context?.['sent'] as Sent | undefined) ?? (this.code === 'internal' ? 'maybe' : 'no');
  }
}

/** Any other error becomes `internal`. */
export const toGatewayError = (error: unknown): GatewayError =>
  error instanceof GatewayError ? error : new GatewayError('internal', { cause: error });

/** One entry of `context.invalid` (the vendor's `InvalidFieldError`). `field` is a JSON Pointer (RFC 6901). */
export interface InvalidField {
  readonly field: string;
  readonly type: 'urn:aerospike:errors:validation:failed';
  readonly description: string;
}

export const invalidField = (field: string, description: string): InvalidField => ({
  field,
  type: 'urn:aerospike:errors:validation:failed',
  description,
});
