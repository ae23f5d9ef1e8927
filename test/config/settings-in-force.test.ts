// Settings, from the environment to what is seen from outside: those that no other test sets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';

test('AUTH_ALGORITHMS says which signatures are accepted, and the refusal names them', async (t) => {
  const gateway = await startTestGateway(t, { environment: { AUTH_ALGORITHMS: 'PS256,ES384' } });
  const refused = await gateway.create();
  assert.equal(refused.status, 401);
  assert.match(refused.json.detail, /\(alg\)/);
  const line = gateway.logs.find(({ reason }) => reason === 'algorithm');
  assert.deepEqual([line?.alg, line?.expected], ['ES256', ['PS256', 'ES384']]);
  const issuer = await startIssuer({ alg: 'ES384' });
  t.after(() => issuer.close());
  const other = await startTestGateway(t, { issuer, environment: { AUTH_ALGORITHMS: 'PS256,ES384' } });
  assert.equal((await other.create()).status, 201);
});

for (const listed of ['EdDSA', 'Ed25519'])
  test(`AUTH_ALGORITHMS=${listed} accepts both names of the algorithm, whatever the key says (RFC 9864)`, async (t) => {
    const issuer = await startIssuer({ alg: 'EdDSA' });
    t.after(() => issuer.close());
    const statuses: number[] = [];
    for (const published of ['EdDSA', 'Ed25519', undefined]) {
      await issuer.rotate();
      issuer.keys = issuer.keys.map(({ alg: _, ...key }) => (published ? { ...key, alg: published } : key));
      const gateway = await startTestGateway(t, { issuer, environment: { AUTH_ALGORITHMS: listed } });
      for (const alg of ['EdDSA', 'Ed25519']) {
        const authorization = `Bearer ${await issuer.sign({}, { alg })}`;
        statuses.push((await gateway.call({ headers: { authorization } })).status);
      }
    }
    assert.deepEqual(statuses, Array(6).fill(200));
  });

test('AEROSPIKE_TOKEN_SCOPE and AEROSPIKE_TOKEN_AUDIENCE are sent with the token request, and nothing is without them', async (t) => {
  const formOf = async (environment: Record<string, string>) => {
    const gateway = await startTestGateway(t, { environment });
    assert.equal((await gateway.create()).status, 201);
    const asked = gateway.cloud.requests.find(({ path }) => path === '/oauth/token');
    return Object.fromEntries(new URLSearchParams(asked?.body));
  };
  const { client_id: _, client_secret: __, ...plain } = await formOf({});
  assert.deepEqual(plain, { grant_type: 'client_credentials' });
  const { scope, audience } = await formOf({
    AEROSPIKE_TOKEN_SCOPE: 'read:database update:database',
    AEROSPIKE_TOKEN_AUDIENCE: 'https://api.aerospike.example',
  });
  assert.deepEqual([scope, audience], ['read:database update:database', 'https://api.aerospike.example']);
});

test('LOG_LEVEL leaves out lines below it, and no record', async (t) => {
  const gateway = await startTestGateway(t, { environment: { LOG_LEVEL: 'error' } });
  assert.equal((await gateway.create()).status, 201);
  assert.deepEqual(gateway.logs, []);
  assert.equal(gateway.records.length, 2);
});
