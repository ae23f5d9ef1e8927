// What is suggested for a refused create, to the last member, and why nothing is where nothing can be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../../src/policy/engine/decide.ts';
import type { Question } from '../../../src/policy/engine/decision.ts';
import { claimsFor } from '../../../src/policy/engine/recorded-claims.ts';
import { suggest } from '../../../src/policy/engine/suggest.ts';
import { policyOf } from '../../support/policy.ts';

const clusterId = '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11';
const vpcId = 'vpc-0123456789abcdef0';
const iss = 'https://idp.example';
const at = Date.parse('2026-11-01T00:00:00Z');
const head = `version: 1
organization: acme
guardrails: { accounts: ["111122223333"], regions: [us-east-1], cidrs: [10.0.0.0/8], prefixLength: { min: 16, max: 24 }, forbiddenCidrs: [10.129.0.0/24] }
`;
const granting = (more = '', callers = '{ claim: sub, equals: svc }') =>
  policyOf(`${head}grants: [{ id: g, callers: [${callers}], actions: [create, list]${more} }]\n`);
const open = policyOf(head);

interface Asked {
  readonly withoutScopes?: boolean;
  readonly peering?: object | undefined;
  readonly claims?: Record<string, unknown>;
  readonly action?: 'create' | 'delete' | 'list';
  readonly existing?: { accountId: string; region: string };
  readonly truncated?: boolean;
}

/** The record of what `policy` decided, as `src/audit/record/` makes it. */
function recordOf(
  policy: typeof open,
  { peering, claims = {}, action = 'create', existing, truncated, withoutScopes = false }: Asked = {},
) {
  const all = { iss, sub: 'svc', ...claims };
  const values = {
    clusterId,
    vpcId,
    cidrBlock: '10.20.4.0/24',
    accountId: '111122223333',
    region: 'us-east-1',
    isSecureConnection: true,
    ...peering,
  };
  const question: Question = {
    claims: all,
    withoutScopes,
    at,
    action,
    clusterId,
    ...(action === 'create' ? { peering: values } : { existing }),
  };
  const recorded = Object.entries(claimsFor(policy, all) ?? {});
  return {
    start_time: at,
    metadata: { event_code: `peering.${action}.refused`, ...(truncated ? { is_truncated: true } : {}) },
    actor: { user: { uid: String(all.sub) }, idp: { name: String(all.iss) } },
    api: { request: { data: action === 'create' ? values : { clusterId, ...existing } } },
    unmapped: {
      claims: Object.fromEntries(recorded.filter(([, value]) => value !== null)),
      absentClaims: recorded.filter(([, value]) => value === null).map(([name]) => name),
      withoutScopes,
      decision: decide(policy, question),
    },
  };
}

const ownCallers = [
  {
    all: [
      { claim: 'iss', equals: iss },
      { claim: 'sub', equals: 'svc', exact: true },
    ],
  },
];
const suggested = (policy: typeof open, asked: Asked) => {
  const suggestion = suggest(policy, recordOf(policy, asked));
  assert.ok(typeof suggestion === 'object', String(suggestion));
  return suggestion;
};

const widening: readonly (readonly [what: string, peering: object, allows: object, more?: string])[] = [
  ['the account', { accountId: '999999999999' }, { accounts: ['999999999999'] }],
  ['the region', { region: 'eu-west-1' }, { regions: ['eu-west-1'] }],
  ['the block', { cidrBlock: '192.168.0.0/24' }, { cidrs: ['192.168.0.0/24'] }],
  ['the length of the block', { cidrBlock: '10.20.4.0/27' }, { prefixLength: { min: 27, max: 27 } }],
  ['the connection', { isSecureConnection: false }, { secureConnection: 'optional' }],
  ['the cluster', {}, { clusters: [clusterId] }, ', clusters: [b27d1f60-93c8-4f0e-8a55-7d1c2e9f4a22]'],
  [
    'everything',
    {
      accountId: '999999999999',
      region: 'eu-west-1',
      cidrBlock: '192.168.0.0/27',
      isSecureConnection: false,
    },
    {
      accounts: ['999999999999'],
      regions: ['eu-west-1'],
      cidrs: ['192.168.0.0/27'],
      prefixLength: { min: 27, max: 27 },
      secureConnection: 'optional',
    },
  ],
];

for (const [what, peering, allows, more] of widening) {
  test(`where ${what} is not allowed, the exception allows just that, to this caller and for this request`, () => {
    const suggestion = suggested(granting(more), { peering });
    const { accountId, region, cidrBlock } = suggestion.question.peering;
    assert.deepEqual(suggestion.allows, allows);
    assert.deepEqual(suggestion.callers, ownCallers);
    assert.deepEqual(suggestion.only, {
      clusters: [clusterId],
      vpcs: [vpcId],
      accounts: [accountId],
      regions: [region],
      cidrs: [cidrBlock],
    });
    assert.equal(suggestion.grant, undefined);
  });
}

test('a caller without a grant for it gets one that allows nothing by itself, and an exception for the block', () => {
  const place = {
    clusters: [clusterId],
    accounts: ['111122223333'],
    regions: ['us-east-1'],
    cidrs: ['0.0.0.0/32'],
  };
  const strangers = granting('', '{ claim: sub, equals: other }');
  const lists = policyOf(
    `${head}grants: [{ id: g, callers: [{ claim: sub, equals: svc }], actions: [list] }]\n`,
  );
  for (const policy of [strangers, lists]) {
    const { grant, allows, only } = suggested(policy, {});
    assert.deepEqual(grant, place);
    assert.deepEqual(allows, { cidrs: ['10.20.4.0/24'] });
    assert.deepEqual(only.cidrs, ['10.20.4.0/24']);
  }
});

test('a policy without grants gets an exception and no grant', () => {
  const { grant, allows } = suggested(open, { peering: { region: 'eu-west-1' } });
  assert.deepEqual([grant, allows], [undefined, { regions: ['eu-west-1'] }]);
});

const abroad = { peering: { region: 'eu-west-1' } };
const theirs = `exceptions: [{ id: CHG-1, callers: [{ claim: sub, equals: svc }], allows: { regions: [eu-north-1] }, expires: 2027-01-01T00:00:00Z }]\n`;
const byTeam = theirs.replace('claim: sub, equals: svc', 'claim: team, equals: net');
const others = (more: string) =>
  policyOf(
    `${head}grants: [{ id: g, callers: [{ claim: sub, equals: other }], actions: [create] }]\n${more}`,
  );
const vpcs = (csv: string) => policyOf(`${head}vpcs: { file: vpcs.csv }\n`, { 'vpcs.csv': csv });

const reasons: readonly (readonly [policy: typeof open, asked: Asked, reason: RegExp])[] = [
  [open, {}, /^the policy allows this request already$/],
  [
    open,
    { peering: { cidrBlock: '10.129.0.0/24' } },
    /^the block, or another one of the VPC, overlaps a forbidden one: no exception lifts forbiddenCidrs$/,
  ],
  [
    vpcs('vpc-01234567,111122223333,us-east-1,10.0.0.0/8\n'),
    {},
    /^the VPC is not in the VPC registry: add it there, if it exists$/,
  ],
  [
    vpcs(`${vpcId},111122223333,eu-west-1,10.0.0.0/8\n`),
    {},
    /^the request contradicts the VPC registry: one of the two is wrong$/,
  ],
  [
    granting(),
    { action: 'delete', existing: { accountId: '111122223333', region: 'us-east-1' } },
    /^an exception can be suggested for a create only$/,
  ],
  [
    policyOf(`${head}grants: [{ id: g, callers: [{ claim: sub, equals: svc }], actions: [deleteOwn] }]\n`),
    { action: 'delete', existing: { accountId: '111122223333', region: 'us-east-1' } },
    /^deleteOwn never covers what others created: a grant with delete would$/,
  ],
  [
    open,
    { withoutScopes: true },
    /^the policy has no grants, and the first one would refuse every other caller$/,
  ],
  [
    granting('', '{ claim: iss, equals: 7 }'),
    { ...abroad, claims: { iss: 7 } },
    /^issuer and subject of the caller cannot be named in a policy$/,
  ],
  [
    granting('', '{ claim: sub, equals: 7 }'),
    { ...abroad, claims: { sub: 7 } },
    /^issuer and subject of the caller cannot be named in a policy$/,
  ],
  [open, { ...abroad, truncated: true }, /^claims are truncated in the record$/],
  [
    granting(', regions: [us-east-1]', '{ claim: team, equals: net }'),
    { ...abroad, claims: { team: ['net', ...Array(100).fill('x')] } },
    /^claims are truncated in the record$/,
  ],
  [
    granting('', '{ claim: name, contains: a }, { claim: sub, equals: svc }'),
    { ...abroad, claims: { name: 'a '.repeat(250) } },
    /^claims are truncated in the record$/,
  ],
  [
    open,
    { ...abroad, claims: { iss: 'https://*.example' } },
    /^issuer and subject of the caller cannot be named in a policy$/,
  ],
  [open, { ...abroad, claims: { sub: 'x'.repeat(501) } }, /^claims are truncated in the record$/],
  [
    others(theirs),
    {},
    /^the caller needs a grant, which the exception CHG-1 would widen further: write it by hand$/,
  ],
  [
    others(byTeam),
    {},
    /^the caller needs a grant, which the exception CHG-1 would widen further: write it by hand$/,
  ],
];

for (const [index, [policy, asked, reason]] of reasons.entries()) {
  test(`nothing is suggested where nothing can be, and the reason is said: ${reason.source.slice(1, 60)} (${index + 1})`, () => {
    const said = suggest(policy, recordOf(policy, asked));
    assert.ok(typeof said === 'string', JSON.stringify(said));
    assert.match(said, reason);
  });
}

test('a record of something else gives a reason, and a claim that the record lacks is named', () => {
  for (const record of [null, undefined, 'text', {}, { metadata: {} }])
    assert.equal(suggest(open, record), 'it is not the record of a request that a policy decided');
  const byClaim = granting('', '{ claim: team, equals: net }, { claim: level, equals: 1 }');
  assert.equal(
    suggest(byClaim, recordOf(open, {})),
    'the record lacks what the policy asks for: team, level',
  );
});

test('an exception to other actions or of other callers keeps none from being suggested', () => {
  const elsewhere = theirs.replace('equals: svc', 'equals: somebody');
  assert.equal(typeof suggested(others(elsewhere), {}), 'object');
  assert.equal(typeof suggested(granting(), abroad), 'object');
  const both = policyOf(
    `${head}grants: [{ id: g, callers: [{ claim: sub, equals: svc }], actions: [create] }]\n${theirs}`,
  );
  assert.deepEqual(suggested(both, abroad).allows, { regions: ['eu-west-1'] });
});
