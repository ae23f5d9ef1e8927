// JSON of which nothing is known yet: whatever it is, reading it throws nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapePointer, isShallow, memberOf, parseJson, withExactNumbers } from '../../src/net/json.ts';

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

test('numbers are written again as they were read, wherever they stand, and other values are the same', () => {
  const written = (text: string) => JSON.stringify(withExactNumbers(Buffer.from(text), JSON.parse(text)));
  const numbers = [
    '-0',
    '-0.0',
    '0',
    '1e400',
    '-1E-400',
    '1e+2',
    '9007199254740993',
    '123456789012345',
    '0.1234567890123456789',
  ];
  for (const number of numbers)
    for (const text of [
      `[${number}]`,
      `[1,${number}]`,
      `{"a":${number}}`,
      `{"a":"é","__proto__":{"b":[${number},null]}}`,
    ])
      assert.equal(written(text), text);
  assert.equal(written('{"a":\t1e400,\n"b": \r-0}'), '{"a":1e400,"b":-0}');
  for (const text of ['[0.1,1.5,-7,123456789012345]', '{"a":"-0 and, 1e400"}', '"1e5"'])
    assert.deepEqual(withExactNumbers(Buffer.from(text), JSON.parse(text)), JSON.parse(text));
});

test('any double is written again with its value, whether or not it is looked at twice', () => {
  const view = new DataView(new ArrayBuffer(8));
  for (let number = 1; number < 5000; number += 1) {
    view.setBigUint64(0, BigInt.asUintN(64, BigInt(number) * 0x9e3779b97f4a7c15n));
    const value = view.getFloat64(0);
    if (!Number.isFinite(value)) continue;
    for (const text of [`[${value}]`, `[${value.toPrecision(15)}]`, `[${(number / 1000).toFixed(9)}]`]) {
      const again = JSON.stringify(withExactNumbers(Buffer.from(text), JSON.parse(text)));
      assert.equal(Number(again.slice(1, -1)), Number(text.slice(1, -1)));
    }
  }
});
