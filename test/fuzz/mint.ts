// Makes the tokens of a run, and knows which of them are good: by the claims and header that went in, by a rule of its own.
// A text that is not in its book is not a token.
import type { JWK } from 'jose';
import { createForge, encode, hmacToken } from '../security/forge.ts';
import { audience } from '../support/issuer.ts';
import { absent, type Json, type Profile, type TokenSpec } from './tokens.ts';

export interface GoodToken {
  /** `false`: good or not, the interface does not say; it may pass. */
  readonly certain: boolean;
  readonly claims: Json;
}

export interface RenderedToken {
  /** Values of Authorization headers, Latin-1. */
  readonly values: readonly string[];
  /** Texts that count as tokens here, besides those of the profiles. */
  readonly good: ReadonlyMap<string, GoodToken>;
}

const year2100 = 4_102_444_800;
/** A time so near to now may have come or gone when the gateway looks. */
const unsureSeconds = 600;

const profileClaims: Readonly<Record<Profile, Json>> = {
  payments: {},
  'create-only': { scope: 'update:database' },
  reader: { sub: 'svc-reader', scope: 'read:database' },
  'array-of-scopes': { scope: undefined, scp: ['read:database', 'update:database', 'delete:database'] },
  permissions: { scope: undefined, permissions: ['update:database'] },
  roles: { scope: undefined, roles: 'update:database read:database' },
  stranger: { sub: 'svc-stranger' },
  'no-scope': { scope: 'openid' },
  unicode: { sub: 'svc-\u{1f9a9}\u202e"\\', client_id: '\u2028' },
  audiences: { aud: ['https://other.example', audience] },
  large: { filler: 'f'.repeat(6000) },
  grouped: { sub: 'svc-of-a-group', realm_access: { roles: ['network-admins'] } },
};

export class Mint {
  readonly keys: readonly JWK[];
  readonly #issuer: string;
  readonly #forge = createForge('ES256');
  readonly #other = createForge('EdDSA');
  readonly #foreign = createForge('ES256');
  readonly #profiles = new Map<Profile, string>();
  readonly #good = new Map<string, GoodToken>();

  constructor(issuer: string) {
    this.#issuer = issuer;
    this.keys = [this.#forge.jwk, this.#other.jwk];
    for (const [profile, claims] of Object.entries(profileClaims)) {
      const text = this.#payload(claims);
      const token = (profile === 'audiences' ? this.#other : this.#forge).compact(text);
      this.#profiles.set(profile as Profile, token);
      this.#good.set(token, { certain: true, claims: JSON.parse(text) as Json });
    }
  }

  /** Is this text a good token of a profile? */
  find(token: string): GoodToken | undefined {
    return this.#good.get(token);
  }

  render(spec: TokenSpec): RenderedToken {
    switch (spec.kind) {
      case 'none':
        return { values: [], good: new Map() };
      case 'good':
        return { values: [`${spec.scheme}${this.#profile(spec.profile)}`], good: new Map() };
      case 'signed':
        return this.#signed(this.#payload(spec.claims), this.#header(spec.header));
      case 'payload':
        return this.#signed(spec.text, {});
      case 'forged':
        return { values: [`Bearer ${this.#forged(spec.how, this.#header(spec.header))}`], good: new Map() };
      case 'changed':
        return this.#changed(spec);
      case 'raw': {
        const values = spec.values.map((value) => value.replaceAll('@TOKEN@', this.#profile('payments')));
        return { values, good: new Map() };
      }
    }
  }

  #profile(profile: Profile): string {
    return this.#profiles.get(profile) ?? '';
  }

  /**
   * `@1e309@` as a whole string is written without its quotes: a number that JSON has and JavaScript has not. `@deep 50@` are
   * fifty arrays in one another.
   */
  #payload(changes: Json): string {
    const claims = {
      iss: this.#issuer,
      aud: audience,
      sub: 'svc-payments',
      client_id: 'payments',
      jti: 'a-token-of-the-fuzz-run',
      scope: 'update:database read:database delete:database',
      iat: 1_767_225_600,
      exp: year2100,
      ...changes,
    };
    return JSON.stringify(claims, (_key, value) => (value === absent ? undefined : value))
      .replaceAll(/"@(-?[\de]+)@"/g, '$1')
      .replaceAll(/"@deep (\d+)@"/g, (_, depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`);
  }

  #header(changes: Json): Json {
    const kids: Json = { '@kid@': this.#forge.jwk.kid, '@other-kid@': this.#other.jwk.kid };
    const entries = Object.entries(changes).map(([name, value]) => [
      name,
      value === absent ? undefined : typeof value === 'string' ? (kids[value] ?? value) : value,
    ]);
    return Object.fromEntries(entries) as Json;
  }

  #signed(payload: string, header: Json): RenderedToken {
    const full = { alg: 'ES256', kid: this.#forge.jwk.kid, typ: 'at+jwt', ...header };
    const input = `${encode(JSON.stringify(full))}.${encode(payload)}`;
    const text = `${input}.${this.#forge.signature(input).toString('base64url')}`;
    const good = this.#judge(payload, text);
    return { values: [`Bearer ${text}`], good: new Map(good === undefined ? [] : [[text, good]]) };
  }

  #judge(payload: string, token: string): GoodToken | undefined {
    const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as Json;
    const claims = claimsIn(payload);
    if (claims === undefined || header['alg'] !== 'ES256') return undefined;
    const kid = header['kid'];
    if (typeof kid === 'string' && kid !== this.#forge.jwk.kid) return undefined;
    const certain = kid === undefined || typeof kid === 'string';
    if (Object.hasOwn(header, 'crit')) {
      // RFC 7797: the one extension that is understood, when it changes nothing.
      const crit: unknown = header['crit'];
      const known = Array.isArray(crit) && crit.length > 0 && crit.every((name) => name === 'b64');
      const harmless = known && header['b64'] === true;
      if (!harmless) return undefined;
    }
    const verdict = judgeClaims(claims, this.#issuer, Date.now() / 1000);
    if (verdict === 'bad') return undefined;
    return { certain: certain && verdict === 'good' && !Object.hasOwn(header, 'crit'), claims };
  }

  #forged(how: string, header: Json): string {
    const payload = this.#payload({});
    const { publicKey, jwk } = this.#forge;
    if (how === 'another-key')
      return this.#foreign.compact(payload, { kid: jwk.kid, ...header, alg: 'ES256' });
    if (how === 'key-in-header')
      return this.#foreign.compact(payload, {
        ...header,
        alg: 'ES256',
        kid: jwk.kid,
        jwk: this.#foreign.jwk,
      });
    if (how === 'public-key-as-secret')
      return hmacToken(publicKey.export({ type: 'spki', format: 'pem' }), payload, { kid: jwk.kid });
    const unsigned = `${encode(JSON.stringify({ typ: 'at+jwt', ...header, alg: 'none' }))}.${encode(payload)}.`;
    return how === 'none' ? unsigned : `${unsigned}${encode('\0'.repeat(64))}`;
  }

  #changed({ profile, segment, at, change }: TokenSpec & { kind: 'changed' }): RenderedToken {
    const token = this.#profile(profile);
    const segments = token.split('.');
    const good = new Map<string, GoodToken>();
    if (segment === 3) {
      const rotated = [segments[at % 3], segments[(at + 1) % 3], segments[(at + 2) % 3]].join('.');
      return { values: [`Bearer ${rotated}${change}`], good };
    }
    const old = segments[segment] ?? '';
    // The last characters are where base64url has bits that say nothing, and that have to be zero.
    const place = at % 4 === 0 ? old.length - 1 : at % old.length;
    segments[segment] = `${old.slice(0, place)}${change}${old.slice(place + 1)}`;
    const text = segments.join('.');
    const known = this.#good.get(token);
    // White space behind it is none of the header's value.
    const sent = text.replace(/[ \t]+$/, '');
    if (sent === token && known !== undefined) good.set(sent, { ...known, certain: false });
    return { values: [`Bearer ${text}`], good };
  }
}

function claimsIn(payload: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

/** The interface's rules about claims, once more and in other words. */
export function judgeClaims(claims: Json, issuer: string, now: number): 'good' | 'unsure' | 'bad' {
  const { iss, aud, sub, exp } = claims;
  const meant = aud === audience || (Array.isArray(aud) && aud.includes(audience));
  if (iss !== issuer || !meant || typeof sub !== 'string' || sub.length === 0) return 'bad';
  const identities = [sub, ...['client_id', 'azp', 'cid', 'appid', 'jti'].map((name) => claims[name])];
  if (!identities.every(isRecordable)) return 'bad';
  if (Object.hasOwn(claims, 'cnf') || !isTime(exp)) return 'bad';
  let unsure = Math.abs(exp - now) < unsureSeconds;
  if (exp <= now && !unsure) return 'bad';
  for (const name of ['nbf', 'iat']) {
    if (!Object.hasOwn(claims, name)) continue;
    const time = claims[name];
    if (!isTime(time)) return 'bad';
    const near = Math.abs(time - now) < unsureSeconds;
    if (time > now && !near) return 'bad';
    unsure ||= near;
  }
  return unsure ? 'unsure' : 'good';
}

/** Neither longer than a record has room for, nor with control characters, or half of a surrogate pair. */
const isRecordable = (value: unknown): boolean =>
  typeof value !== 'string' ||
  (Buffer.byteLength(value) <= 512 && !/[\p{Surrogate}\p{Control}]/u.test(value));

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
