// The refusal of a token, to the letter: RFC 6750's challenge, one record that believes nothing of the token, and no
// trace of it in anything that was written.
import assert from 'node:assert/strict';
import { assertRefused } from '../support/assert-refused.ts';
import type { Reply, TestGateway } from '../support/gateway.ts';

/** Sends a create with this token. */
export async function assertTokenRefused(
  gateway: TestGateway,
  token: string,
  code: 'token-invalid' | 'token-expired' = 'token-invalid',
): Promise<Reply> {
  return await assertAuthorizationRefused(gateway, `Bearer ${token}`, token, code);
}

/** Sends a create with this Authorization header, whose secret part is `token`. */
export async function assertAuthorizationRefused(
  gateway: TestGateway,
  authorization: string,
  token: string,
  code: 'token-invalid' | 'token-expired' = 'token-invalid',
): Promise<Reply> {
  const type = code === 'token-expired' ? 'auth:token-expired' : 'auth:unauthorized';
  const reply = await assertRefused(gateway, () => gateway.create(undefined, { authorization }), {
    status: 401,
    type,
    recorded: code,
  });
  // RFC 6750 section 3: a description holds no quotes.
  const detail = reply.json.detail.replaceAll('"', "'");
  assert.equal(
    reply.headers['www-authenticate'],
    `Bearer realm="peergate", error="invalid_token", error_description="${detail}"`,
  );
  assertUnseen(gateway.output() + reply.text, token);
  return reply;
}

const fragmentLength = 16;

/** Neither the token nor any part of its signature is in the text. */
export function assertUnseen(text: string, token: string): void {
  const signature = token.split('.').at(-1) ?? '';
  if (token.length >= fragmentLength) assert.ok(!text.includes(token), 'the token was written');
  for (let at = 0; at + fragmentLength <= signature.length; at += fragmentLength) {
    const fragment = signature.slice(at, at + fragmentLength);
    assert.ok(!text.includes(fragment), 'a part of the signature was written');
  }
}
