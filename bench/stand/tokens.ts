// The access tokens of the measurements, signed before anything is measured, with a key that lives as long as the run.
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export type Algorithm = 'RS256' | 'ES256';

export const audience = 'https://peergate.bench';
const kid = 'bench-key';
const lifetimeSeconds = 7_200;
/** Tokens are spread over so many callers. */
const callers = 1_000;
const batch = 200;

const signAsync = promisify(
  (data: Buffer, key: KeyObject, done: (error: Error | null, signature: Buffer) => void) =>
    // RFC 7518 section 3.4: the two numbers side by side; RSA has no such choice and ignores it.
    sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, done),
);

export class Keys {
  readonly algorithm: Algorithm;
  /** The key set's document. */
  readonly jwks: string;
  /** PEM, for those that do not read key sets. */
  readonly publicPem: string;
  readonly #key: KeyObject;

  constructor(algorithm: Algorithm) {
    const pair =
      algorithm === 'RS256'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.algorithm = algorithm;
    this.#key = pair.privateKey;
    const published = { ...pair.publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' };
    this.jwks = JSON.stringify({ keys: [published] });
    this.publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }) as string;
  }

  /** `claims` replace those of a good token. */
  async sign(issuer: string, index: number, claims: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const subject = `svc-${index % callers}`;
    const payload = {
      ...{ iss: issuer, aud: audience, sub: subject, client_id: subject, jti: randomUUID() },
      ...{ scope: 'update:database read:database', iat: now, exp: now + lifetimeSeconds },
      ...claims,
    };
    const text = `${part({ alg: this.algorithm, kid, typ: 'at+jwt' })}.${part(payload)}`;
    return `${text}.${(await signAsync(Buffer.from(text), this.#key)).toString('base64url')}`;
  }

  /** One token a line. `signed` is told how many there are. */
  async writeTokens(
    file: string,
    issuer: string,
    count: number,
    signed: (count: number) => void,
  ): Promise<void> {
    const tokens: string[] = [];
    while (tokens.length < count) {
      const from = tokens.length;
      const next = Array.from({ length: Math.min(batch, count - from) }, (_, index) =>
        this.sign(issuer, from + index),
      );
      tokens.push(...(await Promise.all(next)));
      signed(tokens.length);
    }
    await writeFile(file, `${tokens.join('\n')}\n`, { mode: 0o600 });
  }
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
