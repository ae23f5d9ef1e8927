// Lists every production package with its licence: `npm run licences`. Ends with 1 when one has a licence that is not on
// the list below, or not the same in the lock file and as installed. An expression such as "MIT OR GPL-3.0" is none.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LockedPackage, productionPackages } from './production-packages.ts';

/** Permissive licences without conditions for what is combined with them. Another one is a decision of its own. */
const allowed = new Set(['Apache-2.0', 'BSD-3-Clause', 'ISC', 'MIT']);

/** `undefined` when it is not installed as it is locked. */
function installedLicence({ path, version }: LockedPackage): string | undefined {
  try {
    const installed = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    return installed.version === version ? String(installed.license) : undefined;
  } catch {
    return undefined;
  }
}

function faultOf(locked: LockedPackage): string | undefined {
  const installed = installedLicence(locked);
  if (installed === undefined) return 'not installed as the lock file has it: npm ci';
  if (installed !== locked.licence) return `the lock file says ${locked.licence}, the package ${installed}`;
  return allowed.has(installed) ? undefined : 'a licence that is not allowed';
}

const packages = productionPackages();
const width = (of: (locked: LockedPackage) => string) =>
  Math.max(0, ...packages.map((it) => of(it).length)) + 2;
const [names, versions] = [width(({ name }) => name), width(({ version }) => version)];
for (const { name, version, licence } of packages) {
  process.stdout.write(`${name.padEnd(names)}${version.padEnd(versions)}${licence ?? 'none'}\n`);
}
for (const locked of packages) {
  const fault = faultOf(locked);
  if (fault === undefined) continue;
  process.stderr.write(`${locked.name} ${locked.version}: ${fault}\n`);
  process.exitCode = 1;
}
