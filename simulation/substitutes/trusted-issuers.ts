// Takes the place of `src/identity/trusted-issuers.ts`: one issuer, whose keys are always known. What verifying signatures is
// made of has threads of its own, and tests of its own.
import type { AuthConfig, IssuerConfig } from '../../src/config/config.ts';

const keys = { generation: 1, count: 1, ignored: 0, fetchedAt: 0, known: () => true, fresh: () => true };

export class TrustedIssuers {
  readonly revision = 1;
  readonly #rules: readonly IssuerConfig[];

  constructor({ issuers }: AuthConfig) {
    this.#rules = issuers;
  }

  get(issuer: string) {
    return this.all().find(({ rules }) => rules.issuer === issuer);
  }

  all() {
    return this.#rules.map((rules) => ({ rules, keys }));
  }

  start(): void {}
  stop(): void {}
}
