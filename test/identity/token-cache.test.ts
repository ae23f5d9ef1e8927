// What remembering tokens must not weaken: keys, times, the clock, memory. Signatures are real; issuer and clock are the test's.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { GatewayError } from '../../src/errors.ts';
import type { KeySet } from '../../src/identity/key-set.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { TokenCache } from '../../src/identity/token-cache.ts';
import { createVerifyToken } from '../../src/identity/verify-token.ts';
import { minutes, seconds, startKeys } from './key-clockwork.ts';

const issuer = 'https://idp.example';
const audience = 'https://peergate.example';
const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
const good: JWK = { ...(await exportJWK(publicKey)), kid: 'good', alg: 'ES256' };
const other: JWK = {
  ...(await exportJWK((await generateKeyPair('ES256')).publicKey)),
  kid: 'other',
  alg: 'ES256',
};

/** One issuer with these keys, as `TrustedIssuers` has it. */
function trust(keys: KeySet) {
  const rules = {
    issuer,
    audiences: [audience],
    clients: undefined,
    scopes: 'required',
    jwksUri: undefined,
    jwksFile: undefined,
    algorithms: ['ES256'],
    tokenType: undefined,
  } as const;
  const trusted = { rules, keys };
  return {
    get: (name: string) => (name === issuer ? trusted : undefined),
    all: () => [trusted],
    get revision() {
      return keys.generation;
    },
  };
}

async function startRemembering(t: TestContext) {
  const all = await startKeys(t);
  const { clock } = all;
  // A whole second, so that times in tokens can be exact.
  clock.time = 1_000_000_000;
  const trusted = trust(all.keys);
  let verified = 0;
  const check = createVerifyToken({ clockToleranceSeconds: 5 }, trusted, clock);
  const tokens = new TokenCache(
    (token) => {
      verified += 1;
      return check(token);
    },
    trusted,
    clock,
  );
  const publish = async (...keys: JWK[]) => {
    all.issuer.answer = () => Promise.resolve({ keys });
    await all.pass(10 * minutes);
  };
  await publish(good);
  verified = 0;
  return {
    ...all,
    tokens,
    publish,
    get verified() {
      return verified;
    },
    /** `exp` and the like in milliseconds from now. */
    sign: (times: { exp?: number; nbf?: number } = {}, claims: JWTPayload = {}) => {
      const at = (milliseconds: number) => (clock.time + milliseconds) / 1000;
      const { exp = 60 * minutes, nbf } = times;
      const all = {
        iss: issuer,
        aud: audience,
        sub: 'svc',
        exp: at(exp),
        ...(nbf === undefined ? {} : { nbf: at(nbf) }),
        ...claims,
      };
      return new SignJWT(all).setProtectedHeader({ alg: 'ES256', kid: 'good' }).sign(privateKey);
    },
    /** As a request does. */
    async use(token: string) {
      return tokens.get(token) ?? (await tokens.verify(token));
    },
  };
}

const isRefusal = (code: string) => (error: unknown) => error instanceof GatewayError && error.code === code;

test('a token is verified once in a minute, and stands for the same caller', async (t) => {
  const rig = await startRemembering(t);
  const token = await rig.sign({}, { scope: 'read:database' });
  const first = await rig.use(token);
  rig.clock.time += minutes - 1;
  assert.equal(await rig.use(token), first);
  assert.equal(rig.verified, 1);
  rig.clock.time += 1;
  await rig.use(token);
  assert.equal(rig.verified, 2);
});

test('a token is not remembered past its end', async (t) => {
  const rig = await startRemembering(t);
  const token = await rig.sign({ exp: 10 * seconds });
  await rig.use(token);
  rig.clock.time += 10 * seconds - 1;
  assert.notEqual(rig.tokens.get(token), undefined);
  rig.clock.time += 1;
  assert.equal(rig.tokens.get(token), undefined);
  rig.clock.time += 5 * seconds;
  await assert.rejects(rig.use(token), isRefusal('token-expired'));
});

test('a token that counts only by the tolerance for clocks is not remembered', async (t) => {
  const rig = await startRemembering(t);
  const token = await rig.sign({ exp: -2 * seconds });
  await rig.use(token);
  assert.equal(rig.tokens.size, 0);
});

test('when the clock goes back, a token that has not begun there is refused', async (t) => {
  const rig = await startRemembering(t);
  const token = await rig.sign({ nbf: 0 });
  await rig.use(token);
  rig.clock.time -= 10 * seconds;
  await assert.rejects(rig.use(token), isRefusal('token-invalid'));
});

test('a withdrawn key takes its tokens along, at the moment in which the gateway learns of it', async (t) => {
  const rig = await startRemembering(t);
  await rig.publish(good, other);
  const token = await rig.sign();
  await rig.use(token);
  rig.issuer.answer = () => Promise.resolve({ keys: [other] });
  // An unknown key has the keys fetched at once, long before those known are too old.
  await assert.rejects(rig.find('unknown'));
  assert.equal(rig.tokens.get(token), undefined);
  await assert.rejects(rig.use(token), isRefusal('token-invalid'));
});

test('another key under the same kid takes the tokens of the first along', async (t) => {
  const rig = await startRemembering(t);
  const token = await rig.sign();
  await rig.use(token);
  rig.issuer.answer = () => Promise.resolve({ keys: [{ ...other, kid: 'good' }] });
  await assert.rejects(rig.find('unknown'));
  await assert.rejects(rig.use(token), isRefusal('token-invalid'));
});

test('keys that were fetched anew and are the same cost no second look at a signature', async (t) => {
  const rig = await startRemembering(t);
  const token = await rig.sign();
  await rig.use(token);
  await assert.rejects(rig.find('unknown'));
  assert.notEqual(rig.tokens.get(token), undefined);
  assert.equal(rig.verified, 1);
});

test('keys that change while a signature is checked leave nothing remembered', async (t) => {
  const rig = await startRemembering(t);
  const token = await rig.sign();
  rig.issuer.answer = () => Promise.resolve({ keys: [other] });
  const checked = rig.use(token);
  const changed = rig.find('unknown').catch(() => undefined);
  await Promise.allSettled([checked, changed]);
  assert.equal(rig.tokens.get(token), undefined);
  await assert.rejects(rig.use(token), isRefusal('token-invalid'));
});

test('nothing is recalled by keys that are too old to be used without a fetch', async (t) => {
  const rig = await startRemembering(t);
  rig.breakDown();
  await rig.pass(9 * minutes + 59 * seconds);
  const token = await rig.sign();
  await rig.use(token);
  assert.notEqual(rig.tokens.get(token), undefined);
  rig.clock.time += 2 * seconds;
  assert.equal(rig.tokens.get(token), undefined);
});

test('a refused token is not remembered', async (t) => {
  const rig = await startRemembering(t);
  const token = await rig.sign({}, { aud: 'https://another.example' });
  for (let count = 0; count < 3; count += 1) await assert.rejects(rig.use(token), isRefusal('token-invalid'));
  assert.equal(rig.tokens.size, 0);
  assert.equal(rig.verified, 3);
});

test('a token that differs in its last character is another token', async (t) => {
  const rig = await startRemembering(t);
  const token = await rig.sign();
  await rig.use(token);
  const last = token.at(-1) === 'A' ? 'Q' : 'A';
  assert.equal(rig.tokens.get(token.slice(0, -1) + last), undefined);
});

test('a flood of good tokens is remembered up to its bounds, in number and in size, the newest first', async (t) => {
  const { keys, clock } = await startKeys(t);
  const claims = { exp: clock.time / 1000 + 3600 };
  const principal = {
    issuer,
    subject: 'svc',
    clientId: undefined,
    tokenId: undefined,
    withoutScopes: false,
    scopes: new Set<string>(),
    claims,
  };
  const tokens = new TokenCache(() => Promise.resolve(principal), trust(keys), clock);
  for (let count = 0; count < 60_000; count += 1) await tokens.verify(`small-${count}`);
  assert.ok(tokens.size <= 50_000 && tokens.size > 44_000, String(tokens.size));
  assert.equal(tokens.get('small-9999'), undefined);
  assert.equal(tokens.get('small-59999'), principal);
  const filler = 'x'.repeat(16_000);
  for (let count = 0; count < 3000; count += 1) await tokens.verify(`large-${count}-${filler}`);
  assert.ok(tokens.size < (32 * 1024 * 1024) / 16_000);
  assert.equal(tokens.get(`large-2999-${filler}`), principal);
});

test('tokens that are over take no room once another one is verified', async (t) => {
  const rig = await startRemembering(t);
  for (let count = 0; count < 20; count += 1) await rig.use(await rig.sign({}, { jti: `${count}` }));
  assert.equal(rig.tokens.size, 20);
  rig.clock.time += minutes;
  await rig.use(await rig.sign());
  assert.equal(rig.tokens.size, 1);
});

test('a token that ends at this very moment is not remembered', async (t) => {
  const rig = await startRemembering(t);
  await rig.use(await rig.sign({ exp: 0 }));
  assert.equal(rig.tokens.size, 0);
});

test('no token outlives the rules of its issuer', async (t) => {
  const { keys, clock } = await startKeys(t);
  const { get } = trust(keys);
  const trusted = { rules: get(issuer), revision: 1 };
  const claims = { exp: clock.time / 1000 + 60 };
  const principal = { issuer, claims } as unknown as Principal;
  const issuers = {
    get: () => trusted.rules,
    get revision() {
      return trusted.revision;
    },
  };
  const tokens = new TokenCache(() => Promise.resolve(principal), issuers, clock);
  await tokens.verify('token');
  assert.equal(tokens.get('token'), principal);
  trusted.rules = { ...(trusted.rules as NonNullable<typeof trusted.rules>) };
  assert.equal(tokens.get('token'), undefined);
});
