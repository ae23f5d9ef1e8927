// The settings that the tests of loading begin with, and what loading says to others.
import { describeFault, describeWarning, type Environment, loadConfig } from '../../src/config/load.ts';

export const good = {
  AUTH_ISSUERS: 'https://idp.acme.example/,https://other.example/realm',
  AUTH_AUDIENCE: 'https://peergate.acme.example',
  AEROSPIKE_CLIENT_ID: 'the-client-id',
  AEROSPIKE_CLIENT_SECRET: 'the-client-secret',
  POLICY_FILE: 'policy.yaml',
};

export function configOf(environment: Environment) {
  const loaded = loadConfig(environment);
  if ('faults' in loaded) throw new Error(loaded.faults.map(describeFault).join('\n'));
  return loaded.config;
}

export function warningsOf(environment: Environment): string[] {
  const loaded = loadConfig(environment);
  if ('faults' in loaded) throw new Error(loaded.faults.map(describeFault).join('\n'));
  return loaded.warnings.map(describeWarning);
}

export function faultsOf(environment: Environment): string[] {
  const loaded = loadConfig(environment);
  return 'faults' in loaded ? loaded.faults.map(describeFault) : [];
}
