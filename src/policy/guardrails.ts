// The rules that every create must be inside of, whoever asks. Reports everything that is outside, never only the first.
import { CidrSet } from '../net/cidr-set.ts';
import { formatIpv4Network, type Ipv4Network } from '../net/ipv4.ts';
import type { Allowed, PeeringRequest, Violation, ViolationCode } from './decision.ts';
import type { GuardrailsDocument } from './document.ts';

/** At most so many values are named as `allowed`; the description says how many there are. */
const mostNamed = 20;
const rule = 'guardrails';

export type CheckGuardrails = (request: PeeringRequest, block: Ipv4Network) => Violation[];

/** Prepares the guardrails once; the check itself takes no time that grows with the lists. */
export function compileGuardrails(document: GuardrailsDocument): CheckGuardrails {
  const { accounts, regions, cidrs, forbiddenCidrs, prefixLength, secureConnection } = document;
  const accountSet = new Set(accounts);
  const regionSet = new Set(regions);
  const allowedBlocks = new CidrSet(cidrs);
  const forbiddenBlocks = new CidrSet(forbiddenCidrs);
  const { min, max } = prefixLength;
  const cidrNames = name(cidrs);
  const allow = {
    accounts: accounts.slice(0, mostNamed),
    regions: regions.slice(0, mostNamed),
    cidrs: cidrNames,
    forbidden: { outside: name(forbiddenCidrs) },
  };
  const all = {
    accounts: listed(allow.accounts, accounts.length),
    regions: listed(allow.regions, regions.length),
    cidrs: listed(cidrNames, cidrs.length),
    forbidden: listed(allow.forbidden.outside, forbiddenCidrs.length),
  };

  return (request, block) => {
    const found: Violation[] = [];
    const report = (code: ViolationCode, field: string, description: string, allowed: Allowed) =>
      found.push({ code, field, rule, description, allowed });
    if (!accountSet.has(request.accountId)) {
      const text = `Account ${request.accountId} may not be peered. Allowed: ${all.accounts}.`;
      report('account_not_allowed', '/accountId', text, allow.accounts);
    }
    if (!regionSet.has(request.region)) {
      const text = `Region ${request.region} may not be peered. Allowed: ${all.regions}.`;
      report('region_not_allowed', '/region', text, allow.regions);
    }
    if (!allowedBlocks.contains(block)) {
      const text = `${request.cidrBlock} is not inside the allowed blocks. Allowed: inside ${all.cidrs}.`;
      report('cidr_not_allowed', '/cidrBlock', text, allow.cidrs);
    }
    if (forbiddenBlocks.overlaps(block)) {
      const text = `${request.cidrBlock} overlaps a forbidden block. Allowed: outside ${all.forbidden}.`;
      report('cidr_forbidden', '/cidrBlock', text, allow.forbidden);
    }
    if (block.prefix < min || block.prefix > max) {
      const text = `A prefix length of ${block.prefix} is not allowed. Allowed: ${min} to ${max}.`;
      report('prefix_length', '/cidrBlock', text, { min, max });
    }
    if (secureConnection === 'required' && !request.isSecureConnection) {
      report(
        'insecure_connection',
        '/isSecureConnection',
        'A secure connection is required. Allowed: true.',
        [true],
      );
    }
    return found;
  };
}

const name = (networks: readonly Ipv4Network[]): string[] =>
  networks.slice(0, mostNamed).map(formatIpv4Network);

const listed = (named: readonly string[], total: number): string =>
  named.join(', ') + (total > named.length ? ` and ${total - named.length} more` : '');
