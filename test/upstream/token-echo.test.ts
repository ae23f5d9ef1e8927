// An upstream that says the gateway's own token aloud: it reaches no caller, no log and no record, however it is spelt.
import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { test } from 'node:test';
import { startTestGateway } from '../support/gateway.ts';
import { assertBreaks, assertNextIsClean, assertNothingLeaks, breakApi, reply } from './misbehave.ts';

const tokenOf = ({ headers }: IncomingMessage) => String(headers.authorization).slice('Bearer '.length);

/** The answer that `make` makes of the token. */
const echo =
  (
    status: number,
    make: (token: string) => { body: string; headers?: Record<string, string> },
  ): RequestListener =>
  (request, response) => {
    const { body, headers } = make(tokenOf(request));
    reply(status, { 'content-type': 'application/json', ...headers }, body)(request, response);
  };

const escaped = (text: string) =>
  [...text].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

const spellings: Record<string, (token: string) => string> = {
  'in a value': (token) => JSON.stringify({ debug: `Bearer ${token}` }),
  'as the name of a member': (token) => JSON.stringify({ deep: [{ [token]: true }] }),
  'in \\u escapes': (token) => `{"debug":"${escaped(token)}"}`,
  'in \\U escapes of capital digits': (token) =>
    `{"debug":"${escaped(token).toUpperCase().replaceAll('\\U', '\\u')}"}`,
  'half in escapes': (token) => `{"debug":"\\\\\\n${token.slice(0, 9)}${escaped(token.slice(9))}"}`,
  'in escapes, under a name that comes again': (token) => `{"debug":"${escaped(token)}","debug":"nothing"}`,
};

for (const [where, make] of Object.entries(spellings)) {
  for (const status of [201, 400]) {
    test(`a ${status} with the service token ${where} is a broken answer`, (t) =>
      assertBreaks(
        t,
        echo(status, (token) => ({ body: make(token) })),
        {
          sent: 'yes',
          proxyError: `http_protocol_error; received-status=${status}`,
          code: 'upstream-broken',
          statusId: 0,
        },
      ));
  }
}

test('headers with the service token in them are left out, and the rest of the answer is passed on', async (t) => {
  const gateway = await startTestGateway(t);
  const body = '{"id":"22222222-2222-4222-8222-222222222222"}';
  breakApi(
    gateway,
    echo(201, (token) => ({
      body,
      headers: { location: `/login?token=${token}`, 'retry-after': token, 'x-request-id': `t-${token}` },
    })),
  );
  const answer = await gateway.create(undefined, { 'x-request-id': 'order-17' });
  assert.equal(answer.status, 201);
  assert.equal(answer.text, body);
  assert.equal(answer.headers['location'], undefined);
  assert.equal(answer.headers['retry-after'], undefined);
  assert.equal(answer.headers['x-request-id'], 'order-17');
  assert.deepEqual(gateway.records.at(-1)?.unmapped.upstream, {
    sent: 'yes',
    status: 201,
    resourceId: '22222222-2222-4222-8222-222222222222',
  });
  assertNothingLeaks(gateway, answer);
  await assertNextIsClean(gateway);
});

test('a media type with the service token in it makes a broken answer', (t) =>
  assertBreaks(
    t,
    echo(201, (token) => ({ body: '{}', headers: { 'content-type': `application/json; token="${token}"` } })),
    { sent: 'yes', proxyError: 'http_protocol_error; received-status=201', statusId: 0 },
  ));

test('a 401 that repeats the service token is about the credential, and its problem is kept back', async (t) => {
  const gateway = await startTestGateway(t);
  breakApi(
    gateway,
    echo(401, (token) => ({ body: JSON.stringify({ detail: `${token} is not valid` }) })),
  );
  const answer = await gateway.create();
  assert.equal(answer.status, 502);
  assert.deepEqual(answer.json.context, { sent: 'yes' });
  assertNothingLeaks(gateway, answer);
  await assertNextIsClean(gateway);
});
