// Nothing of a body is read before the token is good: a client that waits to be told to send it is told only then, and
// one that is refused is refused at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRefused } from '../support/assert-refused.ts';
import {
  allowed,
  allowedNumber,
  peeringsPath,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.ts';
import { head, openRaw } from '../support/raw-http.ts';

const body = JSON.stringify(allowed);
const expecting = { Expect: '100-continue' };

async function createHead(token: string, fields: Record<string, string> = {}): Promise<string> {
  const all = {
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
    ...fields,
  };
  return await Promise.resolve(head(`POST ${peeringsPath} HTTP/1.1`, all));
}

/** Sends only a head, and gives the first answer to it and whatever follows until the connection is closed. */
async function sendHead(gateway: TestGateway, text: string) {
  const connection = await openRaw(gateway.port);
  connection.write(text);
  const reply = await connection.answer();
  return { reply, connection };
}

test('a client that waits for "100 Continue" gets it behind a good token, and then its answer', async (t) => {
  for (const expect of ['100-continue', '100-Continue']) {
    const gateway = await startTestGateway(t);
    const request = await createHead(await gateway.issuer.sign(), { Expect: expect });
    const { reply, connection } = await sendHead(gateway, request);
    assert.equal(reply.status, 100);
    assert.equal(gateway.records.length, 0, 'nothing is decided yet');
    connection.write(body);
    assert.equal((await connection.answer()).status, 201);
    connection.destroy();
  }
});

test('an expectation in HTTP/1.0 is ignored: there is one answer, and it comes when the body has come', async (t) => {
  const gateway = await startTestGateway(t);
  const request = (await createHead(await gateway.issuer.sign(), expecting)).replace('HTTP/1.1', 'HTTP/1.0');
  const connection = await openRaw(gateway.port);
  connection.write(request);
  const answer = connection.answer();
  await gateway.create(allowedNumber(1));
  connection.write(body);
  assert.equal((await answer).status, 201);
  connection.destroy();
});

test('a client that waits for "100 Continue" is refused without it, and the connection ends', async (t) => {
  const gateway = await startTestGateway(t);
  const lacking = await gateway.issuer.sign({ scope: 'read:database' });
  const good = await gateway.issuer.sign();
  const verified = { type: 'validation:failed', subject: 'svc-payments' };
  const cases = {
    'a bad token': [
      await createHead('x.y.z', expecting),
      { status: 401, type: 'auth:unauthorized', recorded: 'token-invalid' },
    ],
    'no token': [
      head(`POST ${peeringsPath} HTTP/1.1`, { ...expecting, 'Content-Length': '9' }),
      { status: 401, type: 'auth:unauthorized', recorded: undefined },
    ],
    'no scope': [
      await createHead(lacking, expecting),
      { status: 403, type: 'auth:unauthorized', recorded: 'scope-missing', subject: 'svc-payments' },
    ],
    'another media type': [
      await createHead(good, { ...expecting, 'Content-Type': 'text/plain' }),
      { status: 415, ...verified, recorded: 'media-type-unsupported' },
    ],
    'too great a length': [
      await createHead(good, { ...expecting, 'Content-Length': '16385' }),
      { status: 413, ...verified, recorded: 'body-too-large' },
    ],
  } as const;
  for (const [title, [request, refusal]] of Object.entries(cases)) {
    await t.test(title, async () => {
      await assertRefused(
        gateway,
        async () => {
          const { reply, connection } = await sendHead(gateway, request);
          assert.equal(reply.headers['connection'], 'close');
          assert.equal(await connection.rest(), '');
          return reply;
        },
        refusal,
      );
    });
  }
});

test('a bad token is refused although the body never comes', async (t) => {
  const gateway = await startTestGateway(t);
  for (const fields of [{}, { 'Content-Length': '', 'Transfer-Encoding': 'chunked' }]) {
    const given = Object.fromEntries(
      Object.entries({ 'Content-Length': String(body.length), ...fields }).filter(
        ([, value]) => value !== '',
      ),
    );
    const request = head(`POST ${peeringsPath} HTTP/1.1`, { Authorization: 'Bearer x.y.z', ...given });
    const refusal = { status: 401, type: 'auth:unauthorized', recorded: 'token-invalid' };
    await assertRefused(
      gateway,
      async () => {
        const { reply, connection } = await sendHead(gateway, request);
        assert.equal(await connection.rest(), '', 'the connection does not wait for the body for long');
        return reply;
      },
      refusal,
    );
  }
});

test('a body that turns out broken behind its early refusal gets no second answer', async (t) => {
  const gateway = await startTestGateway(t);
  const fields = { Authorization: 'Bearer x.y.z', 'Transfer-Encoding': 'chunked' };
  const { reply, connection } = await sendHead(gateway, head(`POST ${peeringsPath} HTTP/1.1`, fields));
  assert.equal(reply.status, 401);
  connection.write('zz\r\n');
  assert.equal(await connection.rest(), '');
  assert.equal(gateway.records.length, 1);
});

test('the request behind an early refusal is served on the same connection once the body is through', async (t) => {
  const gateway = await startTestGateway(t);
  const { reply, connection } = await sendHead(gateway, await createHead('x.y.z'));
  assert.equal(reply.status, 401);
  connection.write(body + (await createHead(await gateway.issuer.sign())) + body);
  assert.equal((await connection.answer()).status, 201);
  connection.destroy();
});

test('an expectation that nobody knows is no reason to refuse', async (t) => {
  const gateway = await startTestGateway(t);
  const connection = await openRaw(gateway.port);
  connection.write((await createHead(await gateway.issuer.sign(), { Expect: 'x-miracle' })) + body);
  assert.equal((await connection.answer()).status, 201);
  connection.destroy();
});
