// An upstream whose connection ends before its answer does.
import { test } from 'node:test';
import { assertBreaks, bytes, head, jsonBody, marker } from './misbehave.ts';

const noAnswer = {
  sent: 'maybe',
  proxyError: 'connection_terminated',
  code: 'upstream-unreachable',
  statusId: 0,
} as const;

const halfAnswer = {
  sent: 'yes',
  proxyError: 'http_response_incomplete; received-status=201',
  code: 'upstream-broken',
  statusId: 0,
} as const;

test('a reset before the answer is a 502 that says the create may have arrived, and is not sent again', (t) =>
  assertBreaks(t, (request) => void request.socket.resetAndDestroy(), noAnswer));

test('a connection closed before the answer is a 502 that says the create may have arrived', (t) =>
  assertBreaks(t, bytes(''), noAnswer));

test('a head that breaks off is a broken answer, and whether it was to this create is not known', (t) =>
  assertBreaks(t, bytes(`HTTP/1.1 201 Created\r\nX-Note: ${marker}\r\nContent-Ty`), {
    sent: 'maybe',
    proxyError: 'http_response_incomplete',
    code: 'upstream-broken',
    statusId: 0,
  }));

test('a reset in the middle of the body is a 502 that says the create arrived', (t) =>
  assertBreaks(
    t,
    (request, response) => {
      response.writeHead(201, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write(jsonBody, () => request.socket.resetAndDestroy());
    },
    halfAnswer,
  ));

test('a body shorter than its Content-Length is not passed on, although it is good JSON', (t) =>
  assertBreaks(
    t,
    bytes(head('201 Created', 'Content-Type: application/json', 'Content-Length: 1000') + jsonBody),
    halfAnswer,
  ));

test('a chunked body without its end is not passed on, although it is good JSON', (t) => {
  const chunk = `${Buffer.byteLength(jsonBody).toString(16)}\r\n${jsonBody}\r\n`;
  return assertBreaks(
    t,
    bytes(head('201 Created', 'Content-Type: application/json', 'Transfer-Encoding: chunked') + chunk),
    halfAnswer,
  );
});
