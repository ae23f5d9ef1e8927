// From a policy's bytes, and those of the lists that it names, to plain data, or to every fault in them with its place.
// Reads no file itself. A policy with any fault is refused whole.
import { CidrSet } from '../net/cidr-set.ts';
import { duplicateIds, expiredExceptions } from './cross-checks.ts';
import { type PolicyDocument, policyDocument } from './document.ts';
import { Lists, type ReadList } from './lists.ts';
import type { Places } from './place.ts';
import type {
  ExceptionData,
  GrantData,
  GuardrailsData,
  PolicyData,
  PolicyFault,
  ReadPolicy,
} from './policy-data.ts';
import { readYaml } from './read-yaml.ts';
import { policyVersion } from './version.ts';

/** A policy file and a way to the files beside it. */
export interface PolicySource {
  /** As faults name it. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly readList: ReadList;
}

export interface ReadOptions {
  readonly now: number;
  /**
   * An exception that has expired is a fault where somebody has just written it, and a warning where a policy that was
   * good is only taken up again: a restart must not fail because a date has passed.
   */
  readonly expired: 'fault' | 'warning';
  /** The version of a policy that was good, which to read again is no news either. */
  readonly inForce?: string;
}

export function readPolicy(source: PolicySource, options: ReadOptions): ReadPolicy {
  const policyFile = { name: '', bytes: source.bytes };
  const read = readYaml(source.path, source.bytes, policyDocument);
  if (read.places === undefined)
    return { faults: read.faults, version: policyVersion([policyFile]), files: [] };
  const { raw, places } = read;
  const lists = new Lists(source.path, source.readList, raw, places);
  const { files } = lists;
  const version = policyVersion([policyFile, ...lists.contents()]);
  const expired = expiredExceptions(raw, places, options.now);
  const isNews = options.expired === 'fault' && version !== options.inForce;
  const faults = oneForEachPlace([
    ...(read.faults ?? []),
    ...duplicateIds(raw, places),
    ...lists.faults,
    ...(isNews ? expired : []),
  ]);
  if (read.faults !== undefined || faults.length > 0) return { faults, version, files };
  const data = resolve(read.value, lists);
  const warnings = [...(isNews ? [] : expired), ...widerGrants(data, places)];
  return { data: { ...data, version }, warnings, files };
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

function resolve(document: PolicyDocument, lists: Lists): Omit<PolicyData, 'version'> {
  const { guardrails } = document;
  return {
    organization: document.organization,
    mode: document.mode,
    guardrails: {
      ...guardrails,
      cidrs: lists.resolve(guardrails.cidrs),
      forbiddenCidrs: lists.resolve(guardrails.forbiddenCidrs),
    },
    grants: document.grants?.map((grant) => ({ ...grant, cidrs: grant.cidrs && lists.resolve(grant.cidrs) })),
    exceptions: document.exceptions.map((exception): ExceptionData => {
      const { allows, expires } = exception;
      const cidrs = allows.cidrs && lists.resolve(allows.cidrs);
      return { ...exception, allows: { ...allows, cidrs }, expires: Date.parse(expires) };
    }),
  };
}

/** A grant that names what the guardrails refuse: no harm, but it can never help. */
function widerGrants({ guardrails, grants }: Omit<PolicyData, 'version'>, places: Places): PolicyFault[] {
  return (grants ?? []).flatMap((grant, index) =>
    widerMembers(grant, guardrails).map((member) =>
      places.at(['grants', index, member], 'is wider than the guardrails, which refuse the rest'),
    ),
  );
}

function widerMembers(grant: GrantData, guardrails: GuardrailsData): string[] {
  const wider: string[] = [];
  if (grant.accounts?.some((account) => !guardrails.accounts.includes(account))) wider.push('accounts');
  if (grant.regions?.some((region) => !guardrails.regions.includes(region))) wider.push('regions');
  if (grant.cidrs !== undefined) {
    const all = new CidrSet(guardrails.cidrs.ranges);
    if (!all.includes(new CidrSet(grant.cidrs.ranges))) wider.push('cidrs');
  }
  return wider;
}
