// A real OpenID provider on loopback: discovery, keys, and RFC 9068 access tokens for services that know their secret.
// It makes its keys at the start, keeps nothing, prints nothing, and answers nobody who is not on this machine.
import type { RequestListener } from 'node:http';
import type { JWK } from 'jose';
import { type Fault, startLoopbackServer } from './loopback-server.ts';
import { createProvider, generateSigningKey, type SigningAlgorithm } from './provider-setup.ts';
import { demoClients, type ServiceClient } from './service-clients.ts';

export interface IdentityProviderOptions {
  /** 0, the default, picks a free one. */
  readonly port?: number;
  /** `aud` of each token that was requested without a `resource`. */
  readonly audience?: string;
  readonly algorithm?: SigningAlgorithm;
  readonly tokenLifetimeSeconds?: number;
  readonly clients?: readonly ServiceClient[];
}

/** A request as the provider's fault sees it: the body has not been read. */
export interface ProviderRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
}

export interface IdentityProvider {
  readonly issuer: string;
  readonly audience: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  readonly clients: readonly ServiceClient[];
  /** How often a path (`/token`, `/jwks`, `/.well-known/openid-configuration`) was asked for since the start. */
  requestCount(path: string): number;
  /** From now on a new key signs; the old ones are withdrawn unless `keepOld`. Gives the new key's id. */
  rotateKeys(options?: { readonly keepOld?: boolean }): Promise<string>;
  /** Takes over answers from now on; `undefined` ends it. */
  setFault(fault: Fault<ProviderRequest> | undefined): void;
  close(): Promise<void>;
}

/** Counted paths at most, so that a scan of random paths cannot grow the map without end. */
const countedPathsMax = 256;

export async function startIdentityProvider(
  options: IdentityProviderOptions = {},
): Promise<IdentityProvider> {
  const settings = {
    audience: options.audience ?? 'https://peergate.example',
    algorithm: options.algorithm ?? 'RS256',
    tokenLifetimeSeconds: options.tokenLifetimeSeconds ?? 600,
    clients: options.clients ?? Object.values(demoClients),
  } as const;
  let keys: readonly JWK[] = [await generateSigningKey(settings.algorithm)];
  let fault: Fault<ProviderRequest> | undefined;
  // The issuer contains the port, so the server has to listen before there is a provider to answer.
  let answer: RequestListener = (_req, res) => res.writeHead(503).end();

  const counts = new Map<string, number>();
  const server = await startLoopbackServer((req, res) => {
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/';
    if (counts.has(path) || counts.size < countedPathsMax) counts.set(path, (counts.get(path) ?? 0) + 1);
    const takeover = fault?.({ method: req.method ?? 'GET', path });
    (takeover ?? answer)(req, res);
  }, options.port);

  const serve = () => {
    answer = createProvider({ ...settings, issuer: server.origin, keys }).callback();
  };
  try {
    serve();
  } catch (error) {
    await server.close();
    throw error;
  }

  return {
    issuer: server.origin,
    audience: settings.audience,
    tokenEndpoint: `${server.origin}/token`,
    jwksUri: `${server.origin}/jwks`,
    clients: settings.clients,
    requestCount: (path) => counts.get(path) ?? 0,
    async rotateKeys({ keepOld = false } = {}) {
      const fresh = await generateSigningKey(settings.algorithm);
      keys = keepOld ? [fresh, ...keys] : [fresh];
      serve();
      return fresh.kid ?? '';
    },
    setFault(next) {
      fault = next;
    },
    close: () => server.close(),
  };
}
