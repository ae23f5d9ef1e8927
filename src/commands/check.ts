// `check`: reads settings and policy as `serve` does and reports all faults at once. Opens no connection and no listener.
import { auditFaults } from '../audit/log/audit-faults.ts';
import { type Config, policySettings } from '../config/config.ts';
import { effectiveSettings } from '../config/effective-settings.ts';
import {
  describeFault,
  describeWarning,
  type Environment,
  loadConfig,
  type SettingWarning,
} from '../config/load.ts';
import { tlsFaults } from '../http/listener/tls.ts';
import { type AcceptedPolicy, describePolicyFault, type PolicyData } from '../policy/engine/policy-data.ts';
import { loadPolicyTests } from '../policy/language/policy-tests.ts';
import { loadAndTest } from '../policy/store/load-and-test.ts';
import { auditFileFaults } from './audit-file-faults.ts';
import type { Command, CommandInput, ExitStatus } from './command.ts';
import { describeSettings } from './describe-settings.ts';
import { filesRead, keyFileFaults, keyFiles } from './named-files.ts';
import { requiredSettingsHelp } from './required-settings.ts';
import { printable, styleFor } from './terminal.ts';

export const checkCommand: Command = {
  help: `Usage: bin/peergate check

Reads the settings from the environment, and the policy and its tests from the
files that they name, and reports every fault at once. Without a fault it shows
every setting with its source (environment, file or default), never a secret's
value, and what the policy holds. Opens no connection.

${requiredSettingsHelp}
Example; the credential is a stand-in, since check sends it nowhere
  AUTH_ISSUERS=https://idp.acme.example AUTH_AUDIENCE=peergate \\
  AEROSPIKE_CLIENT_ID=id AEROSPIKE_CLIENT_SECRET=secret \\
  POLICY_FILE=examples/smallest/policy.yaml bin/peergate check

Exit status: 0 all well, 1 there are faults.
`,
  run: check,
};

type Prepared =
  | {
      readonly config: Config;
      readonly warnings: readonly SettingWarning[];
      readonly policy: AcceptedPolicy;
      readonly faults?: undefined;
    }
  | { readonly faults: readonly string[] };

/** Settings and policy, or all faults of both, one line each. */
export function prepare(environment: Environment, now: number): Prepared {
  const loaded = loadConfig(environment);
  const policyFile = textOf(environment, 'POLICY_FILE');
  const testsFile = textOf(environment, 'POLICY_TESTS_FILE');
  const settings = 'faults' in loaded ? {} : policySettings(loaded.config, loaded.config.auth.issuers);
  const read = policyFile ? loadAndTest({ policyFile, testsFile, settings, now }) : undefined;
  const testFaults = read === undefined && testsFile !== undefined ? loadPolicyTests(testsFile).faults : [];
  const issuers = 'faults' in loaded ? loaded.issuers : loaded.config.auth.issuers;
  const keys = keyFiles(environment, issuers);
  const audit = {
    file: textOf(environment, 'AUDIT_FILE'),
    signingKeyFile: textOf(environment, 'AUDIT_SIGNING_KEY_FILE'),
  };
  const faults = [
    ...('faults' in loaded ? loaded.faults.map(describeFault) : []),
    ...keyFileFaults(keys),
    ...auditFaults(audit),
    ...auditFileFaults(audit.file, filesRead(environment, keys, read?.files ?? [])),
    ...tlsFaults({
      certFile: textOf(environment, 'TLS_CERT_FILE'),
      keyFile: textOf(environment, 'TLS_KEY_FILE'),
      clientCaFile: textOf(environment, 'TLS_CLIENT_CA_FILE'),
    }),
    ...[...(read?.faults ?? []), ...(testFaults ?? [])].map(describePolicyFault),
  ];
  if ('faults' in loaded || read === undefined || read.faults !== undefined || faults.length > 0)
    return { faults };
  return { config: loaded.config, warnings: loaded.warnings, policy: read };
}

/** An empty variable counts as one that is not set. */
const textOf = (environment: Environment, variable: string): string | undefined =>
  environment[variable] || undefined;

/** Faults quote files, so they are escaped. */
export const listFaults = (faults: readonly string[]): string =>
  `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}:\n${faults.map((fault) => `  ${printable(fault)}\n`).join('')}`;

function check({ environment, stdout, stderr, now, colours }: CommandInput): ExitStatus {
  const prepared = prepare(environment, now);
  if (prepared.faults !== undefined) {
    stderr(listFaults(prepared.faults));
    return 1;
  }
  const { policy } = prepared;
  const style = styleFor(colours);
  const warnings = [...prepared.warnings.map(describeWarning), ...policy.warnings.map(describePolicyFault)];
  for (const warning of warnings) stderr(`Warning: ${printable(warning)}\n`);
  const lines = [
    style.good('Settings and policy are in order.'),
    ...describeSettings(effectiveSettings(environment), style),
    ...describePolicy(policy.data),
  ];
  stdout(`${lines.join('\n')}\n`);
  return 0;
}

function describePolicy(policy: PolicyData): string[] {
  const count = policy.grants === undefined ? 'none: the scope is enough' : String(policy.grants.length);
  return [
    '',
    'Policy',
    `  organization  ${printable(policy.organization)}`,
    `  mode          ${policy.mode}`,
    `  grants        ${count}`,
    `  exceptions    ${policy.exceptions.length}`,
    `  version       ${policy.version}`,
  ];
}
