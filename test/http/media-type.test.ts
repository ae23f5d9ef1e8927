// A create's body is application/json in UTF-8 without any coding. Everything else is 415, decided by the headers alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRefused, type Refusal } from '../support/assert-refused.ts';
import { allowed, allowedNumber, peeringsPath, startTestGateway } from '../support/gateway.ts';
import { post, unlimited } from '../support/post.ts';
import { head, sendRaw } from '../support/raw-http.ts';

const refusal: Refusal = {
  status: 415,
  type: 'validation:failed',
  recorded: 'media-type-unsupported',
  subject: 'svc-payments',
};
const good = JSON.stringify(allowed);

test('a body that is not application/json is refused with 415 and what would pass, even when it is no JSON', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  const types = [
    '',
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/merge-patch+json',
    'application/problem+json',
    'application/json; charset=utf-16',
    'application/json; charset=iso-8859-1',
    'application/json; charset=',
    'application/json; charset=utf-8; charset=utf-16',
    'application/json, text/plain',
    'application/jsonx',
    'xapplication/json',
    'application/*',
    '*/*',
    'json',
  ];
  for (const type of types) {
    for (const [kind, body] of [
      ['good', good],
      ['bad', '{'],
    ] as const) {
      await t.test(`${type || 'no type'}, ${kind} body`, async () => {
        const reply = await assertRefused(
          gateway,
          () => post(gateway, body, { headers: { 'content-type': type } }),
          refusal,
        );
        assert.equal(reply.headers['accept'], 'application/json');
      });
    }
  }
  assert.equal(gateway.cloud.connections, 0);
});

test('two Content-Type headers are refused, though both be good', async (t) => {
  const gateway = await startTestGateway(t);
  for (const second of ['application/json', 'text/plain']) {
    const fields = {
      Authorization: `Bearer ${await gateway.issuer.sign()}`,
      'Content-Type': 'application/json',
      'content-type': second,
      'Content-Length': String(good.length),
    };
    const request = head(`POST ${peeringsPath} HTTP/1.1`, fields) + good;
    await assertRefused(gateway, () => sendRaw(gateway.port, request), refusal);
  }
});

test('application/json is accepted in every spelling of RFC 9110 that means UTF-8', async (t) => {
  const gateway = await startTestGateway(t);
  const types = [
    'application/json',
    'Application/JSON',
    'application/json;charset=utf-8',
    'application/json; charset=UTF-8',
    'application/json; charset="utf-8"',
    'application/json ; charset=utf-8',
    'application/json;',
    'application/json; ; charset=utf-8;',
  ];
  for (const [index, type] of types.entries()) {
    const body = JSON.stringify(allowedNumber(index));
    assert.equal((await post(gateway, body, { headers: { 'content-type': type } })).status, 201, type);
  }
});

test('a compressed body is refused with 415 and is not unpacked', async (t) => {
  const gateway = await startTestGateway(t);
  for (const coding of [
    'gzip',
    'br',
    'deflate',
    'zstd',
    'x-gzip',
    'GZIP',
    'gzip, identity',
    'identity, identity',
    'aes128gcm',
    '*',
  ]) {
    await t.test(coding, async () => {
      const reply = await assertRefused(
        gateway,
        () => post(gateway, good, { headers: { 'content-encoding': coding } }),
        refusal,
      );
      assert.equal(reply.headers['accept-encoding'], 'identity');
    });
  }
  const plain = await post(gateway, good, { headers: { 'content-encoding': 'identity' } });
  assert.equal(plain.status, 201);
});
