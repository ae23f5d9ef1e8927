// The lists of one policy that stand in files beside it: each is read once, in the order in which the text names them, and
// every fault is kept with its place. Refuses to look at a file that is not beside the policy.

import { type CidrListFault, readCidrList } from '../../net/cidr-list.ts';
import { type NetworkList, networkListOf } from '../../net/network-list.ts';
import { readVpcTable, type VpcTable } from '../../net/vpc-registry.ts';
import type { PolicyFault } from '../engine/policy-data.ts';
import { type CidrsDocument, listFileName } from './document.ts';
import type { Path, Places } from './place.ts';
import type { PolicyFile } from './policy-version.ts';

export interface ListSource {
  /** The path of the policy, as faults name it. */
  readonly path: string;
  /** The bytes of a file beside the policy, or the reason why there are none. */
  readonly readList: (name: string) => Uint8Array | string;
}

interface ListFile {
  readonly bytes: Uint8Array;
  readonly list: NetworkList;
  readonly vpcs: VpcTable | undefined;
  readonly faults: readonly CidrListFault[];
}

export class Lists {
  readonly faults: PolicyFault[] = [];
  /** Faults of lists that only expired exceptions name. */
  readonly warnings: PolicyFault[] = [];
  readonly #files = new Map<string, ListFile | string>();

  /** `raw` is what the text says, whatever else is wrong with it. `isExpired`: is this place in an exception without effect? */
  constructor(
    { path, readList }: ListSource,
    raw: unknown,
    places: Places,
    isExpired: (at: Path) => boolean,
  ) {
    const named = filesNamedIn(raw, []);
    const needed = new Set(named.filter(({ at }) => !isExpired(at)).map(({ file }) => file));
    for (const { file, at } of named) {
      const known = this.#files.get(file);
      const read = known ?? readFile(readList(file), isRegistry(at));
      this.#files.set(file, read);
      const reported = needed.has(file) ? this.faults : this.warnings;
      const fault = faultOf(read, at);
      if (fault !== undefined) reported.push(places.at(at, fault));
      else if (known === undefined && typeof read !== 'string') {
        const list = path.replace(/[^/]*$/, file);
        reported.push(...read.faults.map((fault) => ({ file: list, column: 1, member: '', ...fault })));
      }
    }
  }

  /** In the order of the text; a file that is named more than once counts where it is named first. */
  get files(): readonly string[] {
    return [...this.#files.keys()];
  }

  /** Those that could be read, in that order. */
  contents(): readonly PolicyFile[] {
    return [...this.#files].flatMap(([name, file]) =>
      typeof file === 'string' ? [] : [{ name, bytes: file.bytes }],
    );
  }

  resolve(document: CidrsDocument): NetworkList {
    if (Array.isArray(document)) return networkListOf(document);
    const file = this.#files.get(document.file);
    return typeof file === 'object' ? file.list : networkListOf([]);
  }

  vpcs(document: { readonly file: string } | undefined): VpcTable | undefined {
    const file = document && this.#files.get(document.file);
    return typeof file === 'object' ? file.vpcs : undefined;
  }
}

function readFile(bytes: Uint8Array | string, asRegistry: boolean): ListFile | string {
  if (typeof bytes === 'string') return bytes;
  if (!asRegistry) return { bytes, vpcs: undefined, ...readCidrList(bytes) };
  const { table, faults } = readVpcTable(bytes);
  return { bytes, vpcs: table, list: networkListOf([]), faults };
}

const isRegistry = (at: Path): boolean => at[0] === 'vpcs';

/** What is wrong with the file as a whole, for the place that names it. */
function faultOf(read: ListFile | string, at: Path): string | undefined {
  if (typeof read === 'string') return `cannot be read (${read})`;
  if ((read.vpcs !== undefined) !== isRegistry(at))
    return 'names a file that is read as another kind of list elsewhere';
  const count = read.vpcs?.offsets.length ?? read.list.count;
  if (read.faults.length > 0 || count > 0 || mayBeEmpty(at)) return undefined;
  return `names a list without a ${isRegistry(at) ? 'VPC' : 'network'}: it would refuse every request`;
}

/** A list of what is allowed refuses everything when it is empty, one of what is forbidden does not. */
const mayBeEmpty = (at: Path): boolean => at.includes('forbiddenCidrs');

function filesNamedIn(value: unknown, path: Path): { readonly file: string; readonly at: Path }[] {
  if (typeof value !== 'object' || value === null) return [];
  const { file } = value as { file?: unknown };
  const isList =
    (path.length === 1 && isRegistry(path)) || path.at(-1) === 'cidrs' || path.at(-1) === 'forbiddenCidrs';
  if (isList && typeof file === 'string')
    return listFileName.test(file) ? [{ file, at: [...path, 'file'] }] : [];
  return Object.entries(value).flatMap(([name, inner]) => filesNamedIn(inner, [...path, name]));
}
