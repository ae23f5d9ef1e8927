// A policy as it may take effect: loaded without a fault, and with its own tests passed where there are any.
import { compilePolicy } from '../engine/compile.ts';
import type { PolicyFault, ReadPolicy } from '../engine/policy-data.ts';
import { loadPolicyTests } from '../language/policy-tests.ts';
import type { ReadOptions } from '../language/read-policy.ts';
import { describeTestFailure, runPolicyTests } from '../language/run-tests.ts';
import { loadPolicy } from './load-policy.ts';

export interface LoadRequest {
  readonly policyFile: string;
  readonly testsFile: string | undefined;
  readonly options: ReadOptions;
}

/** Plain data in, plain data out; never throws. */
export function loadAndTest({ policyFile, testsFile, options }: LoadRequest): ReadPolicy {
  const read = loadPolicy(policyFile, options);
  if (read.faults !== undefined || testsFile === undefined) return read;
  const { files, data } = read;
  const { version } = data;
  const tests = loadPolicyTests(testsFile);
  if (tests.faults !== undefined) return { faults: tests.faults, version, files };
  const failures = runPolicyTests(compilePolicy(data), tests.cases, options.now).filter(
    ({ passed }) => !passed,
  );
  if (failures.length === 0) return read;
  return {
    version,
    files,
    faults: failures.map((failure): PolicyFault => {
      const { line, column } = failure.case.place;
      return {
        file: tests.file,
        line,
        column,
        member: '',
        message: `the test ${describeTestFailure(failure)}`,
      };
    }),
  };
}
