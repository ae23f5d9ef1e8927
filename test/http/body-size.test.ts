// A create's body has at most 16,384 bytes, however it is sent. One byte more is 413, as soon as that is known.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRefused, type Refusal } from '../support/assert-refused.ts';
import { allowedNumber, peeringsPath, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { post } from '../support/post.ts';
import { head, openRaw, sendRaw } from '../support/raw-http.ts';

const most = 16_384;
const sized = (size: number, number = 0) => JSON.stringify(allowedNumber(number)).padEnd(size, ' ');
const refusal: Refusal = {
  status: 413,
  type: 'validation:failed',
  recorded: 'body-too-large',
  subject: 'svc-payments',
};

async function chunkedRequest(gateway: TestGateway, body: string, chunkSize: number): Promise<string> {
  const chunks: string[] = [];
  for (let at = 0; at < body.length; at += chunkSize) {
    const chunk = body.slice(at, at + chunkSize);
    chunks.push(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  }
  return `${await createHead(gateway, { 'Transfer-Encoding': 'chunked' })}${chunks.join('')}0\r\n\r\n`;
}

async function createHead(gateway: TestGateway, fields: Record<string, string>): Promise<string> {
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const all = { Authorization: authorization, 'Content-Type': 'application/json', ...fields };
  return head(`POST ${peeringsPath} HTTP/1.1`, all);
}

test('a body of 16,384 bytes is accepted, with its length given and in chunks', async (t) => {
  const gateway = await startTestGateway(t);
  assert.equal((await post(gateway, sized(most))).status, 201);
  for (const [index, chunkSize] of [1, 4_000, most].entries()) {
    const request = await chunkedRequest(gateway, sized(most, index + 1), chunkSize);
    assert.equal((await sendRaw(gateway.port, request)).status, 201, `chunks of ${chunkSize}`);
  }
});

test('a body of 16,385 bytes is refused, with its length given and in chunks', async (t) => {
  const gateway = await startTestGateway(t);
  await assertRefused(gateway, () => post(gateway, sized(most + 1)), refusal);
  for (const chunkSize of [1, 4_000, most + 1]) {
    const request = await chunkedRequest(gateway, sized(most + 1), chunkSize);
    await assertRefused(gateway, () => sendRaw(gateway.port, request), refusal);
  }
  assert.equal(gateway.cloud.connections, 0);
});

test('a length that is too great is refused before the first byte of the body is sent', async (t) => {
  const gateway = await startTestGateway(t);
  for (const length of [most + 1, 10 ** 12]) {
    const request = await createHead(gateway, { 'Content-Length': String(length) });
    await assertRefused(gateway, () => sendRaw(gateway.port, request), refusal);
  }
});

test('a body without end is refused at the limit, and its connection is ended', async (t) => {
  const gateway = await startTestGateway(t);
  const connection = await openRaw(gateway.port);
  const chunk = `1000\r\n${'x'.repeat(0x1000)}\r\n`;
  connection.write(await createHead(gateway, { 'Transfer-Encoding': 'chunked' }));
  await assertRefused(
    gateway,
    async () => {
      for (let count = 0; count < 5; count += 1) connection.write(chunk);
      return await connection.answer();
    },
    refusal,
  );
  const flood = setInterval(() => connection.write(chunk), 5);
  try {
    assert.equal(await connection.rest(), '');
  } finally {
    clearInterval(flood);
    connection.destroy();
  }
});

test('chunk extensions without end are refused', async (t) => {
  const gateway = await startTestGateway(t);
  const fields = await createHead(gateway, { 'Transfer-Encoding': 'chunked' });
  const request = `${fields}5;${'a'.repeat(17_000)}\r\n`;
  await assertRefused(gateway, () => sendRaw(gateway.port, request), refusal);
});
