// Whom a policy is for when tokens come from several issuers, and from issuers whose tokens need no scope.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../../src/policy/engine/decide.ts';
import type { Claims } from '../../../src/policy/engine/decision.ts';
import { effectivePolicy } from '../../../src/policy/engine/effective.ts';
import { explain } from '../../../src/policy/engine/explain.ts';
import type { KnownIssuer } from '../../../src/policy/language/issuer-checks.ts';
import { parsePolicy } from '../../../src/policy/language/parse-policy.ts';
import { policyOf } from '../../support/policy.ts';

const clusterId = '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11';
const one = 'https://one.example';
const two = 'https://two.example';
const at = Date.parse('2026-11-01T00:00:00Z');
const head = `version: 1
organization: acme
guardrails: { accounts: ["111122223333", "444455556666"], regions: [us-east-1], cidrs: [10.0.0.0/8] }
`;
const granting = (callers: string, more = '') =>
  policyOf(`${head}grants: [{ id: g, callers: [${callers}], actions: [create, list]${more} }]\n`);

type Policy = ReturnType<typeof policyOf>;
interface Asked {
  readonly withoutScopes?: boolean;
  readonly accountId?: string;
  readonly vpcId?: string;
  readonly region?: string;
  readonly cidrBlock?: string;
}
function questionOf(claims: Claims, { withoutScopes = false, ...values }: Asked = {}) {
  const peering = {
    clusterId,
    vpcId: 'vpc-0123456789abcdef0',
    cidrBlock: '10.20.4.0/22',
    accountId: '111122223333',
    region: 'us-east-1',
    isSecureConnection: true,
    ...values,
  };
  return { claims, withoutScopes, at, action: 'create', clusterId, peering } as const;
}
const codes = (policy: Policy, claims: Claims, asked?: Asked) =>
  decide(policy, questionOf(claims, asked)).violations.map(({ code }) => code);

test('conditions of all must hold together, each by the same token', () => {
  const policy = granting(
    `{ all: [{ claim: iss, equals: "${one}" }, { claim: groups, contains: net }, { claim: groups, contains: ops }] }`,
  );
  assert.deepEqual(codes(policy, { iss: one, groups: ['net', 'ops'] }), []);
  assert.deepEqual(codes(policy, { iss: one, groups: 'ops net' }), []);
  for (const claims of [
    { iss: two, groups: ['net', 'ops'] },
    { iss: one, groups: ['net', 'net', 'net'] },
    { groups: ['net', 'ops'] },
    { iss: one },
    {},
  ])
    assert.deepEqual(codes(policy, claims), ['no_grant'], JSON.stringify(claims));
});

test('with exact: true a * stands for itself', () => {
  const policy = granting(
    '{ claim: sub, equals: "svc-*", exact: true }, { claim: groups, contains: "a*b", exact: true }',
  );
  assert.deepEqual(codes(policy, { sub: 'svc-*' }), []);
  assert.deepEqual(codes(policy, { groups: ['a*b'] }), []);
  for (const claims of [{ sub: 'svc-a' }, { sub: 'svc-' }, { groups: ['ab'] }])
    assert.deepEqual(codes(policy, claims), ['no_grant']);
});

test('without scopes nothing matches but a condition that names the issuer and one thing more', () => {
  const claims = { iss: one, sub: 'repo:acme/network:ref:refs/heads/main', aud: 'peergate', x: true };
  const repository = '{ claim: sub, equals: "repo:acme/network:*" }';
  const issuer = `{ claim: iss, equals: "${one}" }`;
  assert.deepEqual(
    codes(granting(`{ all: [${issuer}, ${repository}] }`), claims, { withoutScopes: true }),
    [],
  );
  for (const caller of [
    repository,
    issuer,
    `{ all: [${issuer}] }`,
    `{ all: [${issuer}, ${issuer}] }`,
    `{ all: [${issuer}, { claim: /iss, equals: "${one}" }] }`,
    `{ all: [${issuer}, { claim: aud, equals: peergate }] }`,
    `{ all: [${issuer}, { claim: /aud, contains: peergate }] }`,
    `{ all: [${issuer}, { claim: sub, equals: "*" }] }`,
    `{ all: [{ claim: iss, equals: "https://*" }, ${repository}] }`,
    `{ all: [{ claim: iss, contains: "${one}" }, ${repository}] }`,
    `{ all: [{ claim: /iss, equals: "${one}" }, ${repository}] }`,
    `{ all: [{ claim: iss, equals: "${two}" }, ${repository}] }`,
  ]) {
    const policy = granting(caller);
    assert.deepEqual(codes(policy, claims, { withoutScopes: true }), ['no_grant'], caller);
    const caller_ = { issuer: one, subject: 's', claims, withoutScopes: true };
    assert.deepEqual(effectivePolicy(policy, caller_, at).grants, [], caller);
  }
});

test('without scopes a policy without grants grants nothing, and report mode does not help', () => {
  const claims = { iss: one, sub: 'a' };
  for (const policy of [
    policyOf(head),
    policyOf(`${head}mode: report\n`),
    policyOf(
      `${head}mode: report\ngrants: [{ id: g, callers: [{ claim: sub, equals: a }], actions: [create] }]\n`,
    ),
  ]) {
    const decision = decide(policy, questionOf(claims, { withoutScopes: true }));
    assert.equal(decision.effect, 'deny');
    assert.deepEqual(
      decision.violations.map(({ code }) => code),
      ['no_grant'],
    );
    assert.equal(decide(policy, questionOf(claims)).effect, 'allow');
  }
});

test('in report mode a caller without scopes whom a grant matches is refused nothing else', () => {
  const policy = policyOf(
    `${head}mode: report\ngrants: [{ id: g, callers: [{ all: [{ claim: iss, equals: "${one}" }, { claim: sub, equals: a }] }], actions: [create], regions: [us-east-1] }]\n`,
  );
  const asked = questionOf({ iss: one, sub: 'a' }, { withoutScopes: true, region: 'eu-west-1' });
  const { effect, violations } = decide(policy, asked);
  assert.equal(effect, 'allow');
  assert.deepEqual(new Set(violations.map(({ code }) => code)), new Set(['region_not_allowed']));
});

test('an exception is for callers without scopes only if every caller of it is bound to an issuer', () => {
  const bound = `{ all: [{ claim: iss, equals: "${one}" }, { claim: sub, equals: a }] }`;
  const policy = (callers: string) =>
    policyOf(`${head}grants: [{ id: g, callers: [${bound}], actions: [create] }]
exceptions: [{ id: e, callers: [${callers}], allows: { regions: [eu-west-1] }, expires: 2027-01-01T00:00:00Z }]\n`);
  const claims = { iss: one, sub: 'a' };
  const abroad = { region: 'eu-west-1', withoutScopes: true };
  assert.deepEqual(codes(policy(bound), claims, abroad), []);
  for (const callers of [`{ claim: sub, equals: a }`, `${bound}, { claim: sub, equals: b }`]) {
    assert.deepEqual(codes(policy(callers), claims, abroad), ['region_not_allowed'], callers);
    assert.deepEqual(codes(policy(callers), claims, { ...abroad, withoutScopes: false }), [], callers);
  }
});

test('the accounts that a token proves are those of the claim, inside the guardrails', () => {
  const policy = granting(
    `{ claim: iss, equals: "${one}" }`,
    ', accounts: { fromClaim: "/https:~1~1sts.amazonaws.com~1/aws_account" }',
  );
  const token = (aws_account: unknown) => ({ iss: one, 'https://sts.amazonaws.com/': { aws_account } });
  for (const value of ['111122223333', ['444455556666', '111122223333']]) {
    const decision = decide(policy, questionOf(token(value)));
    assert.equal(decision.effect, 'allow');
    assert.equal(decision.accountsFromClaim, '/https:~1~1sts.amazonaws.com~1/aws_account');
  }
  for (const value of [
    '444455556666',
    undefined,
    null,
    '',
    111122223333,
    '11112222333',
    ' 111122223333',
    '111122223333\n',
    '１１１１２２２２３３３３',
    [],
    ['111122223333', 5],
    ['111122223333', ''],
    [['111122223333']],
    { 0: '111122223333' },
  ])
    assert.deepEqual(codes(policy, token(value)), ['account_not_allowed'], JSON.stringify(value));
  assert.deepEqual(codes(policy, { ...token('111122223333'), iss: two }), ['no_grant']);
  const outside = { accountId: '999999999999' };
  const decision = decide(policy, questionOf(token('999999999999'), outside));
  assert.deepEqual(
    decision.violations.map(({ code, rule }) => `${rule} ${code}`),
    ['guardrails account_not_allowed'],
  );
});

test('a delete is of the token’s account, too', () => {
  const policy = policyOf(
    `${head}grants: [{ id: g, callers: [{ claim: iss, equals: "${one}" }], actions: [delete], accounts: { fromClaim: account } }]\n`,
  );
  const of = (account: string, existing?: { accountId: string; region: string }) =>
    decide(policy, { claims: { iss: one, account }, at, action: 'delete', clusterId, existing }).effect;
  const mine = { accountId: '111122223333', region: 'us-east-1' };
  assert.equal(of('111122223333'), 'allow');
  assert.equal(of('111122223333', mine), 'allow');
  assert.equal(of('444455556666', mine), 'deny');
});

test('a refusal, the explanation and the effective policy say which accounts the token proves', () => {
  const policy = granting(`{ claim: iss, equals: "${one}" }`, ', accounts: { fromClaim: account }');
  const [violation] = decide(policy, questionOf({ iss: one, account: '444455556666' })).violations;
  assert.deepEqual(violation?.allowed, ['444455556666']);
  assert.match(violation?.description ?? '', /Allowed by the token's claim account: 444455556666\.$/);
  const [none] = decide(policy, questionOf({ iss: one })).violations;
  assert.match(none?.description ?? '', /The token's claim account proves no account\.$/);
  const { opinions } = explain(policy, questionOf({ iss: one, account: '111122223333' }));
  assert.deepEqual(opinions[1]?.accountsFromClaim, { claim: 'account', accounts: ['111122223333'] });
  const caller = { issuer: one, subject: 's', claims: { iss: one, account: ['111122223333'] } };
  const [grant] = effectivePolicy(policy, caller, at).grants ?? [];
  assert.deepEqual(grant?.accounts, ['111122223333']);
  assert.equal(grant?.accountsFromClaim, 'account');
});

test('an exception that is narrowed has an effect only inside all of it', () => {
  const only = `{ clusters: [${clusterId}], vpcs: [vpc-0123456789abcdef0], accounts: ["111122223333"], regions: [eu-west-1], cidrs: [10.20.0.0/16] }`;
  const policy = policyOf(`${head}exceptions:
  - { id: e, callers: [{ claim: sub, equals: a }], only: ${only}, allows: { regions: [eu-west-1] }, expires: 2027-01-01T00:00:00Z }\n`);
  const claims = { sub: 'a' };
  const inside = { region: 'eu-west-1' };
  const { effect, exceptions } = decide(policy, questionOf(claims, inside));
  assert.deepEqual([effect, exceptions], ['allow', ['e']]);
  for (const outside of [
    { vpcId: 'vpc-0123456789abcdef1' },
    { accountId: '444455556666' },
    { cidrBlock: '10.21.4.0/22' },
    { cidrBlock: '10.0.0.0/8' },
  ])
    assert.ok(codes(policy, claims, { ...inside, ...outside }).includes('region_not_allowed'));
  const other = { ...questionOf(claims, inside), clusterId: '00000000-4d7e-4a51-9a2e-0c6f1f0a7b11' };
  assert.deepEqual(
    decide(policy, other).violations.map(({ code }) => code),
    ['region_not_allowed'],
  );
});

test('an exception to deletes looks at VPC and block of the listed peering, and has no effect if they are not known', () => {
  const policy = (only: string) =>
    policyOf(`${head}exceptions:
  - { id: e, callers: [{ claim: sub, equals: a }], actions: [delete, list], only: ${only}, allows: { regions: [eu-west-1] }, expires: 2027-01-01T00:00:00Z }\n`);
  const place = { accountId: '111122223333', region: 'eu-west-1' };
  const remove = (only: string, more: object, existing: object | undefined = { ...place, ...more }) =>
    decide(policy(only), { claims: { sub: 'a' }, at, action: 'delete', clusterId, existing } as never).effect;
  const byVpc = '{ vpcs: [vpc-0123456789abcdef0] }';
  const byBlock = '{ cidrs: [10.20.0.0/16] }';
  assert.equal(remove(byVpc, { vpcId: 'vpc-0123456789abcdef0' }), 'allow');
  assert.equal(remove(byVpc, { vpcId: 'vpc-0123456789abcdef1' }), 'deny');
  assert.equal(remove(byVpc, {}), 'deny');
  assert.equal(remove(byBlock, { cidrBlock: '10.20.4.0/22' }), 'allow');
  assert.equal(remove(byBlock, { cidrBlock: '10.21.4.0/22' }), 'deny');
  assert.equal(remove(byBlock, { cidrBlock: '999.1.1.1/99' }), 'deny');
  assert.equal(remove(byBlock, {}), 'deny');
});

const issuers = (...scopes: KnownIssuer['scopes'][]): KnownIssuer[] =>
  scopes.map((scope, index) => ({ issuer: [one, two][index] ?? one, scopes: scope }));

test('with several issuers each caller that names none is warned of, and one that cannot match', () => {
  const text = `${head}grants:
  - { id: g, callers: [{ claim: sub, equals: a }, { claim: iss, equals: "${two}" }], actions: [create] }
exceptions:
  - { id: e, callers: [{ all: [{ claim: iss, equals: "${two}" }, { claim: aud, equals: a }] }], allows: { regions: [eu-west-1] }, expires: 2027-01-01T00:00:00Z }
`;
  const warnings = (known: readonly KnownIssuer[]) => {
    const source = { path: 'p', bytes: Buffer.from(text), readList: () => 'ENOENT' };
    const read = parsePolicy(source, at, { issuers: known });
    assert.ok(read.faults === undefined);
    return read.warnings.map(({ line, member, message }) => `${line} ${member} ${message}`);
  };
  assert.deepEqual(warnings(issuers('required')), []);
  assert.deepEqual(warnings(issuers('required', 'required')), [
    '5 /grants/0/callers/0 names none of the 2 issuers: it matches tokens of each',
  ]);
  assert.deepEqual(warnings(issuers('required', 'none')), [
    '5 /grants/0/callers/0 names none of the 2 issuers: it matches tokens of each',
    `5 /grants/0/callers/1 matches nobody: tokens of ${two} need no scope, so all must add another condition`,
    `7 /exceptions/0/callers/0 matches nobody: tokens of ${two} need no scope, so all must add a condition on another claim than iss and aud`,
  ]);
});

test('the effective policy contains the contact, if there is one', () => {
  const policy = policyOf(`${head}contact: "#network-access"\n`);
  const effective = effectivePolicy(policy, { issuer: one, subject: 's', claims: {} }, at);
  assert.equal(effective.contact, '#network-access');
  const without = effectivePolicy(policyOf(head), { issuer: one, subject: 's', claims: {} }, at);
  assert.ok(!('contact' in without));
});
