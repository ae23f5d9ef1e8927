// Exceptions: they widen guardrails and grants for their callers until they expire, never what is forbidden, and are named
// where the request needed them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../../src/policy/engine/decide.ts';
import type { PeeringRequest } from '../../../src/policy/engine/decision.ts';
import { allowed, clusterId } from '../../support/gateway.ts';
import { policyOf } from '../../support/policy.ts';

const otherCluster = 'b27d1f60-93c8-4f0e-8a55-7d1c2e9f4a22';
const expires = Date.parse('2027-01-31T00:00:00Z');
const head = `version: 1
organization: acme
guardrails:
  accounts: ["111122223333"]
  regions: [us-east-1]
  cidrs: [10.0.0.0/8]
  forbiddenCidrs: [10.129.0.0/24]
  prefixLength: { min: 16, max: 24 }
`;
const grants = `grants:
  - id: billing
    callers: [{ claim: sub, equals: billing }]
    actions: [create]
    clusters: [${clusterId}]
    accounts: ["111122223333"]
    regions: [us-east-1]
    cidrs: [10.20.0.0/16]
`;
const exception = (id: string, allows: string, sub = 'billing') =>
  `  - { id: ${id}, callers: [{ claim: sub, equals: ${sub} }], allows: ${allows}, expires: 2027-01-31T00:00:00Z }\n`;

function ask(
  text: string,
  changes: Partial<PeeringRequest> = {},
  options: { sub?: string; at?: number } = {},
) {
  const cluster = changes.clusterId ?? clusterId;
  const { sub = 'billing', at = expires - 1 } = options;
  const peering = { ...allowed, ...changes, clusterId: cluster };
  return decide(policyOf(text), { claims: { sub }, at, action: 'create', clusterId: cluster, peering });
}

const codes = (decision: ReturnType<typeof decide>) =>
  decision.violations.map(({ rule, code }) => `${rule} ${code}`);

/** What an exception may widen, a request that needs it, and what is against that request without it. */
const widened: readonly (readonly [allows: string, asks: Partial<PeeringRequest>, ...without: string[]])[] = [
  [
    '{ accounts: ["999999999999"] }',
    { accountId: '999999999999' },
    'guardrails account_not_allowed',
    'billing account_not_allowed',
  ],
  [
    '{ regions: [eu-west-1] }',
    { region: 'eu-west-1' },
    'guardrails region_not_allowed',
    'billing region_not_allowed',
  ],
  [
    '{ cidrs: [198.51.100.0/24] }',
    { cidrBlock: '198.51.100.0/24' },
    'guardrails cidr_not_allowed',
    'billing cidr_not_allowed',
  ],
  [
    `{ clusters: [${otherCluster.toUpperCase()}] }`,
    { clusterId: otherCluster },
    'billing cluster_not_allowed',
  ],
  ['{ prefixLength: { min: 25, max: 28 } }', { cidrBlock: '10.20.0.0/28' }, 'guardrails prefix_length'],
  ['{ secureConnection: optional }', { isSecureConnection: false }, 'guardrails insecure_connection'],
];

for (const [allows, asks, ...without] of widened) {
  const what = Object.keys(asks).join();
  const text = `${head}${grants}exceptions:\n${exception('CHG-1', allows)}`;

  test(`an exception widens guardrails and grant alike for ${what}, and is named`, () => {
    assert.deepEqual(codes(ask(`${head}${grants}`, asks)), without);
    const decision = ask(text, asks);
    assert.deepEqual(
      [decision.effect, decision.grant, decision.exceptions, decision.violations],
      ['allow', 'billing', ['CHG-1'], []],
    );
  });

  test(`an exception for ${what} has no effect from its expiry on, nor for another caller`, () => {
    assert.deepEqual(codes(ask(text, asks, { at: expires })), without);
    assert.deepEqual(ask(text, asks, { at: expires }).exceptions, []);
    assert.deepEqual(codes(ask(text, asks, { at: expires + 1 })), without);
    const others = text
      .replaceAll('equals: billing', 'equals: "bill*"')
      .replace(/(id: CHG-1.*)bill\*/, '$1billing');
    assert.deepEqual(ask(others, asks).exceptions, ['CHG-1']);
    assert.deepEqual(codes(ask(others, asks, { sub: 'bill' })), without);
  });
}

test('no exception lifts what is forbidden', () => {
  const wide =
    '{ cidrs: [0.0.0.0/0], prefixLength: { min: 0, max: 32 }, accounts: ["111122223333"], secureConnection: optional }';
  const decision = ask(`${head}exceptions:\n${exception('CHG-1', wide)}`, { cidrBlock: '10.129.0.128/25' });
  assert.equal(decision.effect, 'deny');
  assert.deepEqual(codes(decision), ['guardrails cidr_forbidden']);
  assert.deepEqual(decision.violations[0]?.allowed, { outside: ['10.129.0.0/24'] });
});

test('an exception is no grant', () => {
  const wide = '{ cidrs: [0.0.0.0/0], regions: [us-east-1], accounts: ["111122223333"] }';
  const text = `${head}${grants}exceptions:\n${exception('CHG-1', wide, 'stranger')}`;
  const decision = ask(text, {}, { sub: 'stranger' });
  assert.deepEqual(codes(decision), ['grants no_grant']);
  assert.deepEqual([decision.effect, decision.grant, decision.exceptions], ['deny', null, []]);
});

test('an exception lends a grant no action', () => {
  const text = `${head}${grants.replace('[create]', '[list]')}exceptions:\n${exception('CHG-1', '{ regions: [eu-west-1] }')}`;
  assert.deepEqual(codes(ask(text, { region: 'eu-west-1' })), ['billing action_not_allowed']);
});

test('an exception that the request does not need is not named', () => {
  const text = `${head}${grants}exceptions:\n${exception('CHG-1', '{ regions: [us-east-1, eu-west-1], accounts: ["999999999999"] }')}`;
  assert.deepEqual(ask(text).exceptions, []);
});

test('of exceptions that help alike only as many are named as are needed', () => {
  const both = { accountId: '999999999999', region: 'eu-west-1' };
  const [account, region, all] = [
    exception('account', '{ accounts: ["999999999999"] }'),
    exception('region', '{ regions: [eu-west-1] }'),
    exception('all', '{ accounts: ["999999999999"], regions: [eu-west-1] }'),
  ];
  const named = (...exceptions: string[]) =>
    ask(`${head}${grants}exceptions:\n${exceptions.join('')}`, both).exceptions;
  assert.deepEqual(named(account, region, all), ['all']);
  assert.deepEqual(named(region, all), ['all']);
  assert.deepEqual(named(account, region), ['account', 'region']);
});

test('a grant that fits without an exception goes before one that needs it', () => {
  const second = `${grants}  - { id: wide, callers: [{ claim: sub, equals: billing }], actions: [create] }\n`;
  const text = `${head}${second}exceptions:\n${exception('CHG-1', '{ cidrs: [10.30.0.0/16] }')}`;
  const decision = ask(text, { cidrBlock: '10.30.0.0/24' });
  assert.deepEqual([decision.effect, decision.grant, decision.exceptions], ['allow', 'wide', []]);
});

test('two exceptions may each lift a part, and no block is made of both', () => {
  const halves = `${exception('low', '{ cidrs: [198.51.100.0/25] }')}${exception('high', '{ cidrs: [198.51.100.128/25] }')}`;
  assert.deepEqual(codes(ask(`${head}exceptions:\n${halves}`, { cidrBlock: '198.51.100.0/24' })), [
    'guardrails cidr_not_allowed',
  ]);
  const parts = `${exception('where', '{ regions: [eu-west-1] }')}${exception('how', '{ secureConnection: optional }')}`;
  const decision = ask(`${head}exceptions:\n${parts}`, { region: 'eu-west-1', isSecureConnection: false });
  assert.deepEqual(decision.exceptions, ['where', 'how']);
});

test('what would have passed counts the exceptions of the caller in, and of no other', () => {
  const text = `${head}exceptions:\n${exception('mine', '{ regions: [eu-west-1] }')}${exception('theirs', '{ regions: [eu-north-1] }', 'other')}`;
  const [violation] = ask(text, { region: 'ap-south-1' }).violations;
  assert.deepEqual(violation?.allowed, ['us-east-1', 'eu-west-1']);
  assert.match(violation?.description ?? '', /Allowed: us-east-1, eu-west-1\.$/);
});

test('what would have passed says how many more there are when lists are put together', () => {
  const accounts = (from: number) =>
    Array.from({ length: 15 }, (_, index) => `"${String(from + index).padStart(12, '0')}"`).join(', ');
  const text = `${head.replace('"111122223333"', accounts(0))}exceptions:\n${exception('CHG-1', `{ accounts: [${accounts(10)}] }`)}`;
  const [violation] = ask(text, { accountId: '999999999999' }).violations;
  assert.equal((violation?.allowed as string[] | undefined)?.length, 20);
  assert.match(violation?.description ?? '', /000000000019 and 5 more\.$/);
  const thirty = head.replace('"111122223333"', `${accounts(0)}, ${accounts(15)}`);
  const longer = `${thirty}exceptions:\n${exception('CHG-1', `{ accounts: [${accounts(100)}] }`)}`;
  const [other] = ask(longer, { accountId: '999999999999' }).violations;
  assert.match(other?.description ?? '', /000000000019 and 25 more\.$/);
});

test('an exception widens the actions that it names, and creates alone when it names none', () => {
  const place = { accountId: '999999999999', region: 'us-east-1' };
  const deletes = grants.replace('actions: [create]', 'actions: [create, delete]');
  const asked = (actions: string) => {
    const allows = '{ accounts: ["999999999999"] }';
    const text = `${head}${deletes}exceptions:\n${exception('CHG-1', `${allows}${actions}`)}`;
    const ofDelete = { claims: { sub: 'billing' }, at: expires - 1, action: 'delete', clusterId } as const;
    return [ask(text, place).effect, decide(policyOf(text), { ...ofDelete, existing: place }).effect];
  };
  assert.deepEqual(asked(''), ['allow', 'deny']);
  assert.deepEqual(asked(', actions: [create]'), ['allow', 'deny']);
  assert.deepEqual(asked(', actions: [delete]'), ['deny', 'allow']);
  assert.deepEqual(asked(', actions: [create, delete]'), ['allow', 'allow']);
});
