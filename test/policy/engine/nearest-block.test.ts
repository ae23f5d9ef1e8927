// A refused prefix length comes with the nearest block that would fit, and never with one that would not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../../src/policy/engine/decide.ts';
import { allowed, clusterId } from '../../support/gateway.ts';
import { policyOf } from '../../support/policy.ts';

const head = (cidrs = '[10.0.0.0/8]') => `version: 1
organization: acme
guardrails:
  accounts: ["111122223333"]
  regions: [us-east-1]
  cidrs: ${cidrs}
  forbiddenCidrs: [10.129.0.0/24]
  prefixLength: { min: 16, max: 24 }
`;
const exception = `exceptions:
  - id: CHG-1
    callers: [{ claim: sub, equals: a }]
    allows: { prefixLength: { min: 28, max: 29 } }
    expires: 2027-01-31T00:00:00Z
`;

function lengthOf(text: string, cidrBlock: string, changes: object = {}) {
  const peering = { ...allowed, cidrBlock, clusterId, ...changes };
  const question = { claims: { sub: 'a' }, at: 0, action: 'create', clusterId, peering } as const;
  const { violations } = decide(policyOf(text), question);
  return violations.find(({ code }) => code === 'prefix_length');
}

test('a block that is too small gets the smallest allowed one around it', () => {
  const violation = lengthOf(head(), '10.20.4.8/29');
  assert.deepEqual(violation?.allowed, { min: 16, max: 24, nearest: '10.20.4.0/24' });
  assert.equal(
    violation?.description,
    'A prefix length of 29 is not allowed. Allowed: 16 to 24. The nearest block that fits: 10.20.4.0/24.',
  );
  assert.deepEqual(lengthOf(head(), '10.255.255.255/32')?.allowed, {
    min: 16,
    max: 24,
    nearest: '10.255.255.0/24',
  });
});

test('a block that is too large gets the largest allowed one at its start', () => {
  assert.deepEqual(lengthOf(head(), '10.20.0.0/14')?.allowed, { min: 16, max: 24, nearest: '10.20.0.0/16' });
});

const wouldNotPass: readonly (readonly [what: string, text: string, block: string])[] = [
  ['is not inside the allowed blocks', head('[10.20.4.0/25]'), '10.20.4.0/26'],
  ['overlaps a forbidden one', head(), '10.129.0.0/29'],
  [
    'is not inside the grant',
    `${head()}grants: [{ id: g, callers: [{ claim: sub, equals: a }], actions: [create], cidrs: [10.20.4.0/26] }]`,
    '10.20.4.0/27',
  ],
  ['begins outside of what is allowed', head('[10.21.0.0/16]'), '10.20.0.0/14'],
];

for (const [what, text, block] of wouldNotPass) {
  test(`no block is offered that ${what}`, () => {
    const violation = lengthOf(text, block);
    assert.deepEqual(violation?.allowed, { min: 16, max: 24 });
    assert.match(violation?.description ?? '', /Allowed: 16 to 24\.$/);
  });
}

test('what is wrong beside the block keeps none from being offered', () => {
  const violation = lengthOf(head(), '10.20.4.0/29', { accountId: '999999999999' });
  assert.deepEqual(violation?.allowed, { min: 16, max: 24, nearest: '10.20.4.0/24' });
});

test('of lengths with a gap in between the nearer range is named, and its nearest block', () => {
  const text = head() + exception;
  assert.deepEqual(lengthOf(text, '10.20.4.0/30')?.allowed, { min: 28, max: 29, nearest: '10.20.4.0/29' });
  assert.deepEqual(lengthOf(text, '10.20.4.0/27')?.allowed, { min: 28, max: 29, nearest: '10.20.4.0/28' });
  assert.deepEqual(lengthOf(text, '10.20.4.64/26')?.allowed, { min: 16, max: 24, nearest: '10.20.4.0/24' });
  assert.deepEqual(lengthOf(text, '10.20.4.32/27')?.allowed, { min: 28, max: 29, nearest: '10.20.4.32/28' });
});

test('lengths that touch count as one range', () => {
  const text = head() + exception.replace('min: 28', 'min: 25');
  assert.deepEqual(lengthOf(text, '10.20.4.0/31')?.allowed, { min: 16, max: 29, nearest: '10.20.4.0/29' });
});

test('a range inside another one narrows nothing', () => {
  const text = head() + exception.replace('min: 28, max: 29', 'min: 18, max: 20');
  assert.equal(lengthOf(text, '10.20.4.0/22'), undefined);
  assert.deepEqual(lengthOf(text, '10.20.4.0/25')?.allowed, { min: 16, max: 24, nearest: '10.20.4.0/24' });
});

test('no block is offered that is not inside the blocks of the VPC', () => {
  const text = `${head()}vpcs: { file: vpcs.csv }\n`;
  const asked = (cidr: string) => {
    const csv = `${allowed.vpcId},111122223333,us-east-1,${cidr}\n`;
    const peering = { ...allowed, cidrBlock: '10.20.4.0/26', clusterId };
    const question = { claims: {}, at: 0, action: 'create', clusterId, peering } as const;
    return decide(policyOf(text, { 'vpcs.csv': csv }), question).violations[0]?.allowed;
  };
  assert.deepEqual(asked('10.20.4.0/25'), { min: 16, max: 24 });
  assert.deepEqual(asked('10.20.0.0/16'), { min: 16, max: 24, nearest: '10.20.4.0/24' });
});
