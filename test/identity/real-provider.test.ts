// A real OpenID provider with something wrong in what it publishes, and tokens that it really issues.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { request } from 'undici';
import { startIdentityProvider } from '../../sandbox/identity-provider.ts';
import { requestToken } from '../../sandbox/request-token.ts';
import { demoClients } from '../../sandbox/service-clients.ts';
import { startTestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';

async function startProvider(test: TestContext) {
  const provider = await startIdentityProvider({ algorithm: 'RS256' });
  test.after(() => provider.close());
  const { issuer, audience } = provider;
  const environment = { AUTH_ISSUERS: issuer, AUTH_AUDIENCE: audience, AUTH_JWKS_MAX_STALE_SECONDS: '1' };
  const scope = 'read:database update:database';
  const token = () => requestToken({ issuer, ...demoClients.payments, scope });
  /** Its own keys, with these entries before them, from now on. */
  const publishBeside = async (...entries: unknown[]) => {
    const keys = async () => {
      provider.setFault(undefined);
      const { body } = await request(provider.jwksUri);
      return ((await body.json()) as { keys: unknown[] }).keys;
    };
    const document = JSON.stringify({ keys: [...entries, ...(await keys())] });
    provider.setFault(({ path }) =>
      path === '/jwks' ? (_request, response) => void response.end(document) : undefined,
    );
  };
  return { provider, environment, token, publishBeside };
}

test('tokens of a provider whose key set has unusable entries are accepted, before and after its keys change', async (t) => {
  const { provider, environment, token, publishBeside } = await startProvider(t);
  const bad = [null, { kid: 'a', use: 'sig' }, { kty: 'AKP', alg: 'ML-DSA-44', kid: 'b', pub: 'AA' }];
  await publishBeside(...bad);
  const gateway = await startTestGateway(t, { environment });
  const create = async () => gateway.create(undefined, { authorization: `Bearer ${await token()}` });
  assert.equal((await create()).status, 201);
  await provider.rotateKeys();
  await publishBeside(...bad);
  await until('the new key is there', async () => (await create()).status === 201);
});

test('a token of a provider in any other encoding is refused', async (t) => {
  const { environment, token } = await startProvider(t);
  const gateway = await startTestGateway(t, { environment });
  const good = await token();
  const authorized = async (text: string) =>
    (await gateway.create(undefined, { authorization: `Bearer ${text}` })).status;
  assert.equal(await authorized(good), 201);
  const signature = Buffer.from(good.slice(good.lastIndexOf('.') + 1), 'base64url');
  const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const others = [...base64url]
    .map((last) => good.slice(0, -1) + last)
    .filter((text) => Buffer.from(text.slice(text.lastIndexOf('.') + 1), 'base64url').equals(signature));
  assert.equal(others.length, 16);
  for (const other of others) assert.equal(await authorized(other), other === good ? 201 : 401);
});
