// Generates whole cases: one request of each kind, or streams of bytes that are pipelined, cut, changed and hung up on.
import fc from 'fast-check';
import { edit } from './bodies.ts';
import type { FuzzCase, RequestSpec } from './case.ts';
import {
  goodRequest,
  hostileBodyRequest,
  hostileHeaderRequest,
  hostileTargetRequest,
  hostileTokenRequest,
  oddRequest,
} from './requests.ts';

const whole = 1000;
const splits = fc.oneof(
  { weight: 6, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(fc.nat(whole), { minLength: 1, maxLength: 4 }) },
);

const single = (request: fc.Arbitrary<RequestSpec>): fc.Arbitrary<FuzzCase> =>
  fc.record({
    parts: request.map((part) => [part]),
    edits: fc.constant([]),
    cut: fc.constant(whole),
    splits,
    ending: fc.constant('wait' as const),
  });

const anyRequest = fc.oneof(
  goodRequest,
  hostileTokenRequest,
  hostileBodyRequest,
  hostileHeaderRequest,
  hostileTargetRequest,
);

const garbage = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.constantFrom(
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\0',
    ' ',
    'GET / HTTP/1.1\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03',
    'PROXY TCP4 203.0.113.77 10.0.0.1 1 2\r\n',
    '0\r\n\r\n',
    'x'.repeat(20_000),
    'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
  ),
);

/** Well-formed ones behind one another, and answered all. */
const pipeline: fc.Arbitrary<FuzzCase> = fc.record({
  parts: fc.array(anyRequest, { minLength: 2, maxLength: 4 }),
  edits: fc.constant([]),
  cut: fc.constant(whole),
  splits,
  ending: fc.constant('wait' as const),
});

const stream: fc.Arbitrary<FuzzCase> = fc.record({
  parts: fc.array(fc.oneof({ weight: 4, arbitrary: anyRequest }, { weight: 1, arbitrary: garbage }), {
    minLength: 1,
    maxLength: 3,
  }),
  edits: fc.oneof(fc.constant([]), fc.array(edit, { minLength: 1, maxLength: 3 })),
  cut: fc.oneof(fc.constant(whole), fc.nat(whole)),
  splits: fc.array(fc.nat(whole), { maxLength: 5 }),
  ending: fc.constantFrom('wait', 'end', 'destroy'),
});

export const fuzzCase: fc.Arbitrary<FuzzCase> = fc.oneof(
  { weight: 6, arbitrary: single(goodRequest) },
  { weight: 24, arbitrary: single(hostileTokenRequest) },
  { weight: 24, arbitrary: single(hostileBodyRequest) },
  { weight: 14, arbitrary: single(hostileHeaderRequest) },
  { weight: 14, arbitrary: single(hostileTargetRequest) },
  { weight: 6, arbitrary: single(oddRequest) },
  { weight: 3, arbitrary: pipeline },
  { weight: 9, arbitrary: stream },
);
