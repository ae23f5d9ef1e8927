import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { request } from 'undici';
import {
  type IdentityProvider,
  type IdentityProviderOptions,
  startIdentityProvider,
} from '../../sandbox/identity-provider.ts';
import { requestToken } from '../../sandbox/request-token.ts';
import { demoClients } from '../../sandbox/service-clients.ts';

const run = promisify(execFile);

async function start(context: TestContext, options?: IdentityProviderOptions): Promise<IdentityProvider> {
  const provider = await startIdentityProvider({ algorithm: 'ES256', ...options });
  context.after(() => provider.close());
  return provider;
}

const tokenFor = (
  provider: IdentityProvider,
  client: { clientId: string; clientSecret: string },
  scope?: string,
) => requestToken({ issuer: provider.issuer, ...client, ...(scope === undefined ? {} : { scope }) });

const verify = (provider: IdentityProvider, token: string) =>
  jwtVerify(token, createRemoteJWKSet(new URL(provider.jwksUri)), {
    issuer: provider.issuer,
    audience: provider.audience,
    typ: 'at+jwt',
    requiredClaims: ['sub', 'exp', 'iat', 'jti', 'client_id'],
  });

for (const algorithm of ['RS256', 'ES256', 'EdDSA'] as const) {
  test(`a token signed with ${algorithm} is an RFC 9068 access token that the published keys verify`, async (t) => {
    const provider = await start(t, { algorithm });
    const token = await tokenFor(provider, demoClients.payments, 'read:database update:database');
    const { payload, protectedHeader } = await verify(provider, token);
    assert.equal(protectedHeader.alg, algorithm);
    assert.equal(payload.sub, 'payments');
    assert.equal(payload['client_id'], 'payments');
    assert.equal(payload.aud, 'https://peergate.example');
    assert.equal(payload['scope'], 'read:database update:database');
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 600);
  });
}

test('the metadata names its own issuer and where the keys are', async (t) => {
  const provider = await start(t);
  const { body } = await request(`${provider.issuer}/.well-known/openid-configuration`);
  const metadata = (await body.json()) as Record<string, unknown>;
  assert.equal(metadata['issuer'], provider.issuer);
  assert.equal(metadata['jwks_uri'], provider.jwksUri);
  assert.equal(metadata['token_endpoint'], provider.tokenEndpoint);
});

test('a service gets neither a scope beyond its own nor a token with a wrong secret', async (t) => {
  const provider = await start(t);
  await assert.rejects(tokenFor(provider, demoClients.reporting, 'update:database'), /400 invalid_scope/);
  const wrong = { clientId: 'payments', clientSecret: 'something-else' };
  await assert.rejects(tokenFor(provider, wrong), (error: Error) => {
    assert.match(error.message, /payments: 401 invalid_client/);
    assert.doesNotMatch(error.message, /something-else/);
    return true;
  });
});

test('a token can be had for another audience, with claims of its own', async (t) => {
  const client = {
    clientId: 'batch',
    clientSecret: 'demo-secret-of-batch',
    scopes: ['read:database'],
    claims: { sub: 'svc-batch', groups: ['network-admins'] },
  };
  const provider = await start(t, { clients: [client] });
  const resource = 'https://elsewhere.example';
  const claims = decodeJwt(await requestToken({ issuer: provider.issuer, ...client, resource }));
  assert.equal(claims.sub, 'svc-batch');
  assert.deepEqual(claims['groups'], ['network-admins']);
  assert.equal(claims.aud, resource);
});

test('after a rotation the new key signs, and a withdrawn key verifies nothing more', async (t) => {
  const provider = await start(t);
  const old = await tokenFor(provider, demoClients.payments);
  const kid = await provider.rotateKeys();
  const { protectedHeader } = await verify(provider, await tokenFor(provider, demoClients.payments));
  assert.equal(protectedHeader.kid, kid);
  await assert.rejects(verify(provider, old), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
});

test('a rotation that keeps the old key leaves its tokens good', async (t) => {
  const provider = await start(t);
  const old = await tokenFor(provider, demoClients.payments);
  await provider.rotateKeys({ keepOld: true });
  await verify(provider, old);
  await verify(provider, await tokenFor(provider, demoClients.payments));
});

test('the published keys hold nothing private', async (t) => {
  const provider = await start(t, { algorithm: 'RS256' });
  const { body } = await request(provider.jwksUri);
  const { keys } = (await body.json()) as { keys: Record<string, unknown>[] };
  assert.equal(keys.length, 1);
  for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi']) assert.equal(keys[0]?.[member], undefined);
});

test('requests are counted by path, those that a fault takes over included', async (t) => {
  const provider = await start(t);
  await request(provider.jwksUri).then(({ body }) => body.dump());
  provider.setFault(({ path }) => (path === '/jwks' ? (_req, res) => res.writeHead(500).end() : undefined));
  const broken = await request(`${provider.jwksUri}?again`);
  await broken.body.dump();
  assert.equal(broken.statusCode, 500);
  await tokenFor(provider, demoClients.payments);
  assert.equal(provider.requestCount('/jwks'), 2);
  assert.equal(provider.requestCount('/token'), 1);
  assert.equal(provider.requestCount('/nowhere'), 0);
});

test('neither a start, a token, a refusal nor a rotation prints anything', async () => {
  const module = (name: string) => JSON.stringify(new URL(`../../sandbox/${name}.ts`, import.meta.url).href);
  const source = `
    const { startIdentityProvider } = await import(${module('identity-provider')});
    const { requestToken } = await import(${module('request-token')});
    const provider = await startIdentityProvider();
    const wanted = { issuer: provider.issuer, clientId: 'payments', clientSecret: 'demo-secret-of-payments' };
    await requestToken(wanted);
    await requestToken({ ...wanted, clientSecret: 'wrong' }).catch(() => {});
    await fetch(provider.issuer + '/nowhere');
    await provider.rotateKeys();
    await provider.close();`;
  const printed = await run(process.execPath, ['--input-type=module', '--eval', source]);
  assert.deepEqual({ ...printed }, { stdout: '', stderr: '' });
});

test('a closed provider leaves its port free and no connection open', async () => {
  const first = await startIdentityProvider({ algorithm: 'ES256' });
  await tokenFor(first, demoClients.payments);
  await first.close();
  const port = Number(new URL(first.issuer).port);
  const second = await startIdentityProvider({ algorithm: 'ES256', port });
  assert.equal(second.issuer, first.issuer);
  await second.close();
});
