// The load generator and the stand-in of the upstream count messages and not pieces: however the bytes come, each
// answer and each request counts once, and what is neither ends the measurement.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseReader } from '../../bench/load/response-reader.ts';
import { RequestReader } from '../../bench/servers/request-reader.ts';

const fixed =
  'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\ncontent-length: 11\r\n\r\n{"id":"a1"}';
const chunked =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab\r\n0\r\nA\r\n0123456789\r\n0\r\n\r\n';
const empty = 'HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n';

const push = (reader: ResponseReader, text: string): number => reader.push(Buffer.from(text), text.length);

for (const [name, text, status] of [
  ['with a length', fixed, 201],
  ['in chunks', chunked, 200],
  ['without a body', empty, 204],
] as const) {
  test(`an answer ${name} counts once, wherever it is cut`, () => {
    const reader = new ResponseReader();
    for (let cut = 1; cut < text.length; cut += 1) {
      assert.equal(push(reader, text.slice(0, cut)), 0, `before ${cut}`);
      assert.equal(push(reader, text.slice(cut)), status, `behind ${cut}`);
    }
    for (const [index, byte] of [...text].entries())
      assert.equal(push(reader, byte), index === text.length - 1 ? status : 0);
  });
}

test('bytes of the buffer behind those that came are not read', () => {
  const reader = new ResponseReader();
  const buffer = Buffer.from(`${fixed}${fixed}`);
  assert.equal(reader.push(buffer, fixed.length), 201);
});

test('what nobody asked for is no answer', () => {
  assert.throws(() => push(new ResponseReader(), `${fixed}x`), /behind the answer/);
  assert.throws(() => push(new ResponseReader(), fixed.replace('201', '101')), /no answer/);
  assert.throws(() => push(new ResponseReader(), fixed.replace('HTTP/1.1', 'SPDY/1.1')), /no answer/);
});

const post = 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello';
const get = 'GET /b HTTP/1.1\r\nHost: x\r\n\r\n';

test('requests one behind the other are read in order, wherever they are cut', () => {
  const text = post + get + post;
  for (let cut = 1; cut < text.length; cut += 1) {
    const reader = new RequestReader();
    const read = [
      ...reader.push(Buffer.from(text.slice(0, cut))),
      ...reader.push(Buffer.from(text.slice(cut))),
    ];
    assert.deepEqual(
      read.map(({ method, target }) => `${method} ${target}`),
      ['POST /a', 'GET /b', 'POST /a'],
    );
  }
});

test('a chunked request is refused rather than counted wrongly', () => {
  const text = 'POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
  assert.throws(() => new RequestReader().push(Buffer.from(text)), /chunked/);
});
