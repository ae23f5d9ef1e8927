// What the lock file says is installed for production, each package once. Believes the lock file and nothing else: the
// folder of installed packages has those for development, too.
import { readFileSync } from 'node:fs';

export interface LockedPackage {
  /** Its folder, from the root of the repository. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly integrity: string | undefined;
  readonly licence: string | undefined;
}

interface LockEntry {
  readonly name?: string;
  readonly version?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
}

/** Those of the lock file at `path`, by name and then by version. */
export function productionPackages(path = 'package-lock.json'): readonly LockedPackage[] {
  const { packages } = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, LockEntry> };
  return Object.entries(packages)
    .filter(([folder, { dev }]) => folder !== '' && dev !== true)
    .map(([folder, { name, version = '', integrity, license }]) => ({
      path: folder,
      // An alias has its own name beside the folder's.
      name: name ?? folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      integrity,
      licence: license,
    }))
    .sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

/** By code units, so that the order is the same in every locale. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const idOf = ({ name, version }: LockedPackage): string => `${name}@${version}`;
