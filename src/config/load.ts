// Environment and files in, a frozen `Config` or every fault at once out. Never throws for a bad setting, never stops
// at the first one, and never repeats the value of a secret.
import { readFileSync } from 'node:fs';
import { type Config, toConfig } from './config.ts';
import { readIssuers } from './issuer-settings.ts';
import { findMisspellings } from './misspellings.ts';
import { type Setting, type SettingName, type SettingValues, settings } from './schema.ts';
import { Secret, secretIn } from './secret.ts';

/** One thing wrong with the settings. `found` is what stood there, made safe to print. */
export interface SettingFault {
  readonly variable: string;
  readonly found: string;
  readonly expected: string;
}

export type LoadedConfig = { readonly config: Config } | { readonly faults: readonly SettingFault[] };

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads all settings (interface, section 2). An empty variable counts as one that is not set. */
export function loadConfig(environment: Environment): LoadedConfig {
  const faults: SettingFault[] = [];
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const name of Object.keys(settings) as SettingName[]) {
    values[name] = readSetting(name, environment, faults);
  }
  for (const { variable, likely } of findMisspellings(environment)) {
    faults.push({
      variable,
      found: 'a variable that is no setting',
      expected: `perhaps ${likely} was meant`,
    });
  }
  const issuers = readIssuers(values as Partial<SettingValues>, environment, faults);
  faults.push(...crossFaults(values as Partial<SettingValues>));
  if (faults.length > 0) return { faults };
  const credential = {
    clientId: secretFrom('AEROSPIKE_CLIENT_ID', environment),
    clientSecret: secretFrom('AEROSPIKE_CLIENT_SECRET', environment),
  };
  // Every value was read without a fault, so the record is complete.
  const redisUrl = values.REDIS_URL === undefined ? undefined : secretFrom('REDIS_URL', environment);
  return { config: toConfig(values as SettingValues, issuers, { credential, redisUrl }) };
}

/** One line for an operator: name, what was found, what is expected. */
export const describeFault = ({ variable, found, expected }: SettingFault): string =>
  `${variable}: found ${found}; expected ${expected}`;

function readSetting(name: SettingName, environment: Environment, faults: SettingFault[]): unknown {
  const setting: Setting<unknown> = settings[name];
  const text = setting.secret ? secretText(name, environment, faults) : environment[name] || setting.fallback;
  if (text === undefined) {
    const faulty = faults.some(({ variable }) => variable === name || variable === `${name}_FILE`);
    if (setting.required && !faulty)
      faults.push({ variable: name, found: 'nothing', expected: setting.expected });
    return undefined;
  }
  const value = setting.read(text);
  if (value === undefined)
    faults.push({ variable: name, found: show(text, setting), expected: setting.expected });
  return value;
}

function secretText(name: SettingName, environment: Environment, faults: SettingFault[]): string | undefined {
  const path = environment[`${name}_FILE`] || undefined;
  const text = environment[name] || undefined;
  if (path === undefined) return text;
  if (text !== undefined) {
    faults.push({ variable: name, found: `a value beside ${name}_FILE`, expected: 'one of the two' });
    return undefined;
  }
  const content = readSecretFile(path);
  if (content === undefined || content === '') {
    const found = `${content === undefined ? 'no readable' : 'an empty'} file at ${JSON.stringify(path)}`;
    faults.push({ variable: `${name}_FILE`, found, expected: 'the path of a file that holds the secret' });
    return undefined;
  }
  return content;
}

function readSecretFile(path: string): string | undefined {
  try {
    return secretIn(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function secretFrom(name: SettingName, environment: Environment): Secret {
  const path = environment[`${name}_FILE`] || undefined;
  if (path === undefined) return Secret.ofValue(environment[name] ?? '');
  const setting: Setting<unknown> = settings[name];
  return Secret.ofFile(path, (text) => setting.read(text) !== undefined);
}

function show(text: string, setting: Setting<unknown>): string {
  if (setting.secret) return 'a value that is not shown';
  if (URL.canParse(text) && /^[^/]*\/\/[^/]*@/.test(text)) return 'a URL with credentials in it';
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
