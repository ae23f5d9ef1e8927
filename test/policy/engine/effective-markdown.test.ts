// The whole page that tells a caller what it may peer: every rule of its own, by the names of the policy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectivePolicy } from '../../../src/policy/engine/effective.ts';
import { effectiveMarkdown } from '../../../src/policy/engine/effective-markdown.ts';
import { policyOf } from '../../support/policy.ts';

const clusterId = '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11';
const blocks = Array.from({ length: 25 }, (_, index) => `10.${index}.0.0/16`);
const policy = policyOf(
  `version: 1
organization: acme
contact: "#network"
guardrails:
  accounts: ["111122223333", "444455556666"]
  regions: [us-east-1]
  cidrs: { file: inside.txt }
  forbiddenCidrs: [10.129.0.0/24, 10.130.0.0/24]
  prefixLength: { min: 16, max: 24 }
  secureConnection: optional
grants:
  - { id: narrow, callers: [{ claim: sub, equals: a }], actions: [create, list], clusters: [${clusterId}], regions: [us-east-1], cidrs: { file: inside.txt } }
  - { id: proven, callers: [{ all: [{ claim: iss, equals: "https://idp.example" }, { claim: sub, equals: a }] }], actions: [deleteOwn], accounts: { fromClaim: account } }
exceptions:
  - id: CHG-1
    callers: [{ claim: sub, equals: a }]
    actions: [create, delete]
    only: { clusters: [${clusterId}], vpcs: [vpc-01234567, vpc-89abcdef], accounts: ["111122223333"], cidrs: { file: only.txt } }
    allows: { regions: [eu-west-1], prefixLength: { min: 25, max: 28 }, secureConnection: optional }
    expires: 2027-01-31T00:00:00Z
    ticket: CHG-1
  - id: CHG-2
    callers: [{ claim: sub, equals: a }]
    only: { regions: [us-east-1] }
    allows: { accounts: ["999999999999"] }
    expires: 2027-01-31T00:00:00Z
`,
  { 'inside.txt': blocks.join('\n'), 'only.txt': blocks.slice(0, 22).join('\n') },
);
const named = blocks
  .slice(0, 20)
  .map((block) => `\`${block}\``)
  .join(', ');

test('the page has every rule of the caller, and says of each list how much of it is not shown', () => {
  const caller = {
    issuer: 'i',
    subject: 'a',
    claims: { iss: 'https://idp.example', sub: 'a', account: '444455556666' },
  };
  assert.equal(
    effectiveMarkdown(effectivePolicy(policy, caller, 0)),
    `# What \`a\` may peer

Policy of \`acme\`, version \`${policy.version}\`, mode \`enforce\`.

Contact: \`#network\`

## Every create must be inside

- accounts: \`111122223333\`, \`444455556666\`
- regions: \`us-east-1\`
- blocks inside: ${named} and 5 more
- blocks outside: \`10.129.0.0/24\`, \`10.130.0.0/24\`
- prefix length: 16 to 24
- secure connection: optional

A peering to be deleted must be in one of these accounts and regions; its block does not matter.

## Grants

A request must fit one of them whole.

- \`narrow\`: create, list
  - clusters: \`${clusterId}\`
  - regions: \`us-east-1\`
  - cidrs: ${named} and 5 more
- \`proven\`: deleteOwn
  - accounts: \`444455556666\`
  - accounts come from the token's claim \`account\`

## Exceptions

- \`CHG-1\` until 2027-01-31T00:00:00.000Z, ticket \`CHG-1\`, allows besides:
  - actions: create, delete
  - regions: \`eu-west-1\`
  - prefix length: 25 to 28
  - secure connection: optional
  - only for requests inside:
    - clusters: \`${clusterId}\`
    - accounts: \`111122223333\`
    - cidrs: ${named} and 2 more
    - vpcs: \`vpc-01234567\`, \`vpc-89abcdef\`
- \`CHG-2\` until 2027-01-31T00:00:00.000Z, allows besides:
  - actions: create
  - accounts: \`999999999999\`
  - only for requests inside:
    - regions: \`us-east-1\`
`,
  );
});

test('the page of a policy in report mode without grants, contact or exceptions says each of it', () => {
  const bare = policyOf(
    '{version: 1, organization: a, mode: report, guardrails: {accounts: ["111122223333"], regions: [us-east-1], cidrs: [10.0.0.0/8], forbiddenCidrs: []}}',
  );
  const page = effectiveMarkdown(effectivePolicy(bare, { issuer: 'i', subject: '`', claims: {} }, 0));
  assert.equal(
    page,
    `# What \`\` \` \`\` may peer

Policy of \`a\`, version \`${bare.version}\`, mode \`report\`.

**Report mode:** what the policy would refuse is recorded, and not refused.

## Every create must be inside

- accounts: \`111122223333\`
- regions: \`us-east-1\`
- blocks inside: \`10.0.0.0/8\`
- blocks outside: none
- prefix length: 16 to 28
- secure connection: required

A peering to be deleted must be in one of these accounts and regions; its block does not matter.

## Grants

The policy has no grants: the scope of the token is enough.

## Exceptions

None.
`,
  );
});
