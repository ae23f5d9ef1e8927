// The services that the identity provider knows by default. Their secrets are published with the
// source, so they open nothing but this sandbox.

export interface ServiceClient {
  readonly clientId: string;
  readonly clientSecret: string;
  /** What its tokens may hold; asking for anything else is refused with `invalid_scope`. */
  readonly scopes: readonly string[];
  /** Put into each of its tokens, over the standard claims: `sub` is the client id unless this says otherwise. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export const demoClients = {
  payments: {
    clientId: 'payments',
    clientSecret: 'demo-secret-of-payments',
    scopes: ['read:database', 'update:database', 'delete:database'],
  },
  reporting: {
    clientId: 'reporting',
    clientSecret: 'demo-secret-of-reporting',
    scopes: ['read:database'],
  },
  legacyBilling: {
    clientId: 'legacy-billing',
    clientSecret: 'demo-secret-of-legacy-billing',
    scopes: ['read:database', 'update:database'],
  },
} as const satisfies Record<string, ServiceClient>;
