// The promise that everything else is for: whatever a caller sends, a request that is invalid or denied opens no
// connection upstream, leaves exactly one record that says so, and is never answered with a 500.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assertProblem } from '../support/assert-refused.ts';
import { allowed, peeringsPath, type Reply, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { audience } from '../support/issuer.ts';

const environment = { RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_ADDRESS_PER_MINUTE: '0' };
const runs = { numRuns: 200 };

interface Attempt {
  readonly claims?: Record<string, unknown>;
  readonly body?: string | Buffer;
  readonly path?: string;
  readonly headers?: Record<string, string>;
}

async function attempt(
  gateway: TestGateway,
  { claims = {}, body, path = peeringsPath, headers = {} }: Attempt,
) {
  const authorization = `Bearer ${await gateway.issuer.sign(claims)}`;
  return await gateway.call({
    method: 'POST',
    path,
    headers: { authorization, 'content-type': 'application/json', ...headers },
    body: body ?? JSON.stringify(allowed),
  });
}

/** Asserts all of it after each request, so that the first one to break it is the one that is shown. */
async function assertHarmless(gateway: TestGateway, act: () => Promise<Reply>, statuses: readonly number[]) {
  const before = gateway.records.length;
  const reply = await act();
  assert.ok(statuses.includes(reply.status), reply.text);
  assertProblem(reply, { status: reply.status, type: reply.json.type.replace('urn:aerospike:errors:', '') });
  assert.equal(gateway.cloud.connections, 0);
  const records = gateway.records.slice(before);
  assert.equal(records.length, 1);
  assert.equal(records[0]?.metadata.event_code, 'peering.create.refused');
  assert.equal(records[0]?.http_response.code, reply.status);
}

const members = fc.constantFrom(...Object.keys(allowed));
const wrongValue = fc.oneof(
  fc.jsonValue().filter((value) => !Object.values(allowed).includes(value as never)),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '10.20.4.1/22',
    '0.0.0.0/0',
    '192.168.0.0/16',
    '10.128.0.0/19',
    'ap-south-1',
    '444455556666',
    false,
  ),
);
/** At most 16 KB in almost all cases; the others are refused for that. */
const body = fc.oneof(
  fc.tuple(members, wrongValue).map(([name, value]) => JSON.stringify({ ...allowed, [name]: value })),
  members.map((name) => JSON.stringify({ ...allowed, [name]: undefined })),
  fc
    .tuple(fc.string({ unit: 'binary' }), fc.jsonValue())
    .map(([name, value]) => JSON.stringify({ ...allowed, [`x${name}`]: value })),
  fc
    .tuple(members, wrongValue)
    .map(([name, value]) => JSON.stringify(allowed).replace('{', `{"${name}":${JSON.stringify(value)},`)),
  fc.json(),
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

test('no body that is invalid or denied gets anything sent, and each leaves one record', async (t) => {
  const gateway = await startTestGateway(t, { environment });
  const property = fc.asyncProperty(body, async (bytes) => {
    await assertHarmless(gateway, () => attempt(gateway, { body: bytes }), [400, 403, 413]);
  });
  await fc.assert(property, runs);
});

const notNumber = fc.jsonValue().filter((value) => typeof value !== 'number');
const anything = fc.jsonValue();
const claims = fc.oneof(
  anything.map((iss) => ({ iss })),
  anything
    .filter((aud) => aud !== audience && !(Array.isArray(aud) && aud.includes(audience)))
    .map((aud) => ({ aud })),
  fc.oneof(notNumber, fc.integer({ max: 1_000_000_000 })).map((exp) => ({ exp })),
  fc
    .oneof(
      notNumber,
      fc.maxSafeNat().map((more) => 9_000_000_000 + more),
    )
    .map((nbf) => ({ nbf })),
  fc
    .oneof(
      notNumber,
      fc.maxSafeNat().map((more) => 9_000_000_000 + more),
    )
    .map((iat) => ({ iat })),
  anything.filter((sub) => typeof sub !== 'string' || sub === '').map((sub) => ({ sub })),
  anything.map((cnf) => ({ cnf })),
  anything.filter((scope) => !JSON.stringify(scope).includes('update:database')).map((scope) => ({ scope })),
);

test('no claims that must not count get anything sent, and each token leaves one record', async (t) => {
  const gateway = await startTestGateway(t, { environment });
  const property = fc.asyncProperty(claims, async (changed) => {
    await assertHarmless(gateway, () => attempt(gateway, { claims: changed }), [401, 403]);
  });
  await fc.assert(property, runs);
});

test('no header of the token gets anything sent', async (t) => {
  const gateway = await startTestGateway(t, { environment });
  const token = await gateway.issuer.sign();
  const [, payload, signature] = token.split('.');
  const header = fc.dictionary(
    fc.constantFrom('alg', 'kid', 'typ', 'crit', 'jwk', 'jku', 'b64', 'zip', 'enc'),
    anything,
  );
  const property = fc.asyncProperty(header, async (changed) => {
    const forged = `${Buffer.from(JSON.stringify(changed)).toString('base64url')}.${payload}.${signature}`;
    const headers = { authorization: `Bearer ${forged}` };
    await assertHarmless(gateway, () => attempt(gateway, { headers }), [401]);
  });
  await fc.assert(property, runs);
});

test('no query and no cluster id that is not one get anything sent', async (t) => {
  const gateway = await startTestGateway(t, { environment });
  const segment = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 60 })
    .map(inUrl)
    .filter((text) => text !== '');
  const path = fc.oneof(
    segment.map((text) => `/database/clusters/x${text}/vpc-peerings`),
    fc.tuple(segment, segment).map(([name, value]) => `${peeringsPath}?${name}=${value}`),
    segment.map((text) => `${peeringsPath}?${text}`),
  );
  const property = fc.asyncProperty(path, async (given) => {
    await assertHarmless(gateway, () => attempt(gateway, { path: given }), [400]);
  });
  await fc.assert(property, runs);
});

/** Lone surrogates have no encoding; a URL holds what stands for them. */
function inUrl(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
