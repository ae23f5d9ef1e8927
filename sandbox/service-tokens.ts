// The token endpoint of the Aerospike Cloud sandbox: opaque random tokens for one service credential, sent as a form
// in the body. Everything else is refused with the errors of RFC 6749.
import { randomBytes } from 'node:crypto';
import type { Reply } from './reply.ts';

export interface ServiceCredential {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
  readonly tokenLifetimeSeconds: number;
}

export type TokenCheck = 'unknown' | 'expired' | { readonly scopes: readonly string[] };

interface Issued {
  readonly expiresAt: number;
  readonly scopes: readonly string[];
}

/** The oldest make room, so that a client which asks for a token each time does not grow the process. */
const keptMax = 1_000;

export class ServiceTokens {
  readonly #credential: ServiceCredential;
  readonly #issued = new Map<string, Issued>();

  constructor(credential: ServiceCredential) {
    this.#credential = credential;
  }

  answer(mediaType: string | undefined, body: string, now: number): Reply {
    if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(mediaType ?? '')) {
      return refusal(400, 'invalid_request', 'The request must be form-encoded.');
    }
    const form = new URLSearchParams(body);
    if (!this.#isKnown(form)) return refusal(401, 'invalid_client', 'Client authentication failed.');
    if (form.get('grant_type') !== 'client_credentials') {
      return refusal(400, 'unsupported_grant_type', 'Only client_credentials is supported.');
    }
    const wanted = form.get('scope')?.split(' ').filter(Boolean) ?? [];
    const scopes = wanted.length === 0 ? this.#credential.scopes : wanted;
    if (scopes.some((scope) => !this.#credential.scopes.includes(scope))) {
      return refusal(400, 'invalid_scope', 'A requested scope is not permitted.');
    }
    return {
      status: 200,
      headers: { 'Cache-Control': 'no-store' },
      body: {
        access_token: this.#issue(scopes, now),
        token_type: 'Bearer',
        expires_in: this.#credential.tokenLifetimeSeconds,
        scope: scopes.join(' '),
      },
    };
  }

  check(authorization: string | undefined, now: number): TokenCheck {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    const issued = token === undefined ? undefined : this.#issued.get(token);
    if (issued === undefined) return 'unknown';
    return now < issued.expiresAt ? { scopes: issued.scopes } : 'expired';
  }

  revokeAll(): void {
    this.#issued.clear();
  }

  #issue(scopes: readonly string[], now: number): string {
    const token = randomBytes(32).toString('base64url');
    this.#issued.set(token, { scopes, expiresAt: now + this.#credential.tokenLifetimeSeconds * 1_000 });
    if (this.#issued.size > keptMax) {
      for (const oldest of this.#issued.keys()) {
        this.#issued.delete(oldest);
        break;
      }
    }
    return token;
  }

  #isKnown(form: URLSearchParams): boolean {
    const { clientId, clientSecret } = this.#credential;
    return form.get('client_id') === clientId && form.get('client_secret') === clientSecret;
  }
}

function refusal(status: number, error: string, description: string): Reply {
  return {
    status,
    headers: { 'Cache-Control': 'no-store' },
    body: { error, error_description: description },
  };
}
