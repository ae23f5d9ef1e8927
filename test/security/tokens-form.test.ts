// What stands in the Authorization header: one header, the Bearer scheme, one signed JWT in its one spelling.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRefused } from '../support/assert-refused.ts';
import { peeringsPath } from '../support/gateway.ts';
import { head, sendRaw } from '../support/raw-http.ts';
import { assertAuthorizationRefused, assertTokenRefused, assertUnseen } from './assert-token-refused.ts';
import { claimsText, createForge, encode } from './forge.ts';
import { startForged } from './start-forged.ts';

const forge = createForge('ES256');

/** Each spells a good token in another way, or is no token at all. */
const malformed: Readonly<Record<string, (token: string) => string>> = {
  'two parts': (token) => token.split('.').slice(0, 2).join('.'),
  'four parts': (token) => `${token}.${token.split('.')[2]}`,
  'five parts, as an encrypted token has': (token) => `${token}.aaaa.bbbb`,
  'no header': (token) => token.slice(token.indexOf('.')),
  'no payload': (token) => token.replace(/\.[^.]+\./, '..'),
  'no signature': (token) => token.slice(0, token.lastIndexOf('.') + 1),
  'only dots': () => '..',
  'one word': () => 'token',
  'a dot at the end': (token) => `${token}.`,
  'a space within': (token) => token.replace('.', '. '),
  'a tab within': (token) => token.replace('.', '.\t'),
  'base64 padding': (token) => `${token}==`,
  'base64 padding within': (token) => token.replace('.', '=.'),
  'base64 padding in percent-encoding': (token) => `${token}%3D`,
  'a character that leaves no byte': (token) => `${token}AAA`,
  'white space within the signature': (token) => `${token.slice(0, -4)} ${token.slice(-4)}`,
  'characters that are no base64url': (token) => token.replace('.', '.~'),
  'a comma and another token': (token) => `${token}, Bearer ${token}`,
  'quotes around it': (token) => `"${token}"`,
  'a header that is no JSON': (token) => `${encode('{')}${token.slice(token.indexOf('.'))}`,
  'a header that is an array': (token) => `${encode('[]')}${token.slice(token.indexOf('.'))}`,
  'a header that is null': (token) => `${encode('null')}${token.slice(token.indexOf('.'))}`,
  '15 KB of nothing': () => `${'a'.repeat(5000)}.${'b'.repeat(5000)}.${'c'.repeat(5000)}`,
};

test('a token that is not one signed JWT in its one spelling is refused', async (t) => {
  const gateway = await startForged(t, [forge]);
  for (const [title, spoil] of Object.entries(malformed)) {
    const token = spoil(forge.compact(claimsText(gateway.issuer.url)));
    await t.test(title, async () => void (await assertTokenRefused(gateway, token)));
  }
});

const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Every text that a lenient decoder takes for the same bytes: it differs in the bits after the last byte. */
function otherEncodings(part: string): string[] {
  const bytes = Buffer.from(part, 'base64url');
  const all = [...base64url].map((last) => part.slice(0, -1) + last);
  return all.filter((text) => text !== part && Buffer.from(text, 'base64url').equals(bytes));
}

test('a signature has exactly one accepted encoding: unused bits that are not zero are refused', async (t) => {
  for (const alg of ['ES256', 'RS256', 'EdDSA'] as const) {
    const signer = createForge(alg);
    const gateway = await startForged(t, [signer]);
    const token = signer.compact(claimsText(gateway.issuer.url));
    const read = () => gateway.call({ headers: { authorization: `Bearer ${token}` } });
    // Once it has been verified, a token may be known by heart; its other encodings must not be.
    assert.equal((await read()).status, 200);
    const [header, payload, signature = ''] = token.split('.');
    const encodings = otherEncodings(signature);
    assert.equal(encodings.length, 15);
    for (const encoding of encodings) await assertTokenRefused(gateway, `${header}.${payload}.${encoding}`);
    await assertTokenRefused(gateway, `${token}A`);
    assert.equal((await read()).status, 200);
  }
});

for (const part of ['header', 'payload'] as const) {
  test(`a ${part} with unused bits that are not zero is refused, although it is signed as it stands`, async (t) => {
    const gateway = await startForged(t, [forge]);
    const parts = { header: '', payload: '' };
    // White space behind the JSON makes a length that leaves bits unused.
    for (let spaces = 0; spaces < 3; spaces += 1) {
      const header = JSON.stringify({ alg: 'ES256', kid: forge.jwk.kid, typ: 'at+jwt' });
      const padding = ' '.repeat(spaces);
      const claims = claimsText(gateway.issuer.url);
      Object.assign(parts, { header: encode(header + padding), payload: encode(claims + padding) });
      for (const encoding of [parts[part], ...otherEncodings(parts[part])]) {
        const all = { ...parts, [part]: encoding };
        const input = `${all.header}.${all.payload}`;
        const token = `${input}.${forge.signature(input).toString('base64url')}`;
        if (encoding !== parts[part]) await assertTokenRefused(gateway, token);
        else {
          const reply = await gateway.call({ headers: { authorization: `Bearer ${token}` } });
          assert.equal(reply.status, 200);
        }
      }
    }
  });
}

test('a signature in the alphabet of plain base64 is refused', async (t) => {
  const gateway = await startForged(t, [forge]);
  let token: string;
  do token = forge.compact(claimsText(gateway.issuer.url));
  while (!/[-_][^.]*$/.test(token));
  const [header, payload, signature = ''] = token.split('.');
  const plain = signature.replaceAll('-', '+').replaceAll('_', '/');
  await assertTokenRefused(gateway, `${header}.${payload}.${plain}`);
});

test('a well-signed payload that is no object of claims is refused', async (t) => {
  const gateway = await startForged(t, [forge]);
  const claims = claimsText(gateway.issuer.url);
  const payloads: Readonly<Record<string, string | Buffer>> = {
    'an array': `[${claims}]`,
    'a string': JSON.stringify(claims),
    null: 'null',
    'a number': '17',
    nothing: '',
    'two objects': `${claims}${claims}`,
    'JSON with a byte order mark': `\uFEFF${claims}`,
    'not UTF-8': Buffer.from(claims.replace('svc-forged', 'svc-\u00ff'), 'latin1'),
    'not JSON': claims.replaceAll('"', "'"),
  };
  for (const [title, payload] of Object.entries(payloads)) {
    await t.test(title, async () => void (await assertTokenRefused(gateway, forge.compact(payload))));
  }
});

test('a token of 15 KB that is good is accepted', async (t) => {
  const gateway = await startForged(t, [forge]);
  const token = forge.compact(claimsText(gateway.issuer.url, { groups: ['g'.repeat(11_000)] }));
  assert.ok(token.length > 15_000);
  assert.equal((await gateway.call({ headers: { authorization: `Bearer ${token}` } })).status, 200);
});

test('a header that is not the Bearer scheme with a token is refused', async (t) => {
  const gateway = await startForged(t, [forge]);
  const token = forge.compact(claimsText(gateway.issuer.url));
  const values = [
    'Basic dXNlcjpwYXNzd29yZA==',
    'Bearer',
    `Bearer${token}`,
    `Bearer\t${token}`,
    `Bearer: ${token}`,
    `DPoP ${token}`,
    `Token ${token}`,
    token,
    `Bearer ${token} ${token}`,
  ];
  for (const value of values) {
    await t.test(value.replaceAll(token, 'TOKEN'), async () => {
      await assertAuthorizationRefused(gateway, value, token);
    });
  }
  await t.test('an empty header', async () => {
    const request = head(`GET ${peeringsPath} HTTP/1.1`, { Authorization: '' });
    const refusal = {
      status: 401,
      type: 'auth:unauthorized',
      recorded: 'token-invalid',
      operation: 'list',
    } as const;
    await assertRefused(gateway, () => sendRaw(gateway.port, request), refusal);
  });
});

test('the scheme may be in any case and have more than one space behind it (RFC 9110 section 11.4)', async (t) => {
  const gateway = await startForged(t, [forge]);
  for (const scheme of ['bearer ', 'BEARER ', 'Bearer  ', 'bEaReR    ']) {
    const token = forge.compact(claimsText(gateway.issuer.url));
    const reply = await gateway.call({ headers: { authorization: `${scheme}${token}` } });
    assert.equal(reply.status, 200, scheme);
  }
});

test('a request without a token is told only that it needs one, and is not recorded', async (t) => {
  const gateway = await startForged(t, [forge]);
  const token = forge.compact(claimsText(gateway.issuer.url));
  const ways: Readonly<Record<string, Record<string, string>>> = {
    'nothing at all': {},
    'in a cookie': { cookie: `access_token=${token}` },
    'in a header of its own': { 'x-access-token': token },
    'in Proxy-Authorization': { 'proxy-authorization': `Bearer ${token}` },
  };
  for (const [title, headers] of Object.entries(ways)) {
    await t.test(title, async () => {
      const refusal = { status: 401, type: 'auth:unauthorized', recorded: undefined };
      const reply = await assertRefused(gateway, () => gateway.call({ headers }), refusal);
      assert.equal(reply.headers['www-authenticate'], 'Bearer realm="peergate"');
      assertUnseen(gateway.output() + reply.text, token);
    });
  }
  await t.test('in the query', async () => {
    const path = `${peeringsPath}?access_token=${token}`;
    const refusal = { status: 401, type: 'auth:unauthorized', recorded: undefined };
    await assertRefused(gateway, () => gateway.call({ path }), refusal);
    assertUnseen(gateway.output(), token);
  });
});

test('two Authorization headers are refused, whichever is good and wherever they stand', async (t) => {
  const gateway = await startForged(t, [forge]);
  const good = `Bearer ${forge.compact(claimsText(gateway.issuer.url))}`;
  const fill = Array.from({ length: 1500 }, (_, index) => [`h${index % 10}`, 'v']).flat();
  const pairs: Readonly<Record<string, string[]>> = {
    'the same twice': ['authorization', good, 'authorization', good],
    'a bad one first': ['authorization', 'Bearer x', 'authorization', good],
    'a bad one last': ['authorization', good, 'authorization', 'Bearer x'],
    'another scheme': ['authorization', good, 'authorization', 'Basic dTpw'],
    'spelled in different case': ['Authorization', good, 'aUTHORIZATION', 'Bearer x'],
    'with 1500 headers between': ['authorization', good, ...fill, 'authorization', 'Bearer x'],
    'behind 1500 headers': [...fill, 'authorization', 'Bearer x', 'authorization', good],
  };
  for (const [title, headers] of Object.entries(pairs)) {
    await t.test(title, async () => {
      const refusal = {
        status: 400,
        type: 'auth:unauthorized',
        recorded: 'token-duplicated',
        operation: 'list',
      } as const;
      const reply = await assertRefused(gateway, () => gateway.call({ headers }), refusal);
      assert.equal(
        reply.headers['www-authenticate'],
        `Bearer realm="peergate", error="invalid_request", error_description="${reply.json.detail}"`,
      );
      assertUnseen(gateway.output() + reply.text, good);
    });
  }
});

test('an Authorization header in the trailer section counts for nothing', async (t) => {
  const gateway = await startForged(t, [forge]);
  const token = forge.compact(claimsText(gateway.issuer.url));
  const fields = {
    'Transfer-Encoding': 'chunked',
    Trailer: 'Authorization',
    'Content-Type': 'application/json',
  };
  const request = `${head(`POST ${peeringsPath} HTTP/1.1`, fields)}0\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  const refusal = { status: 401, type: 'auth:unauthorized', recorded: undefined };
  await assertRefused(gateway, () => sendRaw(gateway.port, request), refusal);
});
