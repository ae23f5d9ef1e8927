// Builds one oidc-provider that gives services RFC 9068 access tokens and does nothing else. Every default of the
// library that would print a warning is replaced, so it says nothing on the terminal.
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { type Adapter, type Configuration, Provider } from 'oidc-provider';
import type { ServiceClient } from './service-clients.ts';

export type SigningAlgorithm = 'RS256' | 'ES256' | 'ES384' | 'EdDSA';

export interface ProviderSetup {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithm: SigningAlgorithm;
  readonly tokenLifetimeSeconds: number;
  readonly clients: readonly ServiceClient[];
  /** Private keys; the first one signs, all of them are published. */
  readonly keys: readonly JWK[];
}

export async function generateSigningKey(algorithm: SigningAlgorithm): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomUUID(), alg: algorithm, use: 'sig' };
}

// Client credentials and JWT access tokens leave nothing to store; whatever asks for a record finds none.
const nothing = async (): Promise<void> => {};
const emptyAdapter = (): Adapter => ({
  upsert: nothing,
  find: nothing,
  findByUserCode: nothing,
  findByUid: nothing,
  consume: nothing,
  destroy: nothing,
  revokeByGrantId: nothing,
});

export function createProvider(setup: ProviderSetup): Provider {
  const provider = new Provider(setup.issuer, configuration(setup));
  // Koa would print what goes wrong inside a request; the answer's status says it to the caller.
  provider.silent = true;
  return provider;
}

function configuration(setup: ProviderSetup): Configuration {
  const byId = new Map(setup.clients.map((client) => [client.clientId, client]));
  return {
    adapter: emptyAdapter,
    jwks: { keys: [...setup.keys] as NonNullable<Configuration['jwks']>['keys'] },
    scopes: [...new Set(setup.clients.flatMap((client) => client.scopes))],
    responseTypes: [],
    clientAuthMethods: ['client_secret_post', 'client_secret_basic'],
    enabledJWA: { idTokenSigningAlgValues: [setup.algorithm] },
    clientDefaults: { id_token_signed_response_alg: setup.algorithm },
    clients: setup.clients.map((client) => ({
      client_id: client.clientId,
      client_secret: client.clientSecret,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_post',
      scope: client.scopes.join(' '),
    })),
    ttl: { ClientCredentials: setup.tokenLifetimeSeconds },
    features: { ...serviceFeatures, resourceIndicators: resourceIndicators(setup, byId) },
    formats: {
      customizers: {
        jwt(_ctx, token, parts) {
          Object.assign(parts.payload, byId.get(token.clientId ?? '')?.claims);
        },
      },
    },
  };
}

const serviceFeatures: Configuration['features'] = {
  clientCredentials: { enabled: true },
  devInteractions: { enabled: false },
  userinfo: { enabled: false },
  rpInitiatedLogout: { enabled: false },
  pushedAuthorizationRequests: { enabled: false },
  dPoP: { enabled: false },
};

type ResourceIndicators = NonNullable<NonNullable<Configuration['features']>['resourceIndicators']>;

function resourceIndicators(
  setup: ProviderSetup,
  byId: ReadonlyMap<string, ServiceClient>,
): ResourceIndicators {
  const kid = setup.keys[0]?.kid;
  return {
    enabled: true,
    // Callers need not send `resource`; whichever they do send becomes the audience, so that a test can ask for a
    // token that is meant for somebody else.
    defaultResource: () => setup.audience,
    getResourceServerInfo: (_ctx, audience, client) => ({
      audience,
      scope: byId.get(client.clientId)?.scopes.join(' ') ?? '',
      accessTokenFormat: 'jwt',
      accessTokenTTL: setup.tokenLifetimeSeconds,
      jwt: { sign: { alg: setup.algorithm, ...(kid === undefined ? {} : { kid }) } },
    }),
  };
}
