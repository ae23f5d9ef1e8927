// Answers that are no good HTTP, or of which two readers could think differently: nothing of them reaches the caller, and
// nothing of them is taken for the answer to another request.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway, withoutPreflight } from '../support/gateway.ts';
import {
  assertBreaks,
  assertNextIsClean,
  assertNothingLeaks,
  breakApi,
  bytes,
  head,
  jsonBody,
  marker,
  openBytes,
} from './misbehave.ts';

const json = 'Content-Type: application/json';
const length = `Content-Length: ${Buffer.byteLength(jsonBody)}`;
const whole = head('201 Created', json, length) + jsonBody;

/** Refused before its head was whole, so that no status counts as received. */
const headless = {
  sent: 'maybe',
  proxyError: 'http_protocol_error',
  code: 'upstream-broken',
  statusId: 0,
} as const;

const malformed: Record<string, string> = {
  'another protocol': `SSH-2.0-OpenSSH_9.9 ${marker}\r\n`,
  'a status of two digits': head('20 OK', json, length) + jsonBody,
  'a status with a letter in it': head('2O1 Created', json, length) + jsonBody,
  'a control character in a header': head('201 Created', json, `Location: /${marker}\u0001`) + jsonBody,
  'a header folded over two lines': head('201 Created', json, `X-Note: ${marker}`, ' more') + jsonBody,
  'a Content-Length that is no number': head('201 Created', json, 'Content-Length: all') + jsonBody,
};

for (const [what, answer] of Object.entries(malformed)) {
  test(`${what} is a broken answer`, (t) => assertBreaks(t, bytes(answer), headless));
}

const ambiguous: Record<string, string> = {
  'two Content-Length headers that differ': head('201 Created', json, 'Content-Length: 2', length) + jsonBody,
  'a Content-Length and a Transfer-Encoding':
    head('201 Created', json, length, 'Transfer-Encoding: chunked') + jsonBody,
};

for (const [what, answer] of Object.entries(ambiguous)) {
  test(`${what} make a broken answer`, (t) =>
    assertBreaks(t, bytes(answer), { ...headless, proxyError: 'http_response_incomplete' }));
}

test('a chunk whose size is no number is a broken answer', (t) =>
  assertBreaks(
    t,
    bytes(`${head('201 Created', json, 'Transfer-Encoding: chunked')}zz\r\n${jsonBody}\r\n0\r\n\r\n`),
    {
      sent: 'yes',
      proxyError: 'http_protocol_error; received-status=201',
      code: 'upstream-broken',
      statusId: 0,
    },
  ));

test('a Content-Length that cuts the JSON short is a broken answer', (t) =>
  assertBreaks(t, bytes(head('201 Created', json, 'Content-Length: 5') + jsonBody), {
    sent: 'yes',
    proxyError: 'http_protocol_error; received-status=201',
    code: 'upstream-broken',
    statusId: 0,
  }));

for (const [what, rest] of Object.entries({ 'stray bytes': marker, 'a second answer': whole })) {
  test(`${what} behind the answer are given to nobody, not even to the next create`, async (t) => {
    const gateway = await startTestGateway(t, { environment: { UPSTREAM_CONNECTIONS: '1' } });
    const good = JSON.stringify({ id: '22222222-2222-4222-8222-222222222222' });
    const first = head('201 Created', json, `Content-Length: ${good.length}`) + good;
    breakApi(gateway, openBytes(first + rest));
    const answer = await gateway.create();
    assert.equal(answer.status, 201);
    assert.equal(answer.text, good);
    await assertNextIsClean(gateway);
    assertNothingLeaks(gateway, answer);
  });
}

test('creates that wait for the connection do not get what came behind the answer to the first', async (t) => {
  const gateway = await startTestGateway(t, {
    environment: { UPSTREAM_CONNECTIONS: '1', ...withoutPreflight },
  });
  const good = JSON.stringify({ id: '22222222-2222-4222-8222-222222222222' });
  const first = head('201 Created', json, `Content-Length: ${good.length}`) + good;
  let poisoned = false;
  gateway.cloud.setFault(({ path }) => {
    if (poisoned || !path.startsWith('/v1/')) return undefined;
    poisoned = true;
    return openBytes(first + whole.repeat(3));
  });
  const answers = await Promise.all([1, 2, 3].map(() => gateway.create()));
  const ids = answers.map(({ json: { id } }) => id);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [201, 201, 201],
  );
  assert.equal(new Set(ids).size, 3);
  assert.equal(gateway.forwarded().length, 3);
  assertNothingLeaks(gateway, ...answers);
});

test('an interim answer is passed over, and the final one counts', async (t) => {
  const gateway = await startTestGateway(t);
  breakApi(gateway, bytes(head('103 Early Hints', `Link: </${marker}>`) + head('102 Processing') + whole));
  const answer = await gateway.create();
  assert.equal(answer.status, 201);
  assert.equal(answer.headers['proxy-status'], 'peergate; received-status=201');
  assert.equal(answer.text, jsonBody);
  assert.equal(answer.headers['link'], undefined);
  assert.equal(gateway.records.at(-1)?.status_id, 1);
  await assertNextIsClean(gateway);
});

const unasked: Record<string, string> = {
  'a "100 Continue" that was not asked for': head('100 Continue') + whole,
  'a change of protocol that was not asked for':
    head('101 Switching Protocols', 'Connection: upgrade', 'Upgrade: h2c') + whole,
  'a status below 100': head('099 Nonsense', json, length) + jsonBody,
};

for (const [what, answer] of Object.entries(unasked)) {
  test(`${what} is a broken answer`, (t) =>
    assertBreaks(t, bytes(answer), { ...headless, proxyError: 'http_response_incomplete' }));
}

test('an interim status and then the end is a broken answer', (t) =>
  assertBreaks(t, bytes(head('199 Nonsense', json)), {
    ...headless,
    proxyError: 'http_response_incomplete',
  }));
