// Generates lines of header sections: what a caller may send, in values from good to hostile, and what it had better not.
import fc from 'fast-check';
import { canary, forwardedFor } from './case.ts';
import { anyText, printable } from './texts.ts';

const text = anyText(40).map(printable);
const long = fc.constantFrom(129, 256, 1000, 8000, 15_000, 17_000).map((length) => 'x'.repeat(length));
/** For what may come out again. */
const plain = fc.oneof(text, long, fc.constantFrom('', ' ', '\t', '\xff\xfe', '"', ',', ';', '%0d%0a'));
const value = fc.oneof(
  text,
  long,
  fc.constantFrom('', ' ', '\t', canary, forwardedFor, '\xff\xfe', '"', ',', ';', '%0d%0a', '%00', '../..'),
);

const named = (names: readonly string[], values: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...names), values).map(([name, content]) => `${name}: ${content}`);

/** A header line that a well-formed request may have. */
export const line = fc
  .oneof(
    named(
      ['X-Request-Id', 'x-request-id'],
      fc.oneof(plain, fc.constantFrom('order-17', 'a'.repeat(128), 'a b', 'ä')),
    ),
    named(
      ['Idempotency-Key', 'idempotency-key'],
      fc.oneof(
        plain,
        fc.nat(20).map((number) => `key-${number}`),
        fc.constantFrom('k'.repeat(255), 'a, b'),
      ),
    ),
    named(
      ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'Forwarded', 'X-Real-IP', 'Via'],
      fc.oneof(value, fc.constantFrom(`${forwardedFor}, 10.0.0.1`, '::1', `for=${forwardedFor}`)),
    ),
    named(
      ['Content-Encoding'],
      fc.constantFrom(
        'gzip',
        'identity',
        'IDENTITY',
        'br',
        '',
        'identity, identity',
        'gzip, identity',
        'deflate;q=1',
      ),
    ),
    named(
      ['Expect'],
      fc.constantFrom('100-continue', '100-Continue', '200-ok', '', '100-continue, 100-continue'),
    ),
    named(
      ['Connection'],
      fc.constantFrom(
        'close',
        'keep-alive',
        'Authorization',
        'Upgrade',
        'close, keep-alive',
        'Content-Length',
        '',
      ),
    ),
    named(['Upgrade'], fc.constantFrom('h2c', 'websocket', 'TLS/1.0', '')),
    named(
      ['Accept', 'Accept-Encoding', 'If-None-Match', 'If-Match', 'Range', 'Cache-Control', 'TE', 'Trailer'],
      value,
    ),
    named(
      [
        'Cookie',
        'X-Api-Key',
        'X-HTTP-Method-Override',
        'X-Original-URL',
        'X-Rewrite-URL',
        'Proxy-Authorization',
      ],
      fc.constant(canary),
    ),
    named(
      ['traceparent', 'tracestate', 'baggage', 'User-Agent', 'Origin', 'Referer', '__proto__', 'constructor'],
      fc.constant(canary),
    ),
    fc
      .tuple(fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/), text)
      .map(([name, content]) => `X-${name}: ${content}`),
    fc.nat(300).map((count) => Array.from({ length: count }, (_, index) => `X-${index}: a`).join('\r\n')),
  )
  .filter((content) => content !== '');

export const goodType = 'Content-Type: application/json';
export const contentType = fc.oneof(
  { weight: 10, arbitrary: fc.constant([goodType]) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      [],
      [goodType, goodType],
      ['Content-Type: text/plain'],
      ['Content-Type:'],
      ['content-type: APPLICATION/JSON ; Charset="UTF-8"'],
      ['Content-Type: application/json;charset=utf-16'],
      ['Content-Type: application/json;'],
      ['Content-Type: application/json; charset=utf-8; charset=utf-16'],
      ['Content-Type: application/json, text/plain'],
      ['Content-Type: application/problem+json'],
      ['Content-Type: application/json\xa0'],
      ['Content-Type: multipart/form-data; boundary=a'],
      ['Content-Type: application/x-www-form-urlencoded'],
    ),
  },
  { weight: 1, arbitrary: value.map((content) => [`Content-Type: ${content}`]) },
);
