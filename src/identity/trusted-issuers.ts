// The issuers whose tokens are accepted, each with its rules and with its keys kept current on its own. All of them can be
// replaced at once; an issuer that stays the same keeps its keys.
import type { Dispatcher } from 'undici';
import type { AuthConfig, IssuerConfig } from '../config/config.ts';
import { KeySet, type KeySetServices } from './key-set.ts';
import { keySourceFor } from './key-source.ts';

/** Another object as soon as any of its rules changes. */
export interface TrustedIssuer {
  readonly rules: IssuerConfig;
  readonly keys: KeySet;
}

interface TrustedIssuersServices extends Pick<KeySetServices, 'clock' | 'logger'> {
  readonly agent: Dispatcher;
  /** So many tokens of unknown keys wait for one issuer at most. */
  readonly maxWaiting: number;
  /** Told of each fetch. */
  readonly observe: (issuer: string, result: 'ok' | 'failed') => void;
}

export class TrustedIssuers {
  readonly #maxStaleMs: number;
  readonly #services: TrustedIssuersServices;
  #issuers: ReadonlyMap<string, TrustedIssuer> = new Map();
  #revision = 0;
  #isStarted = false;

  constructor({ issuers, jwksMaxStaleMs }: AuthConfig, services: TrustedIssuersServices) {
    this.#maxStaleMs = jwksMaxStaleMs;
    this.#services = services;
    this.replace(issuers);
  }

  /** By the exact `iss` of a token. */
  get(issuer: string): TrustedIssuer | undefined {
    return this.#issuers.get(issuer);
  }

  all(): readonly TrustedIssuer[] {
    return [...this.#issuers.values()];
  }

  /** Another number after each change of issuers, rules or keys. */
  get revision(): number {
    let revision = this.#revision * 2 ** 32;
    for (const { keys } of this.#issuers.values()) revision += keys.generation;
    return revision;
  }

  /** Fetches the keys and goes on keeping them current until `stop`. */
  start(): void {
    this.#isStarted = true;
    for (const { keys } of this.all()) keys.start();
  }

  stop(): void {
    this.#isStarted = false;
    for (const { keys } of this.all()) keys.stop();
  }

  /** Takes effect at once, for all issuers. */
  replace(issuers: readonly IssuerConfig[]): void {
    const before = this.#issuers;
    this.#issuers = new Map(issuers.map((rules) => [rules.issuer, this.#trust(rules)]));
    this.#revision += 1;
    const kept = new Set(this.all().map(({ keys }) => keys));
    for (const { keys } of before.values()) if (!kept.has(keys)) keys.stop();
  }

  #trust(rules: IssuerConfig): TrustedIssuer {
    const known = this.#issuers.get(rules.issuer);
    if (known !== undefined && JSON.stringify(known.rules) === JSON.stringify(rules)) return known;
    if (known !== undefined && keysAt(known.rules) === keysAt(rules)) return { rules, keys: known.keys };
    const { agent, observe, ...services } = this.#services;
    const keys = new KeySet(rules.issuer, keySourceFor(rules, agent), this.#maxStaleMs, {
      ...services,
      observe: (result) => observe(rules.issuer, result),
    });
    if (this.#isStarted) keys.start();
    return { rules, keys };
  }
}

const keysAt = ({ jwksUri, jwksFile }: IssuerConfig): string => JSON.stringify([jwksUri, jwksFile]);
