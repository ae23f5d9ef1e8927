// Every setting that there is: its name, its default, what it accepts. What is not in this table is not a setting.
import {
  anyCase,
  audiences,
  basePath,
  baseUrl,
  collectorUrl,
  defaultAlgorithms,
  egressProxyUrl,
  endpointUrl,
  hostName,
  issuerUrls,
  line,
  oneOf,
  proxyAddresses,
  type Reader,
  redisUrls,
  scopeWord,
  signatureAlgorithms,
  traceExporter,
  wholeNumber,
  yesOrNo,
} from './readers.ts';

export interface Setting<T> extends Reader<T> {
  /** The text that stands in when the variable is empty; `undefined` with `required` false means "not set". */
  readonly fallback: string | undefined;
  readonly required: boolean;
  /** The value may come from the file that `NAME_FILE` names, and is never printed. */
  readonly secret: boolean;
  /** Another name, which counts first, as in other programs that read it. */
  readonly alias?: string;
  /** There: a text that is refused is a warning, and this counts in its place. */
  readonly lenient?: { readonly value: T; readonly effect: string };
}

const common = { fallback: undefined, required: false, secret: false } as const;
type Maybe<T> = Setting<T> & { readonly required: false; readonly fallback: undefined };
type Always<T> = Setting<T> & ({ readonly required: true } | { readonly fallback: string });

const optional = <T>(reader: Reader<T>): Maybe<T> => ({ ...common, ...reader });
const required = <T>(reader: Reader<T>): Always<T> => ({ ...common, ...reader, required: true });
const defaulting = <T>(fallback: string, reader: Reader<T>): Always<T> => ({
  ...common,
  ...reader,
  fallback,
});

const file = line('the path of a file');
const secretText = line('a text without control characters');
const otlpProtocol = anyCase(oneOf('http/json', 'http/protobuf'));
const noTraces = 'no traces are made';
const ignored = { value: undefined, effect: 'it is ignored' };
const minutes10 = 600_000;

const listeners = {
  HOST: defaulting('0.0.0.0', hostName),
  PORT: defaulting('8080', wholeNumber(0, 65_535)),
  ADMIN_HOST: optional(hostName),
  ADMIN_PORT: defaulting('9090', wholeNumber(0, 65_535)),
  BASE_PATH: optional(basePath),
  TRUST_PROXY: optional(proxyAddresses),
};

const accessTokens = {
  AUTH_ISSUERS: optional(issuerUrls),
  AUTH_AUDIENCE: optional(audiences),
  AUTH_JWKS_URI: optional(endpointUrl),
  AUTH_JWKS_FILE: optional(file),
  AUTH_ALGORITHMS: defaulting(defaultAlgorithms, signatureAlgorithms),
  AUTH_TOKEN_TYPE: optional(oneOf('at+jwt')),
  AUTH_ISSUERS_FILE: optional(file),
  AUTH_CLOCK_TOLERANCE_SECONDS: defaulting('5', wholeNumber(0, 300)),
  AUTH_JWKS_MAX_STALE_SECONDS: defaulting('86400', wholeNumber(1, 2_592_000)),
  AUTH_SCOPE_CREATE: defaulting('update:database', scopeWord),
  AUTH_SCOPE_LIST: defaulting('read:database', scopeWord),
  AUTH_SCOPE_DELETE: defaulting('delete:database', scopeWord),
};

const aerospikeCloud = {
  AEROSPIKE_API_URL: defaulting('https://api.aerospike.com/v1', baseUrl),
  AEROSPIKE_TOKEN_URL: defaulting('https://auth.control.aerospike.cloud/oauth/token', endpointUrl),
  AEROSPIKE_CLIENT_ID: { ...required(secretText), secret: true },
  AEROSPIKE_CLIENT_SECRET: { ...required(secretText), secret: true },
  AEROSPIKE_TOKEN_SCOPE: optional(line('scopes separated by spaces')),
  AEROSPIKE_TOKEN_AUDIENCE: optional(line('an audience')),
  UPSTREAM_CONNECT_TIMEOUT_MS: defaulting('3000', wholeNumber(1, minutes10)),
  UPSTREAM_TIMEOUT_MS: defaulting('30000', wholeNumber(1, minutes10)),
  UPSTREAM_CONNECTIONS: defaulting('64', wholeNumber(1, 10_000)),
};

const egressProxy = {
  HTTPS_PROXY: { ...optional(egressProxyUrl), alias: 'https_proxy' },
  HTTP_PROXY: { ...optional(egressProxyUrl), alias: 'http_proxy' },
  NO_PROXY: { ...optional(line('hosts separated by commas')), alias: 'no_proxy' },
};

const policy = {
  POLICY_FILE: required(file),
  POLICY_TESTS_FILE: optional(file),
  PREFLIGHT: defaulting('enforce', oneOf('enforce', 'off')),
  FLEET_REFRESH_SECONDS: defaulting('300', wholeNumber(0, 86_400)),
};

const audit = {
  AUDIT_FILE: optional(file),
  AUDIT_SIGNING_KEY_FILE: optional(file),
};

const tls = {
  TLS_CERT_FILE: optional(file),
  TLS_KEY_FILE: optional(file),
  TLS_CLIENT_CA_FILE: optional(file),
};

const limits = {
  RATE_LIMIT_PER_MINUTE: defaulting('60', wholeNumber(0, 1_000_000)),
  RATE_LIMIT_ADDRESS_PER_MINUTE: defaulting('600', wholeNumber(0, 1_000_000)),
  MAX_IN_FLIGHT: defaulting('256', wholeNumber(1, 100_000)),
  IDEMPOTENCY_TTL_SECONDS: defaulting('86400', wholeNumber(1, 2_592_000)),
  REDIS_URL: { ...optional(redisUrls), secret: true },
  REDIS_ALLOW_PLAINTEXT: defaulting('false', yesOrNo),
  REDIS_MODE: defaulting('single', oneOf('single', 'sentinel', 'cluster')),
  REDIS_SENTINEL_MASTER: optional(line('the name of the primary that the sentinels watch')),
  SHUTDOWN_DELAY_MS: defaulting('0', wholeNumber(0, minutes10)),
  SHUTDOWN_GRACE_MS: defaulting('10000', wholeNumber(0, minutes10)),
};

const tracesAndLogs = {
  OTEL_EXPORTER_OTLP_ENDPOINT: { ...optional(collectorUrl), lenient: ignored },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: { ...optional(collectorUrl), lenient: ignored },
  OTEL_EXPORTER_OTLP_PROTOCOL: {
    ...defaulting<'http/json' | 'http/protobuf' | 'unusable'>('http/json', otlpProtocol),
    lenient: { value: 'unusable' as const, effect: noTraces },
  },
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: {
    ...optional<'http/json' | 'http/protobuf' | 'unusable'>(otlpProtocol),
    lenient: { value: 'unusable' as const, effect: noTraces },
  },
  OTEL_TRACES_EXPORTER: {
    ...defaulting('otlp', traceExporter),
    lenient: { value: 'none' as const, effect: noTraces },
  },
  OTEL_SDK_DISABLED: {
    ...defaulting('false', anyCase(yesOrNo)),
    lenient: { value: false, effect: 'it is ignored' },
  },
  LOG_LEVEL: defaulting('info', oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace')),
};

export const settings = {
  ...listeners,
  ...accessTokens,
  ...aerospikeCloud,
  ...egressProxy,
  ...policy,
  ...audit,
  ...tls,
  ...limits,
  ...tracesAndLogs,
} as const;

export type SettingName = keyof typeof settings;

type ValueOf<S> = S extends Maybe<infer T> ? T | undefined : S extends Setting<infer T> ? T : never;

/** Every setting, read and checked one by one. */
export type SettingValues = { readonly [Name in SettingName]: ValueOf<(typeof settings)[Name]> };

/** The same settings under the headings that they are shown by. */
export const settingGroups: readonly { readonly title: string; readonly names: readonly SettingName[] }[] = [
  { title: 'Listeners', names: namesOf(listeners) },
  { title: 'Access tokens', names: namesOf(accessTokens) },
  { title: 'Aerospike Cloud', names: namesOf(aerospikeCloud) },
  { title: 'Egress proxy', names: namesOf(egressProxy) },
  { title: 'Policy files', names: namesOf(policy) },
  { title: 'Audit log', names: namesOf(audit) },
  { title: 'TLS', names: namesOf(tls) },
  { title: 'Limits and state', names: namesOf(limits) },
  { title: 'Traces and logs', names: namesOf(tracesAndLogs) },
];

function namesOf(group: Partial<Record<SettingName, unknown>>): SettingName[] {
  return Object.keys(group) as SettingName[];
}
