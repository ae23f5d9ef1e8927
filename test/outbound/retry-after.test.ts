// What counts as a Retry-After, in its two forms, and that none makes the gateway wait without end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRetryAfter, retryAfterIn, waitMsOf } from '../../src/outbound/retry-after.ts';

/** Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110. */
const now = 784_111_777_000;
const inUtc = (text: string) => waitMsOf(text, now - 60_000);

test('seconds and each of the three forms of a date say how long to wait', () => {
  assert.equal(waitMsOf('17', now), 17_000);
  assert.equal(waitMsOf('0', now), 0);
  assert.equal(inUtc('Sun, 06 Nov 1994 08:49:37 GMT'), 60_000);
  assert.equal(inUtc('Sunday, 06-Nov-94 08:49:37 GMT'), 60_000);
  assert.equal(inUtc('Sun Nov  6 08:49:37 1994'), 60_000);
});

test('a date that has passed asks for no wait', () => {
  assert.equal(waitMsOf('Sun, 06 Nov 1994 08:49:36 GMT', now), 0);
});

test('nobody is waited for longer than five minutes', () => {
  for (const value of ['301', '9999999999', 'Fri, 31 Dec 2100 23:59:59 GMT'])
    assert.equal(waitMsOf(value, now), 300_000, value);
});

const malformed = [
  ...[
    '',
    ' ',
    '-1',
    '+1',
    '1.5',
    '1e9',
    '0x10',
    '12345678901',
    '17 ',
    '17, 18',
    'soon',
    '17s',
    'NaN',
    'Infinity',
  ],
  ...[
    '1994-11-06T08:49:37Z',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 99 Nov 1994 08:49:37 GMT',
  ],
  ...['Sun, 06 Nov 1994 99:49:37 GMT', '17\r\nX-Header: y', 'Sun, 06 Nov 1994 08:49:37 GMT\r\n'],
];

test('anything else counts as absent', () => {
  for (const value of malformed) {
    assert.equal(isRetryAfter(value), false, value);
    assert.equal(waitMsOf(value, now), 0, value);
    assert.equal(retryAfterIn({ 'retry-after': value }), undefined, value);
  }
  assert.equal(waitMsOf(undefined, now), 0);
  assert.equal(retryAfterIn({}), undefined);
  // As undici gives a field that comes twice.
  assert.equal(retryAfterIn({ 'retry-after': ['1', '2'] as unknown as string }), undefined);
});
