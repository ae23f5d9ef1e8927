// A checkpoint is a compact JWS over number, hash and time of the last record, and nothing else passes for one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeProtectedHeader } from 'jose';
import { signCheckpoint, verifyCheckpoint } from '../../../src/audit/log/checkpoint.ts';
import { toSigningKey } from '../../../src/audit/log/signing-key.ts';
import { startOfTime } from '../verify/chained-log.ts';
import { makeKeys } from '../verify/signed-log.ts';

const checkpoint = {
  chain: 'e2b1c6f0-5d3a-4c7e-9f57-1a2b3c4d5e6f',
  sequence: 7,
  fingerprint: 'ab'.repeat(32),
  time: startOfTime,
};

for (const algorithm of ['EdDSA', 'ES256', 'ES384', 'PS256', 'RS256']) {
  test(`a checkpoint signed with ${algorithm} holds with that public key and no other`, async () => {
    const [mine, other] = [await makeKeys(algorithm), await makeKeys(algorithm)];
    const jws = signCheckpoint(checkpoint, mine.signing);
    assert.deepEqual(decodeProtectedHeader(jws), {
      alg: algorithm,
      kid: mine.signing.keyId,
      typ: 'peergate-checkpoint',
    });
    const [, payload = ''] = jws.split('.');
    assert.deepEqual(JSON.parse(Buffer.from(payload, 'base64url').toString()), checkpoint);
    assert.deepEqual(await verifyCheckpoint(jws, mine.verifying), checkpoint);
    assert.deepEqual(await verifyCheckpoint(jws, [...other.verifying, ...mine.verifying]), checkpoint);
    assert.equal(await verifyCheckpoint(jws, other.verifying), undefined);
    assert.equal(await verifyCheckpoint(jws, []), undefined);
  });
}

test('the key that a checkpoint names is a hint only: another key of that name proves nothing', async () => {
  const [mine, namesake] = [await makeKeys('ES256', 'the-key'), await makeKeys('ES256', 'the-key')];
  const jws = signCheckpoint(checkpoint, mine.signing);
  assert.equal(decodeProtectedHeader(jws).kid, 'the-key');
  assert.equal(await verifyCheckpoint(jws, namesake.verifying), undefined);
  assert.deepEqual(await verifyCheckpoint(jws, [...namesake.verifying, ...mine.verifying]), checkpoint);
});

test('an RSA key that signs with RS256 vouches for no PS256 signature of its own', async () => {
  const { privateJwk, verifying } = await makeKeys('RS256');
  const jws = signCheckpoint(checkpoint, await toSigningKey({ ...privateJwk, alg: 'PS256' }));
  assert.equal(await verifyCheckpoint(jws, verifying), undefined);
});
