// `check`: reads the settings and the policy as `serve` would and reports every fault of both at once. Opens no
// connection and no listener.
import type { Config } from '../config/config.ts';
import { describeFault, type Environment, loadConfig } from '../config/load.ts';
import type { Policy } from '../policy/decide.ts';
import { describePolicyFault, loadPolicy, type PolicyStore } from '../policy/store.ts';
import type { CommandInput, ExitStatus } from './command.ts';

export type Prepared =
  | { readonly config: Config; readonly policies: PolicyStore; readonly faults?: undefined }
  | { readonly faults: readonly string[] };

/** Settings and policy, or every fault of both, a line each. */
export async function prepare(environment: Environment): Promise<Prepared> {
  const loaded = loadConfig(environment);
  const policyFile = environment['POLICY_FILE'];
  const policy = policyFile ? await loadPolicy(policyFile) : undefined;
  const policyFaults =
    policy !== undefined && 'faults' in policy
      ? policy.faults.map((fault) => describePolicyFault(policyFile ?? '', fault))
      : [];
  if ('faults' in loaded) return { faults: [...loaded.faults.map(describeFault), ...policyFaults] };
  if (policy === undefined || 'faults' in policy) return { faults: policyFaults };
  return { config: loaded.config, policies: policy.store };
}

export const listFaults = (faults: readonly string[]): string =>
  `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}:\n${faults.map((fault) => `  ${fault}\n`).join('')}`;

export async function check({ environment, print, complain }: CommandInput): Promise<ExitStatus> {
  const prepared = await prepare(environment);
  if (prepared.faults !== undefined) {
    complain(listFaults(prepared.faults));
    return 1;
  }
  print(describe(prepared.config, prepared.policies.current()));
  return 0;
}

function describe(config: Config, policy: Policy): string {
  const { auth, upstream } = config;
  return [
    'Settings and policy are in order.',
    `  issuers   ${auth.issuers.join(', ')}`,
    `  audience  ${auth.audience}`,
    `  upstream  ${upstream.apiUrl}`,
    `  policy    ${policy.organization}, mode ${policy.mode}`,
    `            version ${policy.version}`,
    '',
  ].join('\n');
}
