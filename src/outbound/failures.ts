// Classifies failed exchanges by the error of undici or Node: the kind decides the status of the answer, the RFC 9209 error type
// goes into `Proxy-Status`. An unknown error counts as a broken connection.
import type { Sent } from '../errors.ts';

/** `timeout`: too slow. `unreachable`: no answer began. `broken`: an answer began and is invalid. */
type FailureKind = 'timeout' | 'unreachable' | 'broken';

/** An exchange without a complete answer. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly kind: FailureKind;
  /** RFC 9209 section 2.3. */
  readonly proxyError: string;
  /** Did the request reach the other side? */
  readonly sent: Sent;
  /** The status of the answer, if one began. */
  readonly receivedStatus: number | undefined;
  /** That answer's `Retry-After`, if it has a well-formed one. */
  readonly retryAfter: string | undefined;
  /** `egress-proxy`, if that failed, and not the server behind it (RFC 9209 section 2.1.4). */
  readonly proxyDetails: 'egress-proxy' | undefined;

  constructor(
    kind: FailureKind,
    proxyError: string,
    at: { sent: Sent; receivedStatus?: number | undefined; retryAfter?: string | undefined },
    options?: ErrorOptions,
  ) {
    super(`${kind}: ${proxyError}`, options);
    this.kind = kind;
    this.proxyError = proxyError;
    this.sent = at.sent;
    this.receivedStatus = at.receivedStatus;
    this.retryAfter = at.retryAfter;
    this.proxyDetails = options?.cause instanceof EgressProxyError ? 'egress-proxy' : undefined;
  }
}

/** The egress proxy opened no tunnel: nothing can have reached the server behind it. The message holds no credentials. */
export class EgressProxyError extends Error {
  override readonly name = 'EgressProxyError';
  readonly kind: FailureKind;
  readonly proxyError: string;

  private constructor(message: string, [kind, proxyError]: Named, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
    this.proxyError = proxyError;
  }

  static ofStatus(status: number): EgressProxyError {
    const proxyError = status < 500 ? 'proxy_configuration_error' : 'destination_unavailable';
    return new EgressProxyError(`the egress proxy answered CONNECT with status ${status}`, [
      'unreachable',
      proxyError,
    ]);
  }

  static ofCause(cause: unknown): EgressProxyError {
    if ((cause as Error | null)?.name === 'TimeoutError')
      return new EgressProxyError('the egress proxy opened no tunnel in time', [
        'timeout',
        'connection_timeout',
      ]);
    const named = nameOf(cause as NodeJS.ErrnoException | null, false);
    return new EgressProxyError(`the egress proxy failed: ${named[1]}`, named, cause);
  }
}

/** A complete answer with an unexpected status. */
export class StatusError extends Error {
  /** The answer's `Retry-After`, if it has a well-formed one. */
  readonly retryAfter: string | undefined;

  constructor(message: string, retryAfter: string | undefined) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/** The `Retry-After` of a failed exchange. */
export const retryAfterOf = (error: unknown): string | undefined =>
  error instanceof ExchangeError || error instanceof StatusError ? error.retryAfter : undefined;

type Named = readonly [FailureKind, string];

const byCode: Readonly<Record<string, Named>> = {
  ECONNREFUSED: ['unreachable', 'connection_refused'],
  ENOTFOUND: ['unreachable', 'dns_error'],
  EAI_AGAIN: ['unreachable', 'dns_timeout'],
  EHOSTUNREACH: ['unreachable', 'destination_ip_unroutable'],
  ENETUNREACH: ['unreachable', 'destination_ip_unroutable'],
  EADDRNOTAVAIL: ['unreachable', 'destination_ip_unroutable'],
  ETIMEDOUT: ['timeout', 'connection_timeout'],
  UND_ERR_CONNECT_TIMEOUT: ['timeout', 'connection_timeout'],
  UND_ERR_HEADERS_OVERFLOW: ['broken', 'http_response_header_section_size'],
  HPE_HEADER_OVERFLOW: ['broken', 'http_response_header_section_size'],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ['broken', 'http_response_incomplete'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['unreachable', 'tls_certificate_error'],
  EPROTO: ['unreachable', 'tls_protocol_error'],
};

const byPattern: readonly (readonly [RegExp, FailureKind, string])[] = [
  [/CERT|^UNABLE_TO_|SELF_SIGNED/, 'unreachable', 'tls_certificate_error'],
  [/^ERR_(SSL|TLS)_/, 'unreachable', 'tls_protocol_error'],
  [/^HPE_/, 'broken', 'http_protocol_error'],
];

/** The progress of an exchange when it failed. */
export interface FailedAt {
  readonly sent: Sent;
  /** Had anything of an answer arrived? */
  readonly answering: boolean;
  /** There when the whole head of an answer had arrived. */
  readonly receivedStatus: number | undefined;
  readonly retryAfter?: string | undefined;
}

/** Never throws. */
export function failureOf(error: unknown, at: FailedAt): ExchangeError {
  const [kind, proxyError] =
    error instanceof EgressProxyError
      ? [error.kind, error.proxyError]
      : nameOf(error as NodeJS.ErrnoException | null, at.answering);
  return new ExchangeError(kind, proxyError, at, { cause: error });
}

function nameOf(error: NodeJS.ErrnoException | null, answering: boolean): Named {
  const code = String(error?.code ?? '');
  if (Object.hasOwn(byCode, code)) return byCode[code] as Named;
  const pattern = byPattern.find(([expression]) => expression.test(code));
  if (pattern) return [pattern[1], pattern[2]];
  // undici gives most errors of its parser a name and no code.
  if (error?.name === 'HTTPParserError') return ['broken', 'http_protocol_error'];
  return answering ? ['broken', 'http_response_incomplete'] : ['unreachable', 'connection_terminated'];
}
