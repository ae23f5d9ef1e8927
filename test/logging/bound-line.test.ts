// The bound of log lines: whatever is logged leaves a line of 4,096 bytes at most, which is JSON and says that it was cut.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LineWriter } from '../../src/logging/line-writer.ts';
import { createLogger } from '../../src/logging/logger.ts';
import type { LogLine } from '../support/log-line.ts';

/** With what the tests log. */
type LoggedFields = LogLine & { readonly text: string; readonly dryRun: boolean };

function logged(fields: object, message: string): { text: string; line: LoggedFields } {
  const lines: string[] = [];
  const writer = { log: (line: string) => void lines.push(line) } as LineWriter;
  createLogger('info', writer).info(fields, message);
  const text = lines.join('');
  return { text, line: JSON.parse(text) };
}

function assertBounded({ text, line }: ReturnType<typeof logged>, message: string): void {
  assert.ok(Buffer.byteLength(text) <= 4096, String(Buffer.byteLength(text)));
  assert.match(text, /^[^\n]+\n$/);
  assert.equal(line.truncated, true);
  assert.equal(line.level, 'info');
  assert.ok(Date.parse(line.time) > 0);
  assert.equal(line.msg, message);
}

test('a line of 4,096 bytes stays as it is, one of a byte more is cut and says so', () => {
  const frame = Buffer.byteLength(logged({ text: '' }, 'message').text);
  const whole = logged({ text: 'x'.repeat(4096 - frame) }, 'message');
  assert.equal(Buffer.byteLength(whole.text), 4096);
  assert.equal(whole.line.truncated, undefined);
  const cut = logged({ text: 'x'.repeat(4097 - frame) }, 'message');
  assertBounded(cut, 'message');
  assert.match(cut.line.text, /^x{1000,}…$/);
});

test('the longest texts lose their ends, and short ones beside them lose nothing', () => {
  const short = { gatewayRequestId: '5729437a-2d96-4ac8-8f30-25599069c139', status: 503, dryRun: true };
  const cut = logged({ ...short, err: new Error('x'.repeat(10_000)) }, 'message');
  assertBounded(cut, 'message');
  const { gatewayRequestId, status, dryRun } = cut.line;
  assert.deepEqual({ gatewayRequestId, status, dryRun }, short);
  assert.match(cut.line.err.message, /^x{1000,}…$/);
});

for (const [what, fields] of [
  ['multi-byte text', { text: '☃'.repeat(3000) }],
  ['text of which every character is escaped', { text: '\u0001'.repeat(3000) }],
  ['text cut in the middle of a surrogate pair', { text: `x${'\u{1f600}'.repeat(3000)}` }],
  ['a long list', { faults: Array.from({ length: 1000 }, (_, line) => ({ line, text: 'x'.repeat(200) })) }],
  ['lists in lists', { faults: Array.from({ length: 99 }, () => Array.from({ length: 99 }, () => 'x')) }],
  ['very many members', Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`m${at}`, 'x']))],
] as const) {
  test(`${what} is cut to a whole line of JSON`, () => {
    const cut = logged(fields, 'message');
    assertBounded(cut, 'message');
    assert.ok(cut.text.isWellFormed());
  });
}
