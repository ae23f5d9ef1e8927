// deploy/compose.yaml as Docker Compose reads it: merge keys resolved, and variables left as they are written.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from './manifests.ts';

/** What tests read of the file, by the Compose Specification. */
interface Compose {
  readonly services: {
    readonly 'gateway-1': FrontService;
    readonly 'gateway-2': FrontService;
    readonly nginx: FrontService;
    readonly valkey: ComposeService;
  };
  readonly networks: { readonly state: { readonly internal: boolean } };
  readonly volumes: object;
  readonly secrets: Readonly<Record<string, ComposeSecret>>;
}

export interface ComposeSecret {
  readonly file: string;
}

export interface ComposeService {
  readonly user: string;
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly mem_limit: string;
  readonly logging: { readonly options: { readonly 'max-size': string; readonly 'max-file': string } };
  readonly healthcheck: { readonly test: readonly string[] };
  readonly hostname: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly extra_hosts: readonly string[];
  readonly networks: unknown;
  readonly ports?: readonly string[];
  readonly secrets?: readonly (string | { readonly source: string })[];
  readonly stop_grace_period: string;
  readonly volumes: readonly ComposeVolume[];
  /** These would open the container. */
  readonly privileged?: unknown;
  readonly cap_add?: unknown;
  readonly network_mode?: unknown;
  readonly pid?: unknown;
  readonly ipc?: unknown;
  readonly devices?: unknown;
}

/** A service on the network of nginx and the gateways. */
interface FrontService extends ComposeService {
  readonly networks: { readonly front: { readonly ipv4_address: string } };
}

interface ComposeVolume {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly read_only?: boolean;
  readonly bind: { readonly create_host_path: boolean };
}

export const deploy = join(root, 'deploy');
export const compose: Compose = parse(readFileSync(join(deploy, 'compose.yaml'), 'utf8'), {
  merge: true,
  strict: true,
});

/** What Compose would put in for a variable that has a default, or must be given. */
export const filledIn = (value: string): string =>
  value.replace(/^\$\{\w+:\?[^}]*(https:\/\/[\w.]+)\}$/, '$1').replace(/^\$\{\w+:-([^}]*)\}$/, '$1');

export const gateways = ['gateway-1', 'gateway-2'] as const;
