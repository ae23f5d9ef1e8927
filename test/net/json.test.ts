// JSON of which nothing is known yet: whatever it is, reading it throws nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapePointer, isShallow, memberOf, parseJson } from '../../src/net/json.ts';

test('text that is no JSON is undefined', () => {
  assert.deepEqual(parseJson('{"a":[1]}'), { a: [1] });
  assert.equal(parseJson('null'), null);
  for (const text of ['', '{', '{"a":1}{', 'undefined']) assert.equal(parseJson(text), undefined, text);
});

test('what is no object has no members', () => {
  assert.equal(memberOf({ a: 1 }, 'a'), 1);
  assert.equal(memberOf([7], '0'), 7);
  for (const value of [{}, null, undefined, 'text', 5, Object])
    assert.equal(memberOf(value, 'length'), undefined);
});

test('a name in a JSON Pointer is escaped whole', () => {
  assert.equal(escapePointer('~/~1/a'), '~0~1~01~1a');
});

test('a value that is nested deeper than 32 levels is not shallow, whatever it is made of', () => {
  const nested = (levels: number, open: string, close: string): unknown =>
    JSON.parse(`${open.repeat(levels)}7${close.repeat(levels)}`);
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
    ['[{"a":1,"b":', '}]'],
  ] as const) {
    const each = open.startsWith('[{') ? 2 : 1;
    assert.equal(isShallow(nested(32 / each, open, close)), true);
    assert.equal(isShallow(nested(32 / each + 1, open, close)), false);
    assert.equal(isShallow(nested(100_000, open, close)), false);
  }
  for (const value of [null, undefined, 'text', 5, true]) assert.equal(isShallow(value), true);
});
