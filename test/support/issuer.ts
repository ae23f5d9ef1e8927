// A token issuer whose every byte a test decides: it publishes metadata and keys on a real server, and signs whatever it
// is told to, so that attack tokens can be made that no proper identity provider would issue.
import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CompactSign, type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';

export interface TestIssuer {
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly requests: string[];
  /** What is published; a test may change it. */
  keys: JWK[];
  /** Takes over every answer when set. */
  takeover: RequestListener | undefined;
  /** Makes a new key and publishes it as the only one, or beside the others. */
  rotate(options?: { keep?: boolean; kid?: string }): Promise<void>;
  /** A token that the gateway accepts; members of `claims` replace or (as `undefined`) remove its claims. */
  sign(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** Signs these very bytes as the payload. */
  signText(payload: string, header?: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

export const audience = 'https://peergate.example';

export async function startIssuer(options: { alg?: string; path?: string } = {}): Promise<TestIssuer> {
  const alg = options.alg ?? 'ES256';
  const requests: string[] = [];
  let signing: { key: CryptoKey; kid: string };
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (issuer.takeover !== undefined) return issuer.takeover(request, response);
    const body = answer(request.url ?? '');
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${origin}${options.path ?? ''}`;
  const answer = (path: string): object | undefined => {
    if (path === `${options.path ?? ''}/.well-known/openid-configuration`)
      return { issuer: url, jwks_uri: `${origin}/jwks` };
    return path === '/jwks' ? { keys: issuer.keys } : undefined;
  };

  const issuer: TestIssuer = {
    url,
    requests,
    keys: [],
    takeover: undefined,
    async rotate({ keep = false, kid = randomUUID() } = {}) {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
      const published = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
      issuer.keys = keep ? [...issuer.keys, published] : [published];
      signing = { key: privateKey, kid };
    },
    sign(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1000);
      const all = {
        iss: url,
        aud: audience,
        sub: 'svc-payments',
        client_id: 'payments',
        jti: randomUUID(),
        scope: 'update:database read:database',
        iat: now,
        exp: now + 300,
        ...claims,
      };
      return issuer.signText(JSON.stringify(all), header);
    },
    async signText(payload, header = {}) {
      const full = { alg, kid: signing.kid, typ: 'at+jwt', ...header };
      return await new CompactSign(new TextEncoder().encode(payload))
        .setProtectedHeader(full)
        .sign(signing.key);
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  await issuer.rotate();
  return issuer;
}
