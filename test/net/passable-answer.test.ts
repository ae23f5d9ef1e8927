// What an answer must be made of to reach a caller: a status that is passed on, header values that can be carried, and JSON.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AnswerParts,
  isPassableStatus,
  isRequestId,
  readPassable,
} from '../../src/net/passable-answer.ts';

const read = ({
  body = '{"a":[1]}',
  ...parts
}: Partial<Omit<AnswerParts, 'body'>> & { body?: string | Buffer } = {}) =>
  readPassable({
    status: 200,
    headers: { 'Content-Type': 'application/json' },
    requestId: undefined,
    ...parts,
    body: Buffer.from(body),
  });

test('results and errors are passed on; redirects, interim answers and what is no status are not', () => {
  for (const status of [200, 201, 299, 400, 404, 499, 500, 503, 599]) {
    assert.ok(isPassableStatus(status), String(status));
    assert.deepEqual(read({ status }), { json: { a: [1] } });
  }
  for (const status of [0, 100, 199, 300, 304, 399, 600, 999, Number.NaN]) {
    assert.ok(!isPassableStatus(status), String(status));
    assert.equal(read({ status }), undefined);
  }
});

test('an empty body is passed on with 204 and with errors only', () => {
  for (const status of [204, 400, 404, 500])
    assert.deepEqual(read({ status, body: '' }), { json: undefined });
  for (const status of [200, 201, 203, 205, 299]) assert.equal(read({ status, body: '' }), undefined);
});

test('a body is passed on if its media type says that it is JSON', () => {
  const types = ['application/json', 'application/problem+json', 'Application/JSON; charset=utf-8'];
  const odd = ['application/json ;x', 'application/json\t', 'application/a0!#$&^_.+-z+json'];
  for (const type of [...types, ...odd])
    assert.deepEqual(read({ headers: { 'Content-Type': type } }), { json: { a: [1] } }, type);
  const others = [
    '',
    'text/html',
    'text/json',
    'application/jsonx',
    'application/json x',
    'application/json,x',
    'application/x/json',
  ];
  const broken = [
    'application/+json',
    'application/xjson',
    ' application/json',
    'application/a b+json',
    'xapplication/json',
  ];
  for (const type of [...others, ...broken])
    assert.equal(read({ headers: { 'Content-Type': type } }), undefined, type);
  assert.equal(read({ headers: {} }), undefined);
});

test('a body that is not JSON in UTF-8 reaches nobody', () => {
  for (const body of ['{', '{}x', 'undefined', Buffer.from([0x22, 0xff, 0x22])])
    assert.equal(read({ body }), undefined);
  assert.deepEqual(read({ body: 'null' }), { json: null });
});

test('a header value that a header cannot carry keeps the answer back, whichever header it is', () => {
  const of = (value: string) => read({ headers: { 'Content-Type': 'application/json', Location: value } });
  for (const value of ['', '/a', ' a\tb ', '~', '\x80', '\xff'])
    assert.notEqual(of(value), undefined, JSON.stringify(value));
  for (const value of ['\r', 'a\n', '\0', '\x1f', '\x7f', 'a\x7f', '\u0100', '\nb'])
    assert.equal(of(value), undefined, JSON.stringify(value));
});

test('a request id of the upstream is visible text of at most 200 characters, or keeps the answer back', () => {
  for (const id of ['a', '!', '~', 'x'.repeat(200)]) {
    assert.ok(isRequestId(id), id);
    assert.notEqual(read({ requestId: id }), undefined);
  }
  for (const id of ['', 'x'.repeat(201), 'a b', 'a\n', '\x7f', ' a', 'é']) {
    assert.ok(!isRequestId(id), JSON.stringify(id));
    assert.equal(read({ requestId: id }), undefined);
  }
  for (const id of [undefined, null, 7, ['a']]) assert.ok(!isRequestId(id));
});
