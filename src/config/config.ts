// The settings as the rest of the gateway sees them: grouped, frozen, with the secrets wrapped. Nothing here has a
// default of its own; those are in `schema.ts`.
import type { KnownSettings } from '../policy/language/settings-checks.ts';
import type { SettingValues } from './schema.ts';
import { Secret } from './secret.ts';

/** The two parts of the service credential (RFC 6749 section 2.3.1). */
interface ServiceCredential {
  readonly clientId: Secret;
  readonly clientSecret: Secret;
}

interface ConfigSecrets {
  readonly credential: ServiceCredential;
  readonly redisUrl: Secret | undefined;
}

/** Whose tokens are accepted, and by which rules. */
export interface IssuerConfig {
  /** Exactly as in `iss`. */
  readonly issuer: string;
  /** A token must carry one of them in `aud`; or `clients` is there. */
  readonly audiences: readonly string[] | undefined;
  /** A token must have no `aud`, and one of them as its `client_id`. */
  readonly clients: readonly string[] | undefined;
  /** `none`: only a grant that names the issuer authorizes its callers. */
  readonly scopes: 'required' | 'none';
  readonly jwksUri: string | undefined;
  readonly jwksFile: string | undefined;
  readonly algorithms: readonly string[];
  readonly tokenType: 'at+jwt' | undefined;
}

export type Config = ReturnType<typeof toConfig>;
export type AuthConfig = Config['auth'];
export type UpstreamConfig = Config['upstream'];
export type EgressProxyConfig = Config['egressProxy'];
export type RedisConfig = NonNullable<Config['state']['redis']>;

/** The settings that a policy is checked against. `issuers`: those in force. */
export const policySettings = (
  { preflight, fleetRefreshMs, state }: Config,
  issuers: readonly IssuerConfig[],
): KnownSettings => ({ issuers, preflight, fleetRefreshMs, sharesState: state.redis !== undefined });

/** Groups checked values. Total: a fault cannot come up here any more. */
export function toConfig(values: SettingValues, issuers: readonly IssuerConfig[], secrets: ConfigSecrets) {
  const withoutSlash = values.AEROSPIKE_API_URL.replace(/\/+$/, '');
  return deepFreeze({
    listen: {
      host: values.HOST,
      port: values.PORT,
      adminHost: values.ADMIN_HOST ?? values.HOST,
      adminPort: values.ADMIN_PORT,
      basePath: values.BASE_PATH ?? '',
      trustProxy: values.TRUST_PROXY ?? [],
      tls: tlsOf(values),
    },
    auth: {
      issuers,
      /** The file that they come from, if they do. */
      issuersFile: values.AUTH_ISSUERS_FILE,
      clockToleranceSeconds: values.AUTH_CLOCK_TOLERANCE_SECONDS,
      jwksMaxStaleMs: values.AUTH_JWKS_MAX_STALE_SECONDS * 1000,
    },
    scopes: {
      create: values.AUTH_SCOPE_CREATE,
      list: values.AUTH_SCOPE_LIST,
      delete: values.AUTH_SCOPE_DELETE,
    },
    upstream: {
      apiUrl: withoutSlash,
      tokenUrl: values.AEROSPIKE_TOKEN_URL,
      credential: secrets.credential,
      tokenScope: values.AEROSPIKE_TOKEN_SCOPE,
      tokenAudience: values.AEROSPIKE_TOKEN_AUDIENCE,
      connectTimeoutMs: values.UPSTREAM_CONNECT_TIMEOUT_MS,
      timeoutMs: values.UPSTREAM_TIMEOUT_MS,
      connections: values.UPSTREAM_CONNECTIONS,
    },
    egressProxy: {
      /** The URLs may hold credentials. */
      httpsProxy: values.HTTPS_PROXY === undefined ? undefined : Secret.ofValue(values.HTTPS_PROXY),
      httpProxy: values.HTTP_PROXY === undefined ? undefined : Secret.ofValue(values.HTTP_PROXY),
      /** As undici takes it. */
      noProxy: values.NO_PROXY ?? '',
    },
    policyFile: values.POLICY_FILE,
    policyTestsFile: values.POLICY_TESTS_FILE,
    preflight: values.PREFLIGHT,
    /** 0: the fleet is off. */
    fleetRefreshMs: values.FLEET_REFRESH_SECONDS * 1000,
    audit: { file: values.AUDIT_FILE, signingKeyFile: values.AUDIT_SIGNING_KEY_FILE },
    limits: {
      perCallerPerMinute: values.RATE_LIMIT_PER_MINUTE,
      perAddressPerMinute: values.RATE_LIMIT_ADDRESS_PER_MINUTE,
      maxInFlight: values.MAX_IN_FLIGHT,
    },
    state: { redis: redisOf(values, secrets), idempotencyTtlMs: values.IDEMPOTENCY_TTL_SECONDS * 1000 },
    /** After SIGTERM, how long new connections are still accepted and requests served. */
    shutdownDelayMs: values.SHUTDOWN_DELAY_MS,
    /** After that delay, how long requests in flight may take to finish. */
    shutdownGraceMs: values.SHUTDOWN_GRACE_MS,
    /** Where traces go; `undefined`: nowhere. */
    tracing: tracingOf(values),
    logLevel: values.LOG_LEVEL,
  });
}

/** The path is added to the endpoint of all signals, and not to that of traces (OTLP exporter specification). */
function tracingOf(values: SettingValues) {
  const all = values.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/*$/, '/v1/traces');
  const url = values.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? all;
  const protocol = values.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? values.OTEL_EXPORTER_OTLP_PROTOCOL;
  const off = values.OTEL_SDK_DISABLED || values.OTEL_TRACES_EXPORTER === 'none';
  return url === undefined || off || protocol === 'unusable' ? undefined : { url, protocol };
}

const redisOf = (values: SettingValues, { redisUrl }: ConfigSecrets) =>
  redisUrl && {
    /** Read again for each connection; `parseRedisUrls` reads it. */
    url: redisUrl,
    mode: values.REDIS_MODE,
    /** The name of the primary; there with the mode `sentinel` only. */
    sentinelMaster: values.REDIS_SENTINEL_MASTER,
    /** Without TLS, only to servers of this machine otherwise. */
    allowPlaintext: values.REDIS_ALLOW_PLAINTEXT,
  };

/** Both or neither are set, by the cross checks. */
function tlsOf(values: SettingValues) {
  const { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile, TLS_CLIENT_CA_FILE: clientCaFile } = values;
  return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile, clientCaFile };
}

type DeepReadonly<T> = T extends Secret ? T : { readonly [Name in keyof T]: DeepReadonly<T[Name]> };

function deepFreeze<T extends object>(value: T): DeepReadonly<T> {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part);
  return Object.freeze(value) as DeepReadonly<T>;
}
