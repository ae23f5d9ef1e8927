// The lists of one policy that stand in files beside it: each is read once, in the order in which the text names them, and
// every fault is kept with its place. Refuses to look at a file that is not beside the policy.
import { type CidrListFault, readCidrList } from '../net/cidr-list.ts';
import { type NetworkList, networkListOf } from '../net/network-list.ts';
import { type CidrsDocument, listFileName } from './document.ts';
import type { Path, Places } from './place.ts';
import type { PolicyFault } from './policy-data.ts';
import type { PolicyFile } from './version.ts';

/** The bytes of a file beside the policy, or the reason why there are none. */
export type ReadList = (name: string) => Uint8Array | string;

interface ListFile {
  readonly bytes: Uint8Array;
  readonly list: NetworkList;
  readonly faults: readonly CidrListFault[];
}

export class Lists {
  readonly faults: PolicyFault[] = [];
  readonly #files = new Map<string, ListFile | string>();

  /** `raw` is what the text says, whatever else is wrong with it; `path` that of the policy. */
  constructor(path: string, readList: ReadList, raw: unknown, places: Places) {
    for (const { file, at } of filesNamedIn(raw, [])) {
      const known = this.#files.get(file);
      const read = known ?? readFile(readList(file));
      this.#files.set(file, read);
      if (typeof read === 'string') this.faults.push(places.at(at, `cannot be read (${read})`));
      else if (read.faults.length === 0 && read.list.count === 0 && !mayBeEmpty(at))
        this.faults.push(places.at(at, 'names a list without a network: it would refuse every request'));
      else if (known === undefined) {
        const list = path.replace(/[^/]*$/, file);
        for (const fault of read.faults) this.faults.push({ file: list, column: 1, member: '', ...fault });
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
}

const readFile = (bytes: Uint8Array | string): ListFile | string =>
  typeof bytes === 'string' ? bytes : { bytes, ...readCidrList(bytes) };

/** A list of what is allowed refuses everything when it is empty, one of what is forbidden does not. */
const mayBeEmpty = (at: Path): boolean => at.includes('forbiddenCidrs');

function filesNamedIn(value: unknown, path: Path): { readonly file: string; readonly at: Path }[] {
  if (typeof value !== 'object' || value === null) return [];
  const { file } = value as { file?: unknown };
  const isList = path.at(-1) === 'cidrs' || path.at(-1) === 'forbiddenCidrs';
  if (isList && typeof file === 'string')
    return listFileName.test(file) ? [{ file, at: [...path, 'file'] }] : [];
  return Object.entries(value).flatMap(([name, inner]) => filesNamedIn(inner, [...path, name]));
}
