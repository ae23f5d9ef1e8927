// The policy of a fuzz run, and what it says, once more and in numbers.
import type { CreateBody } from './create-body.ts';
import type { KnownPeering } from './peerings.ts';
import type { Json } from './tokens.ts';

export const policyText = `
version: 1
organization: acme
guardrails:
  accounts: ["111122223333"]
  regions: [us-east-1, eu-west-1]
  cidrs: [10.0.0.0/8, 172.16.0.0/12]
  forbiddenCidrs: [10.128.0.0/19, 10.129.0.0/24]
  prefixLength: { min: 16, max: 28 }
grants:
  - id: payments
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [create, list, delete]
  - id: readers
    callers: [{ claim: sub, equals: svc-reader }]
    actions: [list]
  - id: network
    callers: [{ claim: /realm_access/roles, contains: network-admins }, { claim: groups, contains: network-admins }]
    actions: [create, list, delete]
    regions: [us-east-1]
`;

export function scopesOf(claims: Json): Set<unknown> {
  const words = ['scope', 'scp', 'permissions', 'roles'].flatMap((name) => {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (typeof value === 'string') return value.split(' ');
    return Array.isArray(value) ? (value as unknown[]) : [];
  });
  return new Set(words);
}

/** `contains` of the policy: an element, or a word. */
function contains(value: unknown, word: string): boolean {
  return typeof value === 'string'
    ? value.split(' ').includes(word)
    : Array.isArray(value) && value.includes(word);
}

function isNetworkAdmin(claims: Json): boolean {
  const access = claims['realm_access'];
  const nested = typeof access === 'object' && access !== null ? (access as Json)['roles'] : undefined;
  return contains(nested, 'network-admins') || contains(claims['groups'], 'network-admins');
}

export const mayList = (claims: Json): boolean =>
  claims['sub'] === 'svc-payments' || claims['sub'] === 'svc-reader' || isNetworkAdmin(claims);

export function mayCreate(claims: Json, { values, first, prefix }: CreateBody): boolean {
  const { accountId, region, isSecureConnection } = values;
  const size = 2 ** (32 - prefix);
  const within = (start: number, length: number) => first >= start && first + size <= start + length;
  const touches = (start: number, length: number) => first < start + length && start < first + size;
  const ten = 10 * 2 ** 24;
  const inside = within(ten, 2 ** 24) || within(172 * 2 ** 24 + 16 * 2 ** 16, 2 ** 20);
  const forbidden = touches(ten + 128 * 2 ** 16, 2 ** 13) || touches(ten + 129 * 2 ** 16, 2 ** 8);
  const guarded =
    accountId === '111122223333' &&
    (region === 'us-east-1' || region === 'eu-west-1') &&
    isSecureConnection &&
    inside &&
    !forbidden &&
    prefix >= 16 &&
    prefix <= 28;
  return guarded && (claims['sub'] === 'svc-payments' || (isNetworkAdmin(claims) && region === 'us-east-1'));
}

/** May it delete anything at all? */
export const mayDelete = (claims: Json): boolean =>
  claims['sub'] === 'svc-payments' || isNetworkAdmin(claims);

export function mayDeleteThis(claims: Json, { accountId, region }: KnownPeering): boolean {
  const guarded = accountId === '111122223333' && (region === 'us-east-1' || region === 'eu-west-1');
  return guarded && (claims['sub'] === 'svc-payments' || (isNetworkAdmin(claims) && region === 'us-east-1'));
}
