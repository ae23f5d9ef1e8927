// Answers in good HTTP that are still not fit to be passed on: statuses that are no answer, and bodies that are not the
// JSON that the caller was promised.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
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

const json = { 'content-type': 'application/json' };

const unfit = (status: number, proxyError = 'http_protocol_error') =>
  ({
    sent: 'yes',
    proxyError: `${proxyError}; received-status=${status}`,
    code: 'upstream-broken',
    statusId: 0,
  }) as const;

for (const status of [301, 302, 303, 307, 308]) {
  test(`a ${status} is not followed and not passed on`, async (t) => {
    const gateway = await startTestGateway(t);
    await assertBreaks(
      t,
      reply(status, { ...json, location: `${gateway.cloud.apiUrl}/${marker}` }, jsonBody),
      unfit(status),
    );
    assert.equal(gateway.cloud.connections, 0);
  });
}

for (const status of [300, 304, 600, 999]) {
  test(`a ${status} is not passed on`, (t) =>
    assertBreaks(t, bytes(head(`${status} Odd`, 'Content-Type: application/json')), unfit(status)));
}

const bodies: Record<string, [Record<string, string>, string | Buffer]> = {
  'text that claims to be JSON': [json, `{"note":"${marker}"`],
  'JSON with something behind it': [json, `${jsonBody}${marker}`],
  'JSON in UTF-16': [json, Buffer.from(jsonBody, 'utf16le')],
  'JSON with invalid UTF-8 in it': [json, Buffer.from(`{"note":"${marker}\u00ff"}`, 'latin1')],
  'NaN in place of a number': [json, `{"${marker}":NaN}`],
  'an HTML page': [{ 'content-type': 'text/html; charset=utf-8' }, `<html>${marker}</html>`],
  'JSON that is said to be text': [{ 'content-type': 'text/plain' }, jsonBody],
  'JSON without a media type': [{}, jsonBody],
  'a media type that only begins like JSON': [{ 'content-type': 'application/json-seq' }, jsonBody],
  'JSON lines': [{ 'content-type': 'application/x-ndjson' }, jsonBody],
};

for (const [what, [headers, body]] of Object.entries(bodies)) {
  for (const status of [201, 400, 500]) {
    test(`${what} is not passed on with a ${status}`, (t) =>
      assertBreaks(t, reply(status, headers, body), unfit(status)));
  }
}

test('a body with two media types is not passed on', (t) =>
  assertBreaks(
    t,
    bytes(
      head('201 Created', 'Content-Type: application/json', 'Content-Type: text/html', 'Connection: close') +
        jsonBody,
    ),
    unfit(201),
  ));

test('a compressed body, which was not asked for, is not passed on', (t) =>
  assertBreaks(
    t,
    reply(201, { ...json, 'content-encoding': 'gzip' }, gzipSync(jsonBody)),
    unfit(201, 'http_response_content_coding'),
  ));

test('a body that is said twice to be compressed is not passed on', (t) =>
  assertBreaks(
    t,
    bytes(
      head(
        '201 Created',
        'Content-Type: application/json',
        'Content-Encoding: gzip',
        'Content-Encoding: br',
      ) + jsonBody,
    ),
    unfit(201, 'http_response_content_coding'),
  ));

test('an empty body is not passed on where there should be a peering', async (t) => {
  await assertBreaks(t, reply(201, json), unfit(201));
  await assertBreaks(t, reply(200, {}), unfit(200));
  await assertBreaks(t, reply(205, {}), unfit(205));
});

test('an empty body is fine with 204', async (t) => {
  const gateway = await startTestGateway(t);
  breakApi(gateway, reply(204, {}));
  const answer = await gateway.create();
  assert.equal(answer.status, 204);
  assert.equal(answer.text, '');
  assert.equal(answer.headers['content-length'], undefined);
  assert.equal(answer.headers['proxy-status'], 'peergate; received-status=204');
  assert.equal(gateway.records.at(-1)?.status_id, 1);
  await assertNextIsClean(gateway);
});

for (const [status, statusId] of [
  [404, 2],
  [500, 0],
  [503, 0],
] as const) {
  test(`an empty body is fine with a ${status}`, async (t) => {
    const gateway = await startTestGateway(t);
    breakApi(gateway, reply(status, { 'content-length': '0' }));
    const answer = await gateway.create();
    assert.equal(answer.status, status);
    assert.equal(answer.text, '');
    assert.equal(answer.headers['proxy-status'], `peergate; received-status=${status}`);
    assert.equal(gateway.forwarded().length, 1);
    assert.equal(gateway.records.at(-1)?.status_id, statusId);
    await assertNextIsClean(gateway);
  });
}
