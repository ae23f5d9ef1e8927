// Messages that are not HTTP, or that two readers could take in two ways. Each gets one problem document, and no such
// message gets anything done or disturbs another one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertProblem, assertRefused } from '../../support/assert-refused.ts';
import { allowed, peeringsPath, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { head, openRaw, sendRaw } from '../../support/raw-http.ts';

const body = JSON.stringify(allowed);
const list = `GET ${peeringsPath} HTTP/1.1`;
const create = `POST ${peeringsPath} HTTP/1.1`;
const malformed = { status: 400, type: 'validation:failed', recorded: undefined } as const;

/** Good but for what the test spoils. */
async function good(gateway: TestGateway): Promise<Record<string, string>> {
  return { Authorization: `Bearer ${await gateway.issuer.sign()}`, 'Content-Type': 'application/json' };
}

const withHost = (host: string): string => `GET /openapi.json HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const line = (text: string): string =>
  `${list}\r\nHost: gateway.test\r\nAuthorization: Bearer x.y.z\r\n${text}\r\n\r\n`;
const framed = (fields: string, content: string): string =>
  `${create}\r\nHost: gateway.test\r\n${fields}\r\n\r\n${content}`;

const malformedMessages: Readonly<Record<string, string | Buffer>> = {
  'HTTP/0.9': `GET ${peeringsPath}\r\n\r\n`,
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'HTTP/2.0 in a request line': head(list.replace('1.1', '2.0')),
  'HTTP/1.2 in a request line': head(list.replace('1.1', '1.2')),
  'a TLS handshake': Buffer.from('16030100c8010000c403036162636465666768696a', 'hex'),
  words: 'hello gateway\r\n\r\n',
  bytes: Buffer.alloc(64, 0xff),
  'an unknown method': head(list.replace('GET', 'GAIN')),
  'a method in lower case': head(list.replace('GET', 'get')),
  'a space in the target': head(`GET /database x HTTP/1.1`),
  'a character in the target that is not ASCII': Buffer.from(head('GET /database/ä HTTP/1.1')),
  'a folded line': line('X-Note: a\r\n b'),
  'a NUL in a value': line('X-Note: a\0b'),
  'a NUL in a name': line('X-N\0te: a'),
  'a bare LF behind a line': line('X-Note: a\nX-More: b'),
  'bare LFs everywhere': line('X-Note: a').replaceAll('\r\n', '\n'),
  'a bare CR behind a line': line('X-Note: a\rX-More: b'),
  'a space before the colon': line('X-Note : a'),
  'a line without a colon': line('X-Note'),
  'an empty name': line(': a'),
  'no Host': `${list}\r\n\r\n`,
  'two Hosts': `${list}\r\nHost: a\r\nHost: b\r\n\r\n`,
  'two lengths': framed('Content-Length: 2\r\nContent-Length: 3', '{}'),
  'two lengths in one line': framed('Content-Length: 2, 2', '{}'),
  'a length with a sign': framed('Content-Length: +2', '{}'),
  'a negative length': framed('Content-Length: -2', '{}'),
  'a length beyond every number': framed(`Content-Length: ${'9'.repeat(30)}`, '{}'),
  'a length and a coding': framed('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
  'a coding behind chunked': framed('Transfer-Encoding: chunked, cow', '0\r\n\r\n'),
  'chunked twice': framed('Transfer-Encoding: chunked, chunked', '0\r\n\r\n'),
  'a coding without chunked': framed('Transfer-Encoding: gzip', ''),
};

test('what is no HTTP/1.1 message is refused with a problem document, and the connection ends', async (t) => {
  const gateway = await startTestGateway(t);
  for (const [title, message] of Object.entries(malformedMessages)) {
    await t.test(title, async () => {
      const connection = await openRaw(gateway.port);
      connection.write(message);
      const reply = await assertRefused(gateway, () => connection.answer(), malformed);
      assert.equal(reply.headers['connection'], 'close');
      assert.equal(await connection.rest(), '', 'there is one answer');
    });
  }
  assert.equal(gateway.cloud.connections, 0);
});

test('a Host that names no host is refused, and every form of a host is accepted', async (t) => {
  const gateway = await startTestGateway(t);
  for (const host of ['a b', 'user@host', 'host/path', '@@', 'a:b', '[::1', '::1', '%zz', '"a"', 'a?b', 'ä'])
    await assertRefused(gateway, () => sendRaw(gateway.port, withHost(host)), malformed);
  for (const host of [
    '',
    ':8080',
    'a',
    'a.b.example.',
    'a_b-c~d',
    '10.0.0.1:8080',
    '[::1]',
    '[fe80::1]:443',
    '[fe80::1%eth0]:8080',
    '%41',
    'a:',
  ])
    assert.equal((await sendRaw(gateway.port, withHost(host))).status, 200, host);
});

test('a message that Node lets pass although its end is uncertain is refused and recorded', async (t) => {
  const gateway = await startTestGateway(t);
  const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const messages = {
    'a coding before chunked': (fields: Record<string, string>) =>
      head(create, { ...fields, 'Transfer-Encoding': 'cow, chunked' }) + chunk,
    'identity before chunked': (fields: Record<string, string>) =>
      head(create, { ...fields, 'Transfer-Encoding': 'identity, chunked' }) + chunk,
    'chunked in HTTP/1.0': (fields: Record<string, string>) =>
      head(create.replace('1.1', '1.0'), { ...fields, 'Transfer-Encoding': 'chunked' }) + chunk,
    'no Host': (fields: Record<string, string>) =>
      head(create, { ...fields, 'Content-Length': String(body.length) }).replace(/Host:.*\r\n/, '') + body,
    'two Hosts': (fields: Record<string, string>) =>
      head(create, { ...fields, host: 'b', 'Content-Length': String(body.length) }) + body,
  };
  for (const [title, message] of Object.entries(messages)) {
    await t.test(title, async () => {
      const request = message(await good(gateway));
      const refusal = { ...malformed, recorded: 'request-malformed' };
      const reply = await assertRefused(gateway, () => sendRaw(gateway.port, request), refusal);
      assert.equal(reply.headers['connection'], 'close');
    });
  }
  assert.equal(gateway.cloud.connections, 0);
});

test('a header section of more than 16 KB is refused with 431, in fields, in the target and in trailers', async (t) => {
  const gateway = await startTestGateway(t);
  const refusal = { status: 431, type: 'validation:failed', recorded: undefined };
  const field = head(list, { ...(await good(gateway)), 'X-Note': 'a'.repeat(17_000) });
  await assertRefused(gateway, () => sendRaw(gateway.port, field), refusal);
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`X-${index}`, 'a']));
  await assertRefused(gateway, () => sendRaw(gateway.port, head(list, many)), refusal);
  const target = head(`GET ${peeringsPath}?${'a'.repeat(17_000)} HTTP/1.1`);
  await assertRefused(gateway, () => sendRaw(gateway.port, target), refusal);
  const trailers = `${head(create, { ...(await good(gateway)), 'Transfer-Encoding': 'chunked' })}0\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`;
  await assertRefused(gateway, () => sendRaw(gateway.port, trailers), {
    ...refusal,
    recorded: 'headers-too-large',
    subject: 'svc-payments',
  });
});

test('a malformed chunk in the body of a good caller is refused and recorded as that caller’s', async (t) => {
  const gateway = await startTestGateway(t);
  const chunks = {
    'a size that is no number': 'zz\r\n',
    'a size with a sign': '-5\r\nhello\r\n',
    'a size in other notation': '0x5\r\nhello\r\n',
    'a size beyond every number': `${'f'.repeat(17)}\r\nhello`,
    'more than its size': '5\r\nhello gateway\r\n0\r\n\r\n',
    'no CRLF behind the data': '5\r\nhello0\r\n\r\n',
    'a bare LF behind the size': '5\nhello\r\n0\r\n\r\n',
    'a bad chunk behind a good one': `${body.length.toString(16)}\r\n${body}\r\nzz\r\n`,
  };
  for (const [title, chunk] of Object.entries(chunks)) {
    await t.test(title, async () => {
      const connection = await openRaw(gateway.port);
      connection.write(head(create, { ...(await good(gateway)), 'Transfer-Encoding': 'chunked' }) + chunk);
      const refusal = { ...malformed, recorded: 'request-malformed', subject: 'svc-payments' };
      await assertRefused(gateway, () => connection.answer(), refusal);
      assert.equal(await connection.rest(), '', 'there is one answer');
    });
  }
  assert.equal(gateway.cloud.connections, 0);
});

test('a body that ends before its length leaves one refused record and sends nothing', async (t) => {
  const gateway = await startTestGateway(t);
  const fields = { ...(await good(gateway)), 'Content-Length': String(body.length + 1) };
  const connection = await openRaw(gateway.port);
  connection.write(head(create, fields) + body);
  connection.end();
  const refusal = { ...malformed, recorded: 'request-malformed', subject: 'svc-payments' };
  await assertRefused(gateway, () => connection.answer(), refusal);
  assert.equal(gateway.cloud.connections, 0);
});

test('a refusal by the parser is logged with its id and nothing of the message', async (t) => {
  const gateway = await startTestGateway(t);
  const reply = await sendRaw(gateway.port, 'secret-looking words\r\n\r\n');
  assertProblem(reply, malformed);
  const id = reply.headers['x-gateway-request-id'];
  const [line, ...more] = gateway.logs.filter(({ gatewayRequestId }) => gatewayRequestId === id);
  assert.deepEqual(more, []);
  assert.equal(line?.status, 400);
  assert.equal(line?.code, 'request-malformed');
  assert.doesNotMatch(gateway.output(), /secret-looking/);
});

test('a connection that is offered another protocol stays what it is', async (t) => {
  const gateway = await startTestGateway(t);
  const fields = {
    ...(await good(gateway)),
    Connection: 'Upgrade, HTTP2-Settings',
    Upgrade: 'h2c, websocket',
  };
  assert.equal((await sendRaw(gateway.port, head(list, fields))).status, 200);
});
