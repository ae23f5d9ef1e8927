// Policies from text, for tests of what they decide.
import assert from 'node:assert/strict';
import { compilePolicy, type Policy } from '../../src/policy/engine/compile.ts';
import { describePolicyFault, type ReadPolicy } from '../../src/policy/engine/policy-data.ts';
import { parsePolicy } from '../../src/policy/language/parse-policy.ts';
import type { KnownSettings } from '../../src/policy/language/settings-checks.ts';

/** `lists`: the files beside the policy, by name. */
export function readPolicyText(
  text: string | Buffer,
  lists: Record<string, string> = {},
  now = Date.parse('2026-11-01T00:00:00Z'),
  settings: KnownSettings = {},
): ReadPolicy {
  const readList = (name: string) => (lists[name] === undefined ? 'ENOENT' : Buffer.from(lists[name]));
  return parsePolicy({ path: 'p', bytes: Buffer.from(text), readList }, now, settings);
}

/** Every fault, as a person reads it. */
export const faultsOf = (...given: Parameters<typeof readPolicyText>): string[] =>
  readPolicyText(...given).faults?.map(describePolicyFault) ?? [];

/** Every warning about a policy that is good. */
export function warningsOf(...given: Parameters<typeof readPolicyText>): string[] {
  const read = readPolicyText(...given);
  assert.ok(read.faults === undefined, read.faults?.map(describePolicyFault).join('\n'));
  return read.warnings.map(describePolicyFault);
}

export function policyOf(...given: Parameters<typeof readPolicyText>): Policy {
  const read = readPolicyText(...given);
  assert.ok(read.faults === undefined, read.faults?.map(describePolicyFault).join('\n'));
  return compilePolicy(read.data);
}
