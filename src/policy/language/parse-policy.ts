// From a policy's bytes, and those of the lists that it names, to plain data, or to every fault in them with its place.
// Reads no file itself. A policy with any fault is refused whole.
import { CidrSet } from '../../net/cidr-set.ts';
import type { ExceptionData, GrantData, PolicyData, PolicyFault, ReadPolicy } from '../engine/policy-data.ts';
import { duplicateIds, expiredExceptions, isInExpired } from './cross-checks.ts';
import { type CidrsDocument, type PolicyDocument, policyDocument } from './document.ts';
import { callersWithoutIssuer, warnAboutIssuers } from './issuer-checks.ts';
import { type ListSource, Lists } from './lists.ts';
import type { Places } from './place.ts';
import { policyVersion } from './policy-version.ts';
import { readYaml } from './read-yaml.ts';
import { unknownPartitions } from './region-checks.ts';
import { creatorsNotShared, type KnownSettings, limitsNotCounted } from './settings-checks.ts';

/** A policy file and a way to the files beside it. */
interface PolicySource extends ListSource {
  readonly bytes: Uint8Array;
}

/**
 * `now`: milliseconds since the epoch, for the warnings about exceptions that have expired. `settings`: those of the
 * gateway that is to load the policy.
 */
export function parsePolicy(source: PolicySource, now: number, settings: KnownSettings = {}): ReadPolicy {
  const policyFile = { name: '', bytes: source.bytes };
  const read = readYaml(source.path, source.bytes, policyDocument);
  if (read.places === undefined)
    return { faults: read.faults, version: policyVersion([policyFile]), files: [] };
  const { raw, places } = read;
  const lists = new Lists(source, raw, places, (at) => isInExpired(raw, at, now));
  const { files } = lists;
  const version = policyVersion([policyFile, ...lists.contents()]);
  const faults = oneForEachPlace([
    ...(read.faults ?? []),
    ...duplicateIds(raw, places),
    ...callersWithoutIssuer(raw, places),
    ...limitsNotCounted(raw, places, settings),
    ...lists.faults,
  ]);
  if (read.faults !== undefined || faults.length > 0) return { faults, version, files };
  const data = resolve(read.value, lists, version);
  const warnings = [
    ...expiredExceptions(raw, places, now),
    ...lists.warnings,
    ...widerGrants(data, places),
    ...unknownPartitions(data, places),
    ...warnAboutIssuers(data, places, settings.issuers ?? []),
    ...creatorsNotShared(data, places, settings),
  ];
  return { data, warnings, files };
}

/** Of several faults of one member the first is the cause. */
function oneForEachPlace(faults: readonly PolicyFault[]): PolicyFault[] {
  const known = new Map<string, PolicyFault>();
  for (const fault of faults) {
    const { file, line, column, member } = fault;
    const place = [file, line, column, member].join(' ');
    if (!known.has(place)) known.set(place, fault);
  }
  return [...known.values()];
}

function resolve(document: PolicyDocument, lists: Lists, version: string): PolicyData {
  const { guardrails } = document;
  return {
    organization: document.organization,
    contact: document.contact,
    version,
    mode: document.mode,
    vpcs: lists.vpcs(document.vpcs),
    guardrails: {
      ...guardrails,
      cidrs: lists.resolve(guardrails.cidrs),
      forbiddenCidrs: lists.resolve(guardrails.forbiddenCidrs),
    },
    grants: document.grants?.map(
      ({ accounts, cidrs, ...grant }): GrantData => ({
        ...grant,
        ...(Array.isArray(accounts) ? { accounts } : { accountsFromClaim: accounts?.fromClaim }),
        cidrs: cidrs && lists.resolve(cidrs),
      }),
    ),
    exceptions: document.exceptions.map((exception): ExceptionData => {
      const { allows, only, expires } = exception;
      const resolved = <Limits extends { readonly cidrs?: CidrsDocument | undefined }>(limits: Limits) => ({
        ...limits,
        cidrs: limits.cidrs && lists.resolve(limits.cidrs),
      });
      return {
        ...exception,
        allows: resolved(allows),
        only: only && resolved(only),
        expires: Date.parse(expires),
      };
    }),
  };
}

/** A grant that names what the guardrails refuse: no harm, but it can never help. */
function widerGrants({ guardrails, grants }: PolicyData, places: Places): PolicyFault[] {
  const accounts = new Set(guardrails.accounts);
  const regions = new Set(guardrails.regions);
  const addresses = new CidrSet(guardrails.cidrs.ranges);
  const widerMembers = (grant: GrantData) => [
    ...(grant.accounts?.every((account) => accounts.has(account)) === false ? ['accounts'] : []),
    ...(grant.regions?.every((region) => regions.has(region)) === false ? ['regions'] : []),
    ...(grant.cidrs && !addresses.includes(new CidrSet(grant.cidrs.ranges)) ? ['cidrs'] : []),
  ];
  return (grants ?? []).flatMap((grant, index) =>
    widerMembers(grant).map((member) =>
      places.at(['grants', index, member], 'is wider than the guardrails, which refuse the rest'),
    ),
  );
}
