// Names what went wrong in an exchange with another server, by the error that undici or Node gave: one kind for the
// status to answer with, one RFC 9209 error type for `Proxy-Status`. An unknown error counts as a broken connection.
import type { Sent } from '../errors.ts';

/** `timeout`: too slow. `unreachable`: no answer began. `broken`: an answer began and is no good. */
export type FailureKind = 'timeout' | 'unreachable' | 'broken';

/** An exchange that did not end with a whole answer. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly kind: FailureKind;
  /** RFC 9209 section 2.3. */
  readonly proxyError: string;
  /** Did the request reach the other side? */
  readonly sent: Sent;
  /** The status of the answer, if one began. */
  readonly receivedStatus: number | undefined;

  constructor(
    kind: FailureKind,
    proxyError: string,
    at: { sent: Sent; receivedStatus?: number | undefined },
    options?: ErrorOptions,
  ) {
    super(`${kind}: ${proxyError}`, options);
    this.kind = kind;
    this.proxyError = proxyError;
    this.sent = at.sent;
    this.receivedStatus = at.receivedStatus;
  }
}

const byCode: Readonly<Record<string, readonly [FailureKind, string]>> = {
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

/** Never throws. `receivedStatus` is there when the head of an answer had arrived. */
export function failureOf(error: unknown, sent: Sent, receivedStatus: number | undefined): ExchangeError {
  const code = String((error as NodeJS.ErrnoException | null)?.code ?? '');
  const [kind, proxyError] = nameOf(code, receivedStatus !== undefined);
  return new ExchangeError(kind, proxyError, { sent, receivedStatus }, { cause: error });
}

function nameOf(code: string, answered: boolean): readonly [FailureKind, string] {
  const known = byCode[code];
  if (known) return known;
  const pattern = byPattern.find(([expression]) => expression.test(code));
  if (pattern) return [pattern[1], pattern[2]];
  return answered ? ['broken', 'http_response_incomplete'] : ['unreachable', 'connection_terminated'];
}
