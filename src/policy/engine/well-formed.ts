// What a question must be made of before any rule looks at it. Requests, tests and records are checked where they are
// read; what has got past that somehow is refused here, in report mode, too.
import { type Ipv4Network, networkIn } from '../../net/ipv4.ts';
import type { Question, Violation, ViolationCode } from './decision.ts';

type Values = Readonly<Record<string, unknown>>;

const actions: readonly unknown[] = ['create', 'list', 'delete', 'inspect'];
const isText = (value: unknown): boolean => typeof value === 'string';

/** Only list and inspect may be about any cluster. */
const namesCluster = (action: unknown, clusterId: unknown): boolean =>
  isText(clusterId) || (clusterId === undefined && (action === 'list' || action === 'inspect'));

/** The block that a question is about, where it is about one, or everything that keeps it from being a question. */
export function readQuestion(question: Question): Ipv4Network | undefined | readonly Violation[] {
  const { action, clusterId, peering, existing } = membersOf(question);
  const { accountId, region, cidrBlock, isSecureConnection } = membersOf(peering ?? existing);
  const withoutBlock = peering === undefined && action !== 'create';
  const block = withoutBlock ? undefined : networkIn(cidrBlock);
  const hasCluster = namesCluster(action, clusterId);
  const isNetwork = withoutBlock || block !== undefined;
  const faults: Violation[] = [];
  const expect = (holds: boolean, code: ViolationCode, field: string, description: string) => {
    if (!holds) faults.push({ code, field, rule: 'guardrails', description, allowed: [] });
  };
  expect(actions.includes(action), 'action_not_allowed', '', 'The action is none that there is.');
  expect(hasCluster, 'cluster_not_allowed', '/clusterId', 'The cluster is not named by its id.');
  expect(isNetwork, 'cidr_not_allowed', '/cidrBlock', 'The block is not an IPv4 network.');
  if (!withoutBlock || existing !== undefined) {
    expect(isText(accountId), 'account_not_allowed', '/accountId', 'The account is not named by its id.');
    expect(isText(region), 'region_not_allowed', '/region', 'The region is not named.');
  }
  const isBoolean = withoutBlock || typeof isSecureConnection === 'boolean';
  expect(isBoolean, 'insecure_connection', '/isSecureConnection', 'It is neither true nor false.');
  return faults.length === 0 ? block : faults;
}

const membersOf = (value: unknown): Values =>
  typeof value === 'object' && value !== null ? (value as Values) : {};
