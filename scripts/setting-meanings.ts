// What each setting is for, in the words of docs/settings.md. The compiler asks for a line for each setting of the schema;
// name, type and default come from the schema itself.
import type { SettingName } from '../src/config/schema.ts';

/** Markdown. Links are relative to docs/. */
export const settingMeanings: Readonly<Record<SettingName, string>> = {
  HOST: 'Address of the public listener. `::` serves IPv4 and IPv6.',
  PORT: 'Port of the public listener. 0 picks a free one.',
  ADMIN_HOST:
    'Address of the admin listener (`/healthz`, `/readyz`, `/metrics`). Empty: as `HOST`. Never expose it.',
  ADMIN_PORT: 'Port of the admin listener. 0 picks a free one.',
  BASE_PATH: 'Prefix of every public route, for example `/v1`.',
  TRUST_PROXY:
    'The ingress whose `X-Forwarded-For` is trusted. Empty: none. [Which addresses to list](get-started.md#behind-an-ingress). The first such header from any other address is logged as a warning, once.',

  AUTH_ISSUERS:
    'Issuers of access tokens. This or `AUTH_ISSUERS_FILE` is required. Keys are found through the metadata of each issuer (OpenID Connect discovery, then RFC 8414), which must name the same issuer.',
  AUTH_AUDIENCE: 'The `aud` of accepted tokens. Required with `AUTH_ISSUERS`.',
  AUTH_JWKS_URI: 'Location of the keys, for a single issuer without metadata.',
  AUTH_JWKS_FILE:
    'A file with the keys (a JWK Set), for a single issuer without metadata. Not together with `AUTH_JWKS_URI`. It is read again for new keys; a file that cannot be read, or is no JWK Set, prevents the start.',
  AUTH_ALGORITHMS:
    'Accepted signatures, asymmetric only. `EdDSA` and `Ed25519` are one algorithm. Ed448 is refused.',
  AUTH_TOKEN_TYPE:
    'With `at+jwt`, only RFC 9068 access tokens are accepted (`typ`, `iat`, `jti` and `client_id` are required).',
  AUTH_ISSUERS_FILE:
    'YAML, for [issuers that differ](identity-providers.md). Replaces the settings above; both together are a fault. Read again when it changes.',
  AUTH_CLOCK_TOLERANCE_SECONDS: 'Allowed difference between the clocks of the gateway and the issuer.',
  AUTH_JWKS_MAX_STALE_SECONDS:
    'How long keys work after the last good fetch while the issuer is down. Keys are fetched again every 10 minutes, or at this interval if it is shorter.',
  AUTH_SCOPE_CREATE: 'Scope of a create.',
  AUTH_SCOPE_LIST: 'Scope of every read.',
  AUTH_SCOPE_DELETE: 'Scope of a delete.',

  AEROSPIKE_API_URL: 'Base URL of Aerospike Cloud.',
  AEROSPIKE_TOKEN_URL: 'Token endpoint of Aerospike Cloud (client credentials in a form body, timeout 10 s).',
  AEROSPIKE_CLIENT_ID: 'The service credential.',
  AEROSPIKE_CLIENT_SECRET: 'The service credential.',
  AEROSPIKE_TOKEN_SCOPE: 'Sent with the token request if set.',
  AEROSPIKE_TOKEN_AUDIENCE: 'Sent with the token request if set.',
  UPSTREAM_CONNECT_TIMEOUT_MS: 'Timeout for connecting to Aerospike Cloud and to issuers.',
  UPSTREAM_TIMEOUT_MS:
    'Timeout from sending a request to the last byte of its answer. Waiting for a connection has the same limit.',
  UPSTREAM_CONNECTIONS: 'Maximum number of open connections to Aerospike Cloud.',

  HTTPS_PROXY:
    'The [egress proxy](deploy.md#an-egress-proxy) for issuers, token endpoint, Aerospike Cloud and collector. Its credentials are never shown. Loopback hosts are never proxied.',
  HTTP_PROXY: 'The egress proxy for an http collector. Without `HTTPS_PROXY` it also serves https.',
  NO_PROXY:
    'Hosts to reach directly: `acme.example` (with its subdomains), `*.acme.example`, `host:443` or `*`. A network such as `10.0.0.0/8` has no effect and is a warning.',

  POLICY_FILE: 'The [policy](policy.md). The lists that it names are in the same folder.',
  POLICY_TESTS_FILE: 'Test cases of the policy. A policy that fails one is not loaded.',
  PREFLIGHT:
    '`enforce` checks the cluster and its peerings [before a create](calling.md#before-a-create), one create per cluster at a time. `off` does neither.',
  FLEET_REFRESH_SECONDS:
    'How often all clusters and peerings are read for `GET /peerings` (the fleet). 0 turns the fleet off.',

  AUDIT_FILE:
    'The [audit log](audit-records.md#the-audit-file), in an existing folder; one file and one folder per instance, which no other setting names. Empty: records go to standard output.',
  AUDIT_SIGNING_KEY_FILE:
    'A private JWK (Ed25519, P-256, P-384, P-521 or RSA), read at the start. If set, the log is [signed](audit-records.md#signatures).',

  TLS_CERT_FILE:
    'PEM: certificate chain of the public listener. If set, the listener accepts TLS 1.2 or newer only. Read again when it changes.',
  TLS_KEY_FILE: 'PEM: the private key.',
  TLS_CLIENT_CA_FILE:
    'PEM: authorities of client certificates. If set, callers need a certificate besides their token (mutual TLS).',

  RATE_LIMIT_PER_MINUTE: 'Requests per caller (issuer and subject) in a window of 60 s. 0 turns it off.',
  RATE_LIMIT_ADDRESS_PER_MINUTE:
    'Requests per client address (IPv6: per /56) in a window of 60 s, before routing and authentication. 0 turns it off.',
  MAX_IN_FLIGHT:
    'Maximum number of requests being served. More get 503. A sixteenth, at most 32, is [reserved](running.md#limits) for requests that need no upstream.',
  IDEMPOTENCY_TTL_SECONDS: 'How long the answer to an `Idempotency-Key` is kept.',
  REDIS_URL:
    'The [Redis](running.md#several-instances) that several instances share. For `sentinel` and `cluster`, a comma-separated list. Empty: state is in memory.',
  REDIS_ALLOW_PLAINTEXT:
    '`true` allows `redis://` to any host. The password and stored answers then cross the network in plaintext, which is a warning.',
  REDIS_MODE:
    'What `REDIS_URL` lists: one server, sentinels, or nodes of a cluster. [Rights that each needs](deploy.md#a-managed-redis-sentinels-a-cluster).',
  REDIS_SENTINEL_MASTER: 'Name of the primary. Required with `REDIS_MODE=sentinel`.',
  SHUTDOWN_DELAY_MS:
    'After SIGTERM, how long new connections are still accepted, so that a load balancer can [stop sending](running.md#stopping).',
  SHUTDOWN_GRACE_MS: 'After that delay, how long requests in flight may take.',

  OTEL_EXPORTER_OTLP_ENDPOINT:
    'Collector of [traces](running.md#traces), by OTLP over HTTP; `/v1/traces` is appended. Empty: no traces. An unusable `OTEL_*` value is a warning and never stops the start.',
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'Collector of traces; the URL is used unchanged.',
  OTEL_EXPORTER_OTLP_PROTOCOL: 'Encoding of traces. Any other value, such as `grpc`: no traces.',
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'The same, for traces only.',
  OTEL_TRACES_EXPORTER: '`none`: no traces. Any other value without `otlp`, such as `console`: no traces.',
  OTEL_SDK_DISABLED: '`true`: no traces.',
  LOG_LEVEL: 'Lowest level of log lines.',
};
