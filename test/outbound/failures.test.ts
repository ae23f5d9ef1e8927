// The names of failures (RFC 9209 section 2.3) and what they mean for the caller, by the error that Node or undici gives.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOf } from '../../src/outbound/failures.ts';

const unsent = { sent: 'no', answering: false, receivedStatus: undefined } as const;

const names = [
  ['ECONNREFUSED', 'unreachable', 'connection_refused'],
  ['ENOTFOUND', 'unreachable', 'dns_error'],
  ['EAI_AGAIN', 'unreachable', 'dns_timeout'],
  ['EHOSTUNREACH', 'unreachable', 'destination_ip_unroutable'],
  ['ENETUNREACH', 'unreachable', 'destination_ip_unroutable'],
  ['ETIMEDOUT', 'timeout', 'connection_timeout'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout', 'connection_timeout'],
  ['CERT_HAS_EXPIRED', 'unreachable', 'tls_certificate_error'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'unreachable', 'tls_certificate_error'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unreachable', 'tls_certificate_error'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'unreachable', 'tls_certificate_error'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'unreachable', 'tls_protocol_error'],
  ['EPROTO', 'unreachable', 'tls_protocol_error'],
  ['toString', 'unreachable', 'connection_terminated'],
] as const;

for (const [code, kind, proxyError] of names) {
  test(`${code} is ${kind}, named ${proxyError}`, () => {
    const failure = failureOf(Object.assign(new Error('x'), { code }), unsent);
    assert.deepEqual([failure.kind, failure.proxyError, failure.sent], [kind, proxyError, 'no']);
  });
}

test('anything may be thrown, and it counts as a connection that ended', () => {
  for (const thrown of [undefined, null, 'text', 7, new Error('without a code')]) {
    const failure = failureOf(thrown, { ...unsent, sent: 'maybe' });
    assert.deepEqual(
      [failure.kind, failure.proxyError, failure.sent],
      ['unreachable', 'connection_terminated', 'maybe'],
    );
    assert.equal(failure.cause, thrown);
  }
});
