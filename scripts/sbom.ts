// Writes a CycloneDX bill of materials of what runs in production: `npm run sbom`, or `npm run sbom -- FILE`. The same
// lock file gives the same bytes, and a package that npm's own list lacks ends it with 1.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { compare, idOf, productionPackages } from './production-packages.ts';

interface Component {
  readonly 'bom-ref': string;
  readonly hashes?: readonly unknown[];
}

interface Dependency {
  readonly ref: string;
  readonly dependsOn: readonly string[];
}

interface Bom {
  readonly serialNumber?: string;
  readonly metadata: { readonly timestamp?: string; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
}

/** All packages: of those that development needs, too, `--omit dev` leaves out some that production needs as well. */
function npmSbom(): Bom {
  const options = ['--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only', '--omit='];
  // biome-ignore lint/style/noProcessEnv: npm names itself to its scripts here
  const { npm_execpath: npm } = process.env;
  const [program, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  const text = execFileSync(program as string, [...first, 'sbom', ...options], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(text) as Bom;
}

/** https://reproducible-builds.org/specs/source-date-epoch: seconds, given by whoever builds. */
function timestamp(): { timestamp?: string } {
  // biome-ignore lint/style/noProcessEnv: a build's own variable
  const { SOURCE_DATE_EPOCH: epoch } = process.env;
  return epoch && /^\d+$/.test(epoch) ? { timestamp: new Date(Number(epoch) * 1000).toISOString() } : {};
}

function productionBom({ serialNumber: _random, metadata, components, dependencies, ...rest }: Bom): object {
  const { name } = JSON.parse(readFileSync('package.json', 'utf8'));
  const wanted = new Set(productionPackages().map(idOf));
  const kept = components.filter((component) => wanted.has(component['bom-ref']));
  const sound = new Set(kept.filter(({ hashes = [] }) => hashes.length > 0).map((it) => it['bom-ref']));
  const missing = [...wanted].filter((id) => !sound.has(id));
  if (missing.length > 0) throw new Error(`without an entry or a hash: ${missing.join(', ')}`);
  const root = metadata.component['bom-ref'];
  const { timestamp: _now, ...others } = metadata;
  return {
    ...rest,
    // npm takes the name of the folder.
    metadata: { ...timestamp(), ...others, component: { ...metadata.component, name } },
    components: kept.sort((a, b) => compare(a['bom-ref'], b['bom-ref'])),
    dependencies: dependencies
      .filter(({ ref }) => ref === root || wanted.has(ref))
      .map(({ ref, dependsOn }) => ({
        ref,
        dependsOn: dependsOn.filter((id) => wanted.has(id)).sort(compare),
      }))
      .sort((a, b) => compare(a.ref, b.ref)),
  };
}

try {
  const text = `${JSON.stringify(productionBom(npmSbom()), null, 2)}\n`;
  const [file] = process.argv.slice(2);
  if (file === undefined) process.stdout.write(text);
  else writeFileSync(file, text);
} catch (error) {
  process.stderr.write(`No bill of materials: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
