// A good policy in which every part of the form occurs once, and ways to spoil one of its lines.
import { faultsOf } from '../../support/policy.ts';

export const wholePolicy = `version: 1
organization: acme
guardrails:
  accounts: ["111122223333"]
  regions: [us-east-1]
  cidrs: [10.0.0.0/8]
  forbiddenCidrs: [10.129.0.0/24]
  prefixLength: { min: 16, max: 28 }
  secureConnection: required
grants:
  - id: payments
    callers: [{ claim: sub, equals: a }]
    actions: [create]
exceptions:
  - id: CHG-1
    callers: [{ claim: sub, equals: a }]
    allows: { regions: [eu-west-1] }
    expires: 2027-01-31T00:00:00Z
mode: enforce`;

/** Line counted from 1, what stands there instead, and every fault that this makes: `LINE:COLUMN: MEMBER MESSAGE`. */
export type Spoiled = readonly [line: number, text: string, ...faults: string[]];

/** What was found where a table says what had to be found, in a form that shows the difference. */
export function compare([line, text, ...expected]: Spoiled): [found: object, expected: object] {
  const lines = wholePolicy.split('\n');
  lines[line - 1] = text;
  const found = faultsOf(lines.join('\n')).map((fault) => fault.replace(/^p:/, ''));
  return [
    { text, faults: found.sort() },
    { text, faults: expected.sort() },
  ];
}
