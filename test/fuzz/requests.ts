// Generates requests: a good one with one part of it hostile, be it the token, the body, the header section, the target or
// the framing.
import fc from 'fast-check';
import { goodBody, hostileBody, noBody } from './bodies.ts';
import type { RequestSpec } from './case.ts';
import { framing, oddFraming } from './framings.ts';
import { contentType, goodType, line } from './header-lines.ts';
import { goodPath, goodPeeringPath, method, target } from './targets.ts';
import { goodToken, hostileToken } from './tokens.ts';

const base = {
  method: fc.constant('POST'),
  target: goodPath,
  version: fc.constant('HTTP/1.1'),
  host: fc.constant(['gateway.test']),
  token: goodToken,
  lines: fc.constant([goodType]),
  body: goodBody,
  framing: fc.constant({ kind: 'length' as const }),
};
const list = {
  ...base,
  method: fc.constant('GET'),
  lines: fc.constant([]),
  body: fc.constant(noBody),
  framing: fc.constant({ kind: 'none' as const }),
};

const one = { ...list, target: goodPeeringPath };
const removal = { ...one, method: fc.constant('DELETE') };

/** A request that is good as far as its token, policy and what is there go. */
export const goodRequest: fc.Arbitrary<RequestSpec> = fc.oneof(
  { weight: 3, arbitrary: fc.record(base) },
  {
    weight: 1,
    arbitrary: fc.record({
      ...list,
      target: fc
        .tuple(goodPath, fc.constantFrom('', '?limit=3', '?offset=1&limit=100'))
        .map((parts) => parts.join('')),
    }),
  },
  { weight: 1, arbitrary: fc.record(one) },
  { weight: 2, arbitrary: fc.record(removal) },
);

export const hostileTokenRequest: fc.Arbitrary<RequestSpec> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ ...base, token: hostileToken }) },
  { weight: 1, arbitrary: fc.record({ ...list, token: hostileToken }) },
  {
    weight: 1,
    arbitrary: fc.record({ ...list, token: hostileToken, target: fc.constant('/policy/effective') }),
  },
  { weight: 1, arbitrary: fc.record({ ...removal, token: hostileToken }) },
  { weight: 1, arbitrary: fc.record({ ...one, token: hostileToken }) },
);

export const hostileBodyRequest: fc.Arbitrary<RequestSpec> = fc.record({
  ...base,
  body: hostileBody,
  framing,
});

const lines = fc
  .tuple(contentType, fc.array(line, { minLength: 1, maxLength: 4 }))
  .map((parts) => parts.flat());
export const hostileHeaderRequest: fc.Arbitrary<RequestSpec> = fc.record({
  ...base,
  lines,
  framing,
  host: fc.oneof(
    { weight: 9, arbitrary: fc.constant(['gateway.test']) },
    { weight: 2, arbitrary: fc.constantFrom([], ['a', 'b'], [''], ['evil.example:99'], ['a/b'], ['\xff']) },
  ),
});

export const hostileTargetRequest: fc.Arbitrary<RequestSpec> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ ...base, target }) },
  { weight: 2, arbitrary: fc.record({ ...list, target }) },
  { weight: 2, arbitrary: fc.record({ ...removal, target }) },
  {
    weight: 2,
    arbitrary: fc.record({ ...base, method, target: fc.oneof(goodPath, goodPeeringPath, target) }),
  },
);

export const oddRequest: fc.Arbitrary<RequestSpec> = fc.record({
  ...base,
  framing: oddFraming,
  version: fc.oneof(
    { weight: 4, arbitrary: fc.constant('HTTP/1.1') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'HTTP/1.0',
        'HTTP/0.9',
        'HTTP/2.0',
        'HTTP/1.2',
        'HTTP/1.11',
        'http/1.1',
        'ICE/1.0',
        '',
      ),
    },
  ),
  body: fc.oneof(
    goodBody,
    // As one chunk, though nothing may say so: the VPC id is 16 characters longer than what stands for it.
    goodBody.map(({ text, ...rest }) => ({
      ...rest,
      text: `${(text.length + 16).toString(16)}\r\n${text}\r\n0\r\n\r\n`,
    })),
    fc
      .constantFrom('0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n', 'zz\r\n', '{}')
      .map((content) => ({ text: content, edits: [], size: 0 })),
  ),
});
