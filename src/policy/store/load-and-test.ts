// A policy as it may take effect: loaded without a fault, and with its own tests passed where there are any.
import { compilePolicy } from '../engine/compile.ts';
import type { PolicyFault, ReadPolicy } from '../engine/policy-data.ts';
import { loadPolicyTests } from '../language/policy-tests.ts';
import { describeTestFailure, runPolicyTests, type TestResult } from '../language/run-tests.ts';
import type { KnownSettings } from '../language/settings-checks.ts';
import { loadPolicy } from './load-policy.ts';

export interface LoadRequest {
  readonly policyFile: string;
  readonly testsFile: string | undefined;
  /** Of the gateway that loads the policy. */
  readonly settings: KnownSettings;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Plain data in, plain data out; never throws. */
export function loadAndTest({ policyFile, testsFile, settings, now }: LoadRequest): ReadPolicy {
  const read = loadPolicy(policyFile, now, settings);
  if (testsFile === undefined) return read;
  const tests = loadPolicyTests(testsFile);
  if (read.faults !== undefined) return { ...read, faults: [...read.faults, ...(tests.faults ?? [])] };
  const { files, data } = read;
  const { version } = data;
  if (tests.faults !== undefined) return { faults: tests.faults, version, files };
  const results = runPolicyTests(compilePolicy(data), tests.cases, now, settings.issuers);
  const failed = results.filter(({ passed }) => !passed);
  const faultsOf = (results: readonly TestResult[]) => results.map((result) => toFault(tests.file, result));
  const faults = faultsOf(failed.filter(({ needsExpired }) => !needsExpired));
  if (faults.length > 0) return { faults, version, files };
  return { ...read, warnings: [...read.warnings, ...faultsOf(failed)] };
}

function toFault(file: string, failure: TestResult): PolicyFault {
  const { line, column } = failure.case.place;
  return { file, line, column, member: '', message: `the test ${describeTestFailure(failure)}` };
}
