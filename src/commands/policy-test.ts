// `policy test`: runs a policy's own test cases, for the CI of a policy repository. A fault in either file fails the run.
import { writeFileSync } from 'node:fs';
import { compilePolicy } from '../policy/engine/compile.ts';
import { describePolicyFault } from '../policy/engine/policy-data.ts';
import { contentOfArgument } from '../policy/language/content-of.ts';
import { loadPolicyTests } from '../policy/language/policy-tests.ts';
import { describeTestFailure, runPolicyTests, type TestResult } from '../policy/language/run-tests.ts';
import { loadPolicy } from '../policy/store/load-policy.ts';
import { listFaults } from './check.ts';
import type { Arguments, Command, CommandInput, ExitStatus } from './command.ts';
import { readIssuersOption } from './read-issuers-option.ts';
import { printable, styleFor } from './terminal.ts';

export const policyTestCommand: Command = {
  help: `Usage: bin/peergate policy test POLICY TESTS [OPTIONS]

Decides every case of TESTS by POLICY and compares the decision, and the codes
if the case names them. Cases without a time are decided at the current time.

Options
  --junit FILE    Write the results as JUnit XML, too.
  --issuers FILE  The gateway's AUTH_ISSUERS_FILE: it says whose tokens need no
                  scope, and so need a grant that names the issuer.

Example
  bin/peergate policy test examples/several-teams/policy.yaml \\
    examples/several-teams/tests.yaml

Exit status: 0 all cases passed, 1 one failed or a file has a fault.
`,
  options: ['junit', 'issuers'],
  positionals: { min: 2, max: 2 },
  run: policyTest,
};

function policyTest(input: CommandInput, { positionals, options }: Arguments): ExitStatus {
  const [policyFile = '', testsFile = ''] = positionals;
  const known = readIssuersOption(options);
  const policy = loadPolicy(policyFile, input.now, known, contentOfArgument);
  const tests = loadPolicyTests(testsFile, contentOfArgument);
  const faults = [...(policy.faults ?? []), ...(tests.faults ?? [])].map(describePolicyFault);
  if (policy.faults !== undefined || tests.faults !== undefined || known.faults.length > 0) {
    input.stderr(listFaults([...faults, ...known.faults]));
    return 1;
  }
  for (const warning of policy.warnings)
    input.stderr(`Warning: ${printable(describePolicyFault(warning))}\n`);
  const results = runPolicyTests(compilePolicy(policy.data), tests.cases, input.now, known.issuers);
  input.stdout(report(results, tests.file, input.colours));
  const { junit } = options;
  if (junit !== undefined) {
    try {
      writeFileSync(junit, junitXml(results, tests.file));
    } catch (error) {
      input.stderr(`Failed to write the results: ${(error as Error).message}\n`);
      return 1;
    }
  }
  return results.every(({ passed }) => passed) ? 0 : 1;
}

function report(results: readonly TestResult[], file: string, colours: boolean): string {
  const { good, bad } = styleFor(colours);
  const lines = results.flatMap((result) => {
    const { place } = result.case;
    const name = printable(result.case.name);
    if (result.passed) return [`${good('✓')} ${name}`];
    const violations = result.decision.violations.map(
      ({ rule, description }) => `    ${rule}: ${description}`,
    );
    return [
      `${bad('✗')} ${name}`,
      `    ${file}:${place.line}: ${printable(describeTestFailure(result))}`,
      ...violations,
    ];
  });
  const failed = results.filter(({ passed }) => !passed).length;
  const summary = `${results.length - failed} passed, ${failed} failed`;
  return [...lines, '', failed === 0 ? good(summary) : bad(summary), ''].join('\n');
}

/** The subset of JUnit XML that CI systems commonly read. */
function junitXml(results: readonly TestResult[], file: string): string {
  const failures = results.filter(({ passed }) => !passed).length;
  const cases = results.map((result) => {
    const open = `  <testcase classname="${escapeXml(file)}" name="${escapeXml(result.case.name)}"`;
    if (result.passed) return `${open}/>`;
    return `${open}>\n    <failure message="${escapeXml(describeTestFailure(result))}"/>\n  </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="${escapeXml(file)}" tests="${results.length}" failures="${failures}">`,
    ...cases,
    '</testsuite>',
    '',
  ].join('\n');
}

/** XML 1.0 section 2.2 forbids most control characters, U+FFFE and U+FFFF, even as references. */
const escapeXml = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, ' ')
    .replaceAll(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
