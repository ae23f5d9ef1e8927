// Policies and requests from a world so small that they meet: a few accounts, regions and clusters, 128 addresses.
import fc from 'fast-check';
import type { RawPolicy, RawQuestion } from './policy-oracle.ts';

const accounts = ['111111111111', '222222222222', '333333333333'];
const regions = ['us-east-1', 'eu-west-1', 'us-gov-west-1'];
const clusters = ['6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11', 'B27D1F60-93C8-4F0E-8A55-7D1C2E9F4A22'];
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
const callers = fc.array(caller, { minLength: 1, maxLength: 2 });
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
const grant = all(fc.record({ callers, actions: some(actions) }), ...narrower);
const allowances = all(
  ...narrower,
  maybe('prefixLength', prefixLength),
  maybe('secureConnection', secureConnection),
).filter((given) => Object.keys(given).length > 0);
const exception = all(
  fc.record({
    callers,
    allows: allowances,
    expires: fc.constantFrom(...moments).map((time) => new Date(time).toISOString()),
  }),
  maybe('actions', some(actions)),
);

const withIds = (prefix: string) => (rules: readonly object[]) =>
  rules.map((rule, index) => ({ id: `${prefix}${index}`, ...rule }));

/** As it stands in a file: JSON is YAML. */
export const rawPolicy = fc
  .record({
    mode: fc.constantFrom('enforce', 'report'),
    guardrails,
    grants: fc.option(fc.array(grant, { minLength: 1, maxLength: 4 }).map(withIds('grant')), {
      nil: undefined,
    }),
    exceptions: fc.array(exception, { maxLength: 3 }).map(withIds('exception')),
  })
  .map(
    (policy) => ({ version: 1, organization: 'acme', ...policy }) as unknown as RawPolicy & { mode: string },
  );

const claims = all(
  maybe('sub', fc.constantFrom('svc-a', 'svc-b', 'svc-bc', 'other')),
  maybe('groups', fc.constantFrom<unknown>('net', 'ops net', ['ops', 'net'], ['network'], 3)),
  maybe(
    'realm',
    fc.constantFrom<unknown>({ roles: ['net'] }, { level: 3 }, { roles: 'net', level: '3' }, null),
  ),
  maybe('admin', fc.constantFrom<unknown>(true, 'true', 1)),
);

export const question = fc
  .record({
    claims,
    at: fc.constantFrom(...moments, ...moments.map((time) => time - 1)),
    action: fc.constantFrom('create', 'create', 'create', ...actions),
    clusterId: fc.constantFrom(...clusters).map((id) => id.toLowerCase()),
    peering: fc.record({
      vpcId: fc.constant('vpc-0123456789abcdef0'),
      cidrBlock: block,
      accountId: fc.constantFrom(...accounts),
      region: fc.constantFrom(...regions),
      isSecureConnection: fc.boolean(),
    }),
  })
  .map(({ peering, ...asked }) =>
    asked.action === 'create' ? { ...asked, peering: { ...peering, clusterId: asked.clusterId } } : asked,
  ) as fc.Arbitrary<RawQuestion & { action: (typeof actions)[number] }>;
