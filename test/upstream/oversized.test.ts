// Answers that are too large: the gateway reads no more of them than it may, and passes nothing on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../support/gateway.ts';
import {
  assertBreaks,
  assertNextIsClean,
  breakApi,
  bytes,
  head,
  jsonBody,
  marker,
  reply,
} from './misbehave.ts';

const mebibyte = 1_048_576;
const json = { 'content-type': 'application/json' };
/** A JSON string of so many bytes in all. */
const text = (size: number) => JSON.stringify(marker.padEnd(size - 2, 'x'));

const tooLarge = {
  sent: 'yes',
  proxyError: 'http_response_body_size; received-status=201',
  code: 'upstream-broken',
  statusId: 0,
} as const;

test('a body over 1 MiB is refused by its Content-Length, before it has come', (t) =>
  assertBreaks(
    t,
    (_request, response) => {
      response.writeHead(201, { ...json, 'content-length': String(mebibyte + 1) });
      response.write(marker);
    },
    tooLarge,
  ));

test('a body over 1 MiB without a Content-Length is refused', (t) =>
  assertBreaks(
    t,
    (_request, response) => {
      response.writeHead(201, json);
      response.write(text(mebibyte));
      response.end(' ');
    },
    tooLarge,
  ));

test('a body without end is cut off at 1 MiB', (t) =>
  assertBreaks(
    t,
    (_request, response) => {
      response.writeHead(201, json);
      const more = () => {
        while (response.write(text(mebibyte / 4)));
      };
      response.on('drain', more);
      more();
    },
    tooLarge,
  ));

test('a body of 1 MiB exactly is passed on byte for byte', async (t) => {
  const gateway = await startTestGateway(t);
  breakApi(gateway, reply(201, json, text(mebibyte)));
  const answer = await gateway.create();
  assert.equal(answer.status, 201);
  assert.equal(answer.text, text(mebibyte));
  await assertNextIsClean(gateway);
});

test('a giant header section is a broken answer', (t) =>
  assertBreaks(
    t,
    bytes(
      head('201 Created', 'Content-Type: application/json', `X-Note: ${marker.padEnd(1_000_000, 'x')}`) +
        jsonBody,
    ),
    { sent: 'maybe', proxyError: 'http_response_header_section_size', code: 'upstream-broken', statusId: 0 },
  ));

test('a header section of very many lines is a broken answer', (t) =>
  assertBreaks(
    t,
    bytes(
      head('201 Created', 'Content-Type: application/json', ...Array(5000).fill(`X-Note: ${marker}`)) +
        jsonBody,
    ),
    { sent: 'maybe', proxyError: 'http_response_header_section_size', code: 'upstream-broken', statusId: 0 },
  ));
