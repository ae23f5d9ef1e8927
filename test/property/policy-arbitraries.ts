// Policies and requests from a world so small that they meet: a few accounts, regions and clusters, 128 addresses.
import fc from 'fast-check';
import type { RawPolicy, RawQuestion } from './policy-oracle.ts';

const accounts = ['111111111111', '222222222222', '333333333333'];
const regions = ['us-east-1', 'eu-west-1', 'us-gov-west-1'];
const clusters = ['6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11', 'B27D1F60-93C8-4F0E-8A55-7D1C2E9F4A22'];
const vpcs = ['vpc-0123456789abcdef0', 'vpc-01234567'];
const actions = ['create', 'list', 'delete'] as const;
/** When exceptions expire and requests come. */
const moments = [0, 1, 2].map((day) => Date.UTC(2027, 0, 1 + day));

const some = (values: readonly string[]) => fc.subarray([...values], { minLength: 1 });
const maybe = <T>(name: string, value: fc.Arbitrary<T>) =>
  fc.option(value, { nil: undefined }).map((given) => (given === undefined ? {} : { [name]: given }));
const all = (...parts: fc.Arbitrary<object>[]) =>
  fc.tuple(...parts).map((given) => Object.assign({}, ...given) as object);

export const block = fc
  .tuple(fc.integer({ min: 25, max: 32 }), fc.nat(127))
  .map(([prefix, host]) => `10.0.0.${host - (host % 2 ** (32 - prefix))}/${prefix}`);
const blocks = fc.array(block, { minLength: 1, maxLength: 5 });
const prefixLength = fc
  .tuple(fc.integer({ min: 24, max: 32 }), fc.integer({ min: 24, max: 32 }))
  .map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) }));
const secureConnection = fc.constantFrom('required', 'optional');

const caller = fc.constantFrom<object>(
  { claim: 'sub', equals: 'svc-a' },
  { claim: 'sub', equals: 'svc-*' },
  { claim: 'sub', equals: 'svc-b*' },
  { claim: 'groups', contains: 'net' },
  { claim: 'groups', equals: 'net' },
  { claim: '/realm/roles', contains: 'net' },
  { claim: '/realm/level', equals: 3 },
  { claim: 'admin', equals: true },
);
const condition = fc.oneof(
  caller,
  fc.constantFrom<object>(
    { claim: 'iss', equals: 'https://one.example' },
    { claim: 'iss', equals: 'https://two.example' },
    { claim: 'iss', equals: 'https://*' },
    { claim: 'iss', equals: 'https://one.example', exact: true },
    { claim: '/iss', equals: 'https://one.example' },
    { claim: 'aud', contains: 'peergate' },
    { claim: 'sub', equals: '*' },
    { claim: 'sub', equals: 'svc-*', exact: true },
    { claim: 'groups', contains: '*', exact: true },
    { claim: 'sub', equals: 'svc-b', exact: false },
  ),
);
const combined = fc.array(condition, { minLength: 1, maxLength: 3 }).map((all) => ({ all }));
const bound = fc
  .tuple(fc.constantFrom('https://one.example', 'https://two.example'), condition)
  .map(([equals, other]) => ({ all: [{ claim: 'iss', equals }, other] }));
const listOf = (one: fc.Arbitrary<object>) => fc.array(one, { minLength: 1, maxLength: 2 });

/** What the language has had from its beginning, and what came later. */
interface Language {
  readonly callers: fc.Arbitrary<object[]>;
  readonly grantParts: readonly fc.Arbitrary<object>[];
  readonly exceptionParts: readonly fc.Arbitrary<object>[];
}
const first: Language = { callers: listOf(caller), grantParts: [], exceptionParts: [] };

const narrower = [
  maybe('clusters', some(clusters)),
  maybe('accounts', some(accounts)),
  maybe('regions', some(regions)),
  maybe('cidrs', blocks),
];

const guardrails = all(
  fc.record({
    accounts: some(accounts),
    regions: some(regions),
    cidrs: blocks,
    prefixLength,
    secureConnection,
  }),
  fc.array(block, { maxLength: 2 }).map((forbiddenCidrs) => ({ forbiddenCidrs })),
);
const allowances = all(
  ...narrower,
  maybe('prefixLength', prefixLength),
  maybe('secureConnection', secureConnection),
).filter((given) => Object.keys(given).length > 0);

const grantIn = ({ callers, grantParts }: Language) =>
  all(fc.record({ callers, actions: some(actions) }), ...narrower, ...grantParts);
const exceptionIn = ({ callers, exceptionParts }: Language) =>
  all(
    fc.record({
      callers,
      allows: allowances,
      expires: fc.constantFrom(...moments).map((time) => new Date(time).toISOString()),
    }),
    maybe('actions', some(actions)),
    ...exceptionParts,
  );

/** Accounts from a claim need callers that name their issuer. */
const proven = fc.record({
  callers: listOf(fc.oneof(bound, fc.constant({ claim: 'iss', equals: 'https://one.example' }))),
  accounts: fc.constantFrom('account', '/realm/account').map((fromClaim) => ({ fromClaim })),
});
const only = all(...narrower, maybe('vpcs', some(vpcs))).filter((given) => Object.keys(given).length > 0);
/** Often `deleteOwn` without `delete`, so that the creator matters. */
const wholeActions = fc.oneof(some([...actions, 'deleteOwn']), fc.constant(['create', 'deleteOwn']));
const whole: Language = {
  callers: listOf(fc.oneof(condition, combined, bound, bound)),
  grantParts: [fc.oneof(fc.constant({}), proven), maybe('actions', wholeActions)],
  exceptionParts: [maybe('only', only)],
};

const withIds = (prefix: string) => (rules: readonly object[]) =>
  rules.map((rule, index) => ({ id: `${prefix}${index}`, ...rule }));

const policyIn = (language: Language) =>
  fc
    .record({
      mode: fc.constantFrom('enforce', 'report'),
      guardrails,
      grants: fc.option(fc.array(grantIn(language), { minLength: 1, maxLength: 4 }).map(withIds('grant')), {
        nil: undefined,
      }),
      exceptions: fc.array(exceptionIn(language), { maxLength: 3 }).map(withIds('exception')),
    })
    .map(
      (policy) =>
        ({ version: 1, organization: 'acme', ...policy }) as unknown as RawPolicy & { mode: string },
    );

/** As it stands in a file: JSON is YAML. */
export const rawPolicy = policyIn(first);

/** The same with combined conditions, accounts from claims and narrowed exceptions. */
export const wholePolicy = policyIn(whole);

const claims = all(
  maybe('sub', fc.constantFrom('svc-a', 'svc-b', 'svc-bc', 'other')),
  maybe('groups', fc.constantFrom<unknown>('net', 'ops net', ['ops', 'net'], ['network'], 3)),
  maybe(
    'realm',
    fc.constantFrom<unknown>({ roles: ['net'] }, { level: 3 }, { roles: 'net', level: '3' }, null),
  ),
  maybe('admin', fc.constantFrom<unknown>(true, 'true', 1)),
);

const issued = all(
  claims,
  fc.record({ iss: fc.constantFrom('https://one.example', 'https://two.example', 'https://other.example') }),
  maybe('aud', fc.constantFrom<unknown>('peergate', ['x', 'peergate'])),
  maybe(
    'account',
    fc.constantFrom<unknown>(
      ...accounts,
      [accounts[0], accounts[1]],
      [accounts[0], 7],
      [],
      '1',
      111111111111,
    ),
  ),
  maybe(
    'realm',
    fc.constantFrom<unknown>({ account: accounts[2] }, { roles: ['net'], account: accounts[0] }),
  ),
  maybe('sub', fc.constantFrom('svc-*', '*', 'svc-b')),
);

const place = {
  vpcId: fc.constantFrom(...vpcs),
  cidrBlock: block,
  accountId: fc.constantFrom(...accounts),
  region: fc.constantFrom(...regions),
};

/** `existing`: where the peering lies that a delete is about. */
const questionBy = (
  asking: fc.Arbitrary<object>,
  withoutScopes: fc.Arbitrary<boolean | undefined>,
  existing: fc.Arbitrary<object | undefined>,
) =>
  fc
    .record({
      claims: asking,
      withoutScopes,
      at: fc.constantFrom(...moments, ...moments.map((time) => time - 1)),
      action: fc.constantFrom('create', 'create', 'create', ...actions),
      clusterId: fc.constantFrom(...clusters).map((id) => id.toLowerCase()),
      peering: fc.record({ ...place, isSecureConnection: fc.boolean() }),
      existing,
    })
    .map(({ peering, existing, ...asked }) => {
      if (asked.action === 'create') return { ...asked, peering: { ...peering, clusterId: asked.clusterId } };
      return asked.action === 'delete' && existing !== undefined ? { ...asked, existing } : asked;
    }) as fc.Arbitrary<RawQuestion & { action: (typeof actions)[number] }>;

export const question = questionBy(claims, fc.constant(undefined), fc.constant(undefined));

/** By callers of several issuers, some of which have no scopes. */
const owned = fc.option(fc.boolean(), { nil: undefined });
export const issuedQuestion = questionBy(
  issued,
  fc.constantFrom(true, false),
  fc.option(fc.record({ ...place, isOwn: owned }), { nil: undefined }),
);
