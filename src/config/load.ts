// Environment and files in, a frozen `Config` or every fault at once out. Never throws for a bad setting, never stops
// at the first one, and never repeats the value of a secret.
import { type Config, type IssuerConfig, toConfig } from './config.ts';
import { readIssuers } from './issuer-settings.ts';
import { findUnknownVariables } from './misspellings.ts';
import { crossesNetworkInPlaintext, type RedisServers, redisFault } from './redis-servers.ts';
import { type Setting, type SettingName, type SettingValues, settings } from './schema.ts';
import { readSecretFile, Secret } from './secret.ts';

/** One thing wrong with the settings. `found` is what stood there, made safe to print. */
export interface SettingFault {
  readonly variable: string;
  readonly found: string;
  readonly expected: string;
}

/** What an operator should know of and what does not stop a start. Holds nothing secret. */
export interface SettingWarning {
  readonly variable: string;
  readonly detail: string;
}

type LoadedConfig =
  | { readonly config: Config; readonly warnings: readonly SettingWarning[] }
  /** `issuers`: as far as they could be read. */
  | { readonly faults: readonly SettingFault[]; readonly issuers: readonly IssuerConfig[] };

export type Environment = Readonly<Record<string, string | undefined>>;

interface FaultsAndWarnings {
  readonly faults: SettingFault[];
  readonly warnings: SettingWarning[];
}

/** Reads all settings (docs/settings.md). An empty variable counts as one that is not set. */
export function loadConfig(environment: Environment): LoadedConfig {
  const findings: FaultsAndWarnings = { faults: [], warnings: [] };
  const { faults, warnings } = findings;
  const read: Partial<Record<SettingName, unknown>> = {};
  for (const name of Object.keys(settings) as SettingName[])
    read[name] = readSetting(name, environment, findings);
  const values = read as Partial<SettingValues>;
  reportUnknownVariables(environment, findings);
  const issuers = readIssuers(values, environment, faults);
  faults.push(...crossFaults(values), ...redisFaults(values, environment));
  if (faults.length > 0) return { faults, issuers };
  for (const entry of unusableNoProxyEntries(values.NO_PROXY ?? ''))
    warnings.push({ variable: 'NO_PROXY', detail: `the entry ${entry} has no effect: it must be a host` });
  if (values.REDIS_URL !== undefined && crossesNetworkInPlaintext(values.REDIS_URL)) {
    const detail = 'the password and the data of Redis cross the network in plaintext';
    warnings.push({ variable: 'REDIS_ALLOW_PLAINTEXT', detail });
  }
  const credential = {
    clientId: secretFrom('AEROSPIKE_CLIENT_ID', environment),
    clientSecret: secretFrom('AEROSPIKE_CLIENT_SECRET', environment),
  };
  // Every value was read without a fault, so the record is complete.
  const complete = values as SettingValues;
  const redisUrl = complete.REDIS_URL === undefined ? undefined : redisSecret(complete, environment);
  return { config: toConfig(complete, issuers, { credential, redisUrl }), warnings };
}

/** One line for an operator: name, what was found, what is expected. */
export const describeFault = ({ variable, found, expected }: SettingFault): string =>
  `${variable}: found ${found}; expected ${expected}`;

export const describeWarning = ({ variable, detail }: SettingWarning): string => `${variable}: ${detail}`;

function readSetting(
  name: SettingName,
  environment: Environment,
  { faults, warnings }: FaultsAndWarnings,
): unknown {
  const setting: Setting<unknown> = settings[name];
  const text = setting.secret
    ? secretText(name, environment, faults)
    : environment[variableOf(name, environment)] || setting.fallback;
  if (text === undefined) {
    const faulty = faults.some(({ variable }) => variable === name || variable === `${name}_FILE`);
    if (setting.required && !faulty)
      faults.push({ variable: name, found: 'nothing', expected: setting.expected });
    return undefined;
  }
  const variable = variableOf(name, environment);
  if (setting.lenient === undefined && isQuoted(environment[variable])) {
    faults.push({ variable, found: 'a value in quotation marks', expected: 'the value without them' });
    return undefined;
  }
  const value = setting.read(text);
  if (value !== undefined) return value;
  const fault = { variable, found: show(text, setting), expected: setting.expected };
  if (setting.lenient === undefined) faults.push(fault);
  else
    warnings.push({
      variable,
      detail: `found ${fault.found}; expected ${fault.expected}; ${setting.lenient.effect}`,
    });
  return setting.lenient?.value;
}

/** `docker --env-file` and Kubernetes pass on quotation marks that a shell would remove. */
const isQuoted = (text: string | undefined): boolean => /^(["']).*\1$/s.test(text ?? '');

/** The variable that holds the setting's value or names its file. */
export function variableOf(name: SettingName, environment: Environment): string {
  const { secret, alias }: Setting<unknown> = settings[name];
  if (alias !== undefined && environment[alias]) return alias;
  return secret && environment[`${name}_FILE`] ? `${name}_FILE` : name;
}

function secretText(name: SettingName, environment: Environment, faults: SettingFault[]): string | undefined {
  const path = environment[`${name}_FILE`] || undefined;
  const text = environment[name] || undefined;
  if (path === undefined || isQuoted(path)) return path ?? text;
  if (text !== undefined) {
    faults.push({ variable: name, found: `a value beside ${name}_FILE`, expected: 'one of the two' });
    return undefined;
  }
  const { value, problem } = readSecretFile(path);
  if (problem !== undefined) {
    const found = `${problem} at ${JSON.stringify(path)}`;
    const expected = 'the path of a UTF-8 file that holds the secret and nothing else';
    faults.push({ variable: `${name}_FILE`, found, expected });
  }
  return value;
}

function secretFrom(
  name: SettingName,
  environment: Environment,
  accepts = (text: string) => settings[name].read(text) !== undefined,
): Secret {
  const path = environment[`${name}_FILE`] || undefined;
  if (path === undefined) return Secret.ofValue(environment[name] ?? '');
  return Secret.ofFile(path, `${name}_FILE`, accepts);
}

const redisSecret = (values: SettingValues, environment: Environment): Secret =>
  secretFrom('REDIS_URL', environment, (text) => {
    const servers = settings.REDIS_URL.read(text);
    return servers !== undefined && redisFaultOf(servers, values) === undefined;
  });

const redisFaultOf = (servers: RedisServers, values: Partial<SettingValues>): string | undefined =>
  redisFault(servers, {
    mode: values.REDIS_MODE ?? 'single',
    allowPlaintext: values.REDIS_ALLOW_PLAINTEXT ?? false,
  });

function redisFaults(values: Partial<SettingValues>, environment: Environment): SettingFault[] {
  const faults: SettingFault[] = [];
  const { REDIS_URL: servers, REDIS_MODE: mode = 'single', REDIS_SENTINEL_MASTER: master } = values;
  const expected = servers && redisFaultOf(servers, values);
  if (expected !== undefined) {
    const variable = variableOf('REDIS_URL', environment);
    faults.push({ variable, found: 'a value that is not shown', expected });
  }
  if (mode !== 'single' && !environment['REDIS_URL'] && !environment['REDIS_URL_FILE'])
    faults.push({ variable: 'REDIS_URL', found: 'nothing', expected: `a list, since REDIS_MODE is ${mode}` });
  if (mode === 'sentinel' && master === undefined) {
    const expected = 'the name of the primary, since REDIS_MODE is sentinel';
    faults.push({ variable: 'REDIS_SENTINEL_MASTER', found: 'nothing', expected });
  }
  if (mode !== 'sentinel' && master !== undefined) {
    const found = `a value beside REDIS_MODE=${mode}`;
    faults.push({ variable: 'REDIS_SENTINEL_MASTER', found, expected: 'REDIS_MODE=sentinel' });
  }
  return faults;
}

/** undici takes hosts, each with a dot or `*.` before it and a port behind it if need be; no networks and no ranges. */
const unusableNoProxyEntries = (text: string): string[] =>
  text
    .split(/[,\s]+/)
    .filter(
      (entry) => entry !== '' && !/^(\*|(\*?\.)?[\w.-]+|[0-9a-f:]+|\[[0-9a-f:]+\])(:\d+)?$/i.test(entry),
    );

function reportUnknownVariables(environment: Environment, { faults, warnings }: FaultsAndWarnings): void {
  for (const { variable, likely } of findUnknownVariables(environment)) {
    if (likely === undefined) warnings.push({ variable, detail: 'is not a setting and is ignored' });
    else
      faults.push({
        variable,
        found: 'an unknown variable',
        expected: `${likely}`,
      });
  }
}

function show(text: string, setting: Setting<unknown>): string {
  if (setting.secret) return 'a value that is not shown';
  if (text.includes('@')) return 'a value that may have credentials in it';
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

/** What no single setting can see. Skips whatever a fault has already been reported for. */
function crossFaults(values: Partial<SettingValues>): SettingFault[] {
  const faults: SettingFault[] = [];
  const { PORT: port, ADMIN_PORT: adminPort } = values;
  const tls = { TLS_CERT_FILE: values.TLS_CERT_FILE, TLS_KEY_FILE: values.TLS_KEY_FILE };
  const tlsWanted = [...Object.values(tls), values.TLS_CLIENT_CA_FILE].some((file) => file !== undefined);
  for (const [variable, value] of Object.entries(tls)) {
    if (tlsWanted && value === undefined)
      faults.push({ variable, found: 'nothing', expected: 'a file, since another TLS_* setting is there' });
  }
  const sameHost = values.ADMIN_HOST === undefined || values.ADMIN_HOST === values.HOST;
  if (port !== undefined && port !== 0 && port === adminPort && sameHost) {
    const expected = 'another port than PORT: the admin listener must not be reachable through the ingress';
    faults.push({ variable: 'ADMIN_PORT', found: JSON.stringify(String(adminPort)), expected });
  }
  return faults;
}
