// Generates ways to say how long a body is: proper ones, and combinations that two readers could take in two ways.
import fc from 'fast-check';
import { canary, type Framing } from './case.ts';

export const framing: fc.Arbitrary<Framing> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ kind: 'length' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('chunked' as const),
      sizes: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 4 }),
      extension: fc.constantFrom('', '', ';a=b', ';a', ';a="b c"', ';'),
      trailer: fc.constantFrom(
        '',
        '',
        'X-Trailer: a\r\n',
        `Authorization: Bearer ${canary}\r\n`,
        'Content-Length: 5\r\n',
      ),
    }),
  },
);

export const oddFraming: fc.Arbitrary<Framing> = fc
  .array(
    fc.oneof(
      fc
        .constantFrom(
          '0',
          '1',
          '5',
          '-1',
          '+5',
          '5, 5',
          '0x5',
          '5e0',
          '',
          ' 5 ',
          '00005',
          '18446744073709551616',
          '99999',
          '16385',
        )
        .map((length) => `Content-Length: ${length}`),
      fc
        .constantFrom(
          'chunked',
          'Chunked',
          'identity',
          'gzip, chunked',
          'chunked, chunked',
          'chunked;a=b',
          'xchunked',
          '',
          '\x0bchunked',
          'chunked\t',
          '"chunked"',
        )
        .map((coding) => `Transfer-Encoding: ${coding}`),
      fc.constantFrom(
        'Content-Length : 5',
        'Transfer-Encoding : chunked',
        'X: a\r\n folded',
        'X: a\r\n\tTransfer-Encoding: chunked',
        'Content-Length: 5\rX: a',
        ': a',
        'X',
        'X\0: a',
        'X: a\0b',
        'Content_Length: 5',
        'Content-Length:5\nX: a',
        '\xe4: a',
        'Host: again',
      ),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((lines) => ({ kind: 'odd' as const, lines }));
