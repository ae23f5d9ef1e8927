// JSON of which nothing is known yet: whatever it is, reading it throws nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapePointer, memberOf, parseJson } from '../../src/net/json.ts';

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
