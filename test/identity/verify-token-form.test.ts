// The one form that a token has, its times to the second, and who the caller is that it stands for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayError } from '../../src/errors.ts';
import {
  claims,
  issuer,
  type Members,
  now,
  principalOf,
  refusalOf,
  sign,
  tolerance,
  verifierFor,
} from './signed-tokens.ts';

test('times are whole seconds: what the clock says behind them does not end a token', async () => {
  const token = await sign(JSON.stringify({ ...claims, exp: now - tolerance + 1, iat: now + tolerance }));
  for (const milliseconds of [0, 999]) await verifierFor({}, milliseconds)(token);
});

test('a time that only JSON can say is refused, whichever claim it is in', async () => {
  for (const claim of ['exp', 'nbf', 'iat']) {
    const { [claim]: _, ...others } = claims;
    const text = JSON.stringify(others).replace('{', `{"${claim}":${claim === 'nbf' ? '-' : ''}1e999,`);
    const { logged } = await refusalOf({}, await sign(text));
    assert.equal(logged['reason'], 'time', claim);
  }
});

test('a text that is no signed token is malformed, and only the one spelling of a token counts', async () => {
  const [header = '', payload = '', signature = ''] = (await sign(JSON.stringify(claims))).split('.');
  const encode = (text: string | Buffer) => Buffer.from(text).toString('base64url');
  const malformed = [
    ...['', 'x', '..', `${header}.${payload}`, `${header}.${payload}.`, `.${payload}.${signature}`],
    ...[
      `${header}.${payload}.${signature}.x`,
      ` ${header}.${payload}.${signature}`,
      `${header}.${payload}.${signature}\n`,
    ],
    ...[`${header}.${encode('{')}.${signature}`, `${header}.${encode('null')}.${signature}`],
    ...[
      `${header}.${encode('\uFEFF{}')}.${signature}`,
      `${header}.${encode(Buffer.from([0x22, 0xff, 0x22]))}.${signature}`,
    ],
    `${header}.${payload}.${signature}=`,
  ];
  for (const token of malformed)
    assert.equal((await refusalOf({}, token)).logged['reason'], 'malformed', token);
  // A signature of ES256 has 64 bytes: its last letter stands for two bits, and four that say nothing.
  const others = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].filter(
    (letter) => !'AQgw'.includes(letter),
  );
  for (const letter of others) {
    const token = `${header}.${payload}.${signature.slice(0, -1)}${letter}`;
    assert.equal((await refusalOf({}, token)).logged['reason'], 'encoding', letter);
  }
  assert.equal((await refusalOf({}, `${header}.${payload}.${signature}AAA`)).logged['reason'], 'encoding');
});

test('every length of a part has its spellings: each that says nothing more is no other encoding', async () => {
  for (const size of [1, 2, 3, 4, 5, 6, 64]) {
    for (let count = 0; count < 64; count += 1) {
      const bytes = Buffer.alloc(size, count * 4 + (count % 4));
      const token = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.${bytes.toString('base64url')}`;
      assert.equal((await refusalOf({}, token)).logged['reason'], 'issuer');
    }
  }
  const token = (last: string) => `AAAA.${Buffer.from('{}').toString('base64url')}.${last}`;
  for (const last of ['A', 'AAAAA', 'AB', 'AAB', 'AAC', 'AAAAAR'])
    assert.equal((await refusalOf({}, token(last))).logged['reason'], 'encoding', last);
});

test('a payload of two bytes more or fewer is read as exactly its own', async () => {
  for (const filler of ['', 'x', 'xx', 'xxx']) {
    const { claims: read } = await principalOf({ claims: { filler } });
    assert.equal(read['filler'], filler);
  }
});

test('the caller is what the token says: subject, client by whichever claim, id and all claims', async () => {
  const principal = await principalOf({
    claims: { jti: 'j', client_id: '', azp: 7, cid: 'c', appid: 'd', x: 1 },
  });
  assert.deepEqual(
    [principal.issuer, principal.subject, principal.clientId, principal.tokenId, principal.withoutScopes],
    [issuer, 'svc', 'c', 'j', false],
  );
  assert.equal(principal.claims['x'], 1);
  assert.ok(Object.isFrozen(principal));
  const named = async (given: Members) => (await principalOf({ claims: given })).clientId;
  assert.equal(await named({ client_id: 'a', azp: 'b', cid: 'c', appid: 'd' }), 'a');
  assert.equal(await named({ azp: 'b', cid: 'c', appid: 'd' }), 'b');
  assert.equal(await named({ appid: 'd' }), 'd');
  assert.equal(await named({}), undefined);
  assert.equal((await principalOf({ claims: { jti: '' } })).tokenId, undefined);
  assert.equal((await principalOf({ claims: { jti: 7 } })).tokenId, undefined);
  assert.ok((await principalOf({ rules: { scopes: 'none' } })).withoutScopes);
});

test('scopes come from every claim that issuers use for them, as words or as an array', async () => {
  const scopesOf = async (given: Members) => [...(await principalOf({ claims: given })).scopes].sort();
  for (const claim of ['scope', 'scp', 'permissions', 'roles']) {
    assert.deepEqual(await scopesOf({ [claim]: ' a  b ' }), ['a', 'b'], claim);
    assert.deepEqual(await scopesOf({ [claim]: ['a', 7, null, 'b c'] }), ['a', 'b c'], claim);
    assert.deepEqual(await scopesOf({ [claim]: { a: 'b' } }), []);
  }
  assert.deepEqual(await scopesOf({ scope: 'a', scp: ['b'], permissions: ['a'], roles: 'c' }), [
    'a',
    'b',
    'c',
  ]);
  assert.deepEqual(await scopesOf({ groups: 'a' }), []);
});

test('without keys nobody can know: the token is not called bad', async () => {
  const token = await sign(JSON.stringify(claims));
  const verify = verifierFor({ keys: [] });
  await assert.rejects(verify(token), (error: GatewayError) => error.code === 'keys-unavailable');
});
