// From a policy's bytes, and those of the lists that it names, to plain data, or to every fault in them with its place.
// Reads no file itself. A policy with any fault is refused whole.
import { createHash } from 'node:crypto';
import { readCidrList } from '../net/cidr-list.ts';
import { CidrSet } from '../net/cidr-set.ts';
import { type NetworkList, networkListOf } from '../net/network-list.ts';
import { type CidrsDocument, type PolicyDocument, policyDocument } from './document.ts';
import type { Path, Places } from './place.ts';
import type {
  ExceptionData,
  GrantData,
  GuardrailsData,
  PolicyData,
  PolicyFault,
  ReadPolicy,
} from './policy-data.ts';
import { readYaml } from './read-yaml.ts';

/** A policy file and a way to the files beside it; `readList` gives the reason when there is none. */
export interface PolicySource {
  /** As faults name it. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly readList: (name: string) => Uint8Array | string;
}

export interface ReadOptions {
  readonly now: number;
  /**
   * An exception that has expired is a fault where somebody has just written it, and a warning where a policy that was
   * good is only taken up again: a restart must not fail because a date has passed.
   */
  readonly expired: 'fault' | 'warning';
}

export function readPolicy(source: PolicySource, options: ReadOptions): ReadPolicy {
  const read = readYaml(source.path, source.bytes, policyDocument);
  if (read.faults !== undefined) return { faults: read.faults, version: hashOf([source.bytes]), files: [] };
  const lists = new Lists(source, read.places);
  const data = resolve(read.value, lists);
  const files = [...new Set(filesNamedIn(read.raw))];
  const version = hashOf([source.bytes, ...files.flatMap((file) => lists.contentOf(file) ?? [])]);
  const expired = expiredExceptions(read.value, read.places, options.now);
  const faults = [...lists.faults, ...(options.expired === 'fault' ? expired : [])];
  if (faults.length > 0) return { faults, version, files };
  const warnings = [...(options.expired === 'warning' ? expired : []), ...widerGrants(data, read.places)];
  return { data: { ...data, version }, warnings, files };
}

const hashOf = (parts: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** The lists of one policy: those that stand in it, and those in files beside it, each read once. */
class Lists {
  readonly faults: PolicyFault[] = [];
  readonly #source: PolicySource;
  readonly #places: Places;
  readonly #files = new Map<string, { readonly bytes: Uint8Array; readonly list: NetworkList }>();

  constructor(source: PolicySource, places: Places) {
    this.#source = source;
    this.#places = places;
  }

  /** `mayBeEmpty`: a list of what is allowed refuses everything when it is empty, one of what is forbidden does not. */
  resolve(document: CidrsDocument, path: Path, mayBeEmpty = false): NetworkList {
    if (Array.isArray(document)) return networkListOf(document);
    const known = this.#files.get(document.file);
    if (known !== undefined) return known.list;
    const bytes = this.#source.readList(document.file);
    if (typeof bytes === 'string') {
      this.faults.push(this.#places.at([...path, 'file'], `cannot be read (${bytes})`));
      return networkListOf([]);
    }
    const { list, faults } = readCidrList(bytes);
    this.#files.set(document.file, { bytes, list });
    for (const { line, message } of faults) {
      this.faults.push({
        file: beside(this.#source.path, document.file),
        line,
        column: 1,
        member: '',
        message,
      });
    }
    if (list.count === 0 && faults.length === 0 && !mayBeEmpty) {
      this.faults.push(
        this.#places.at([...path, 'file'], 'names a list without a network: it would refuse every request'),
      );
    }
    return list;
  }

  contentOf(file: string): Uint8Array | undefined {
    return this.#files.get(file)?.bytes;
  }
}

const beside = (path: string, file: string): string => path.replace(/[^/]*$/, file);

/** In the order of the text; a file that is named more than once counts where it is named first. */
function filesNamedIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { file } = value as { file?: unknown };
  return typeof file === 'string' ? [file] : Object.values(value).flatMap(filesNamedIn);
}

function resolve(document: PolicyDocument, lists: Lists): Omit<PolicyData, 'version'> {
  const { guardrails } = document;
  const optional = (cidrs: CidrsDocument | undefined, path: Path) =>
    cidrs === undefined ? undefined : lists.resolve(cidrs, path);
  return {
    organization: document.organization,
    mode: document.mode,
    guardrails: {
      ...guardrails,
      cidrs: lists.resolve(guardrails.cidrs, ['guardrails', 'cidrs']),
      forbiddenCidrs: lists.resolve(guardrails.forbiddenCidrs, ['guardrails', 'forbiddenCidrs'], true),
    },
    grants: document.grants?.map((grant, index) => ({
      ...grant,
      cidrs: optional(grant.cidrs, ['grants', index, 'cidrs']),
    })),
    exceptions: document.exceptions.map((exception, index): ExceptionData => {
      const cidrs = optional(exception.allows.cidrs, ['exceptions', index, 'allows', 'cidrs']);
      return { ...exception, allows: { ...exception.allows, cidrs }, expires: Date.parse(exception.expires) };
    }),
  };
}

const expiredExceptions = ({ exceptions }: PolicyDocument, places: Places, now: number): PolicyFault[] =>
  exceptions.flatMap(({ expires }, index) =>
    Date.parse(expires) <= now
      ? [
          places.at(
            ['exceptions', index, 'expires'],
            `is in the past (${expires}): remove the exception or renew it`,
          ),
        ]
      : [],
  );

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
