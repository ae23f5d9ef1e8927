// The key that simulated gateways sign their logs with: the same in every run, derived here so that no key stands in a file.
import { createPrivateKey, createPublicKey, hash } from 'node:crypto';

/** An Ed25519 key in PKCS #8 (RFC 8410) is this and 32 bytes. */
const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const key = createPrivateKey({
  key: Buffer.concat([prefix, hash('sha256', 'the key of the simulation', 'buffer')]),
  format: 'der',
  type: 'pkcs8',
});

/** With its own id: a thumbprint would be computed by a thread. */
const keyId = 'simulated';

export const privateKeyText = JSON.stringify({ ...key.export({ format: 'jwk' }), kid: keyId });
export const verificationKey = { key: createPublicKey(key), algorithm: 'EdDSA', keyId };
