// Remembers for a moment which callers good tokens stand for, since checking a signature costs more than all the rest of a
// request. A token is cached by its hash, never past its `exp`, never past a change of its issuer's rules or keys, and never
// when the clock has gone back; anything else is verified again.
import { hash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Principal } from './principal.ts';
import type { TrustedIssuer, TrustedIssuers } from './trusted-issuers.ts';
import type { VerifyToken } from './verify-token.ts';

/** The longest time that a token is kept. */
const maxMs = 60_000;
/** The most tokens, and the most characters of all of them: a valid token may be as long as a header section. */
const maxTokens = 50_000;
const maxCharacters = 32 * 1024 * 1024;

interface Remembered {
  readonly principal: Principal;
  readonly issuer: TrustedIssuer;
  /** Of the keys, when the token was verified. */
  readonly generation: number;
  readonly from: number;
  /** Milliseconds since the epoch, like `from`. */
  readonly until: number;
  readonly characters: number;
}

export class TokenCache {
  readonly #verify: VerifyToken;
  readonly #issuers: Pick<TrustedIssuers, 'get' | 'revision'>;
  readonly #clock: Clock;
  /** In the order in which they came: the oldest goes first. */
  readonly #tokens = new Map<string, Remembered>();
  #characters = 0;
  /** When the tokens that are over were last forgotten. */
  #sweptAt = 0;

  constructor(verify: VerifyToken, issuers: Pick<TrustedIssuers, 'get' | 'revision'>, clock: Clock) {
    this.#verify = verify;
    this.#issuers = issuers;
    this.#clock = clock;
  }

  /** Number of cached tokens. */
  get size(): number {
    return this.#tokens.size;
  }

  /** The caller, or `undefined`: the token has to be verified. */
  get(token: string): Principal | undefined {
    const key = keyOf(token);
    const known = this.#tokens.get(key);
    if (known === undefined) return undefined;
    const now = this.#clock.now();
    const { principal, issuer, generation, from, until } = known;
    const isSame = this.#issuers.get(principal.issuer) === issuer && issuer.keys.generation === generation;
    if (now >= from && now < until && isSame && issuer.keys.fresh(now)) return principal;
    this.#forget(key, known);
    return undefined;
  }

  /** The caller that a token stands for, by every check. Rejects as `VerifyToken` does; such tokens are not cached. */
  async verify(token: string): Promise<Principal> {
    const from = this.#clock.now();
    const { revision } = this.#issuers;
    const principal = await this.#verify(token);
    const issuer = this.#issuers.get(principal.issuer);
    // Keys that changed meanwhile may not have the one any more that the signature was checked with.
    if (issuer !== undefined && this.#issuers.revision === revision)
      this.#remember(token, { principal, issuer, generation: issuer.keys.generation, from });
    return principal;
  }

  #remember(token: string, known: Pick<Remembered, 'principal' | 'issuer' | 'generation' | 'from'>): void {
    const expiresAt = (known.principal.claims['exp'] as number) * 1000;
    const until = Math.min(expiresAt, known.from + maxMs);
    if (!(until > known.from)) return;
    const key = keyOf(token);
    const before = this.#tokens.get(key);
    if (before !== undefined) this.#forget(key, before);
    this.#tokens.set(key, { ...known, until, characters: token.length });
    this.#characters += token.length;
    if (Math.abs(known.from - this.#sweptAt) >= maxMs) this.#forgetOver(known.from);
    if (this.#tokens.size > maxTokens || this.#characters > maxCharacters) this.#forgetOldest();
  }

  /** Nobody asks for a token again that is over, and it would stay until there is no room. */
  #forgetOver(now: number): void {
    this.#sweptAt = now;
    for (const [key, entry] of this.#tokens) if (now >= entry.until) this.#forget(key, entry);
  }

  /** A tenth at once: in a map that lost its first entries, the next first one takes long to find. */
  #forgetOldest(): void {
    for (const [oldest, entry] of this.#tokens) {
      const isRoomy = this.#tokens.size <= maxTokens * 0.9 && this.#characters <= maxCharacters * 0.9;
      if (isRoomy) break;
      this.#forget(oldest, entry);
    }
  }

  #forget(key: string, { characters }: Remembered): void {
    this.#tokens.delete(key);
    this.#characters -= characters;
  }
}

const keyOf = (token: string): string => hash('sha256', token, 'base64url');
