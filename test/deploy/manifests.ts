// The Kubernetes manifests as an operator gets them: what kustomize makes of each overlay. The results are kept beside the
// tests with a digest of what they are made of, so that nothing is left unchecked where kubectl is missing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { Container, Kinds, Manifest, Pod, WorkloadManifest } from './manifest.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const kubernetes = join(root, 'deploy/kubernetes');
export const overlays = readdirSync(join(kubernetes, 'overlays')).sort();

export const renderedFile = (overlay: string): string =>
  join(root, 'test/deploy/rendered', `${overlay}.yaml`);

/** Files of the folder and of those in it, by their path from deploy/kubernetes. */
export const sources: readonly string[] = readdirSync(kubernetes, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(kubernetes.length + 1))
  .sort();

export function sourceDigest(): string {
  const hash = createHash('sha256');
  for (const path of sources)
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(kubernetes, path)))
      .update('\0');
  return hash.digest('hex');
}

/** Is kubectl there, with a kustomize that knows components? */
export const hasKustomize: boolean = (() => {
  const version = spawnSync('kubectl', ['version', '--client', '--output=json'], { encoding: 'utf8' });
  if (version.status !== 0) return false;
  return Number(/"kustomizeVersion": "v(\d+)\./.exec(version.stdout)?.[1]) >= 5;
})();

export function build(overlay: string): string {
  const folder = join(kubernetes, 'overlays', overlay);
  const built = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8', maxBuffer: 1 << 24 });
  if (built.status !== 0) throw new Error(`${overlay} does not build: ${built.stderr}`);
  return built.stdout;
}

export function parseManifests(text: string): Manifest[] {
  const documents = parseAllDocuments(text, { strict: true, uniqueKeys: true });
  if (!Array.isArray(documents)) return [];
  for (const { errors } of documents) if (errors[0] !== undefined) throw errors[0];
  return documents.map((document) => document.toJS()).filter((manifest) => manifest !== null);
}

const firstLine = 'What kustomize makes of deploy/kubernetes/overlays';

export const renderedText = (overlay: string): string =>
  `# ${firstLine}/${overlay}. Written by test/deploy/write-rendered.ts.\n# Made of: ${sourceDigest()}\n${build(overlay)}`;

export const readRendered = (overlay: string): string => readFileSync(renderedFile(overlay), 'utf8');

/** Every object of an overlay. */
export const manifestsOf = (overlay: string): Manifest[] => parseManifests(readRendered(overlay));

export const ofKind = <K extends keyof Kinds>(manifests: readonly Manifest[], ...kinds: K[]): Kinds[K][] =>
  manifests.filter(({ kind }) => kinds.includes(kind as K)) as Kinds[K][];

export interface Workload {
  /** For messages. */
  readonly name: string;
  readonly manifest: WorkloadManifest;
  readonly pod: Pod;
  readonly labels: Readonly<Record<string, string>>;
}

/** What runs pods. */
export const workloadsOf = (manifests: readonly Manifest[]): Workload[] =>
  (manifests as readonly WorkloadManifest[])
    .filter(({ spec }) => spec?.template?.spec?.containers !== undefined)
    .map((manifest) => ({
      name: `${manifest.kind} ${manifest.metadata.name}`,
      manifest,
      pod: manifest.spec.template.spec,
      labels: manifest.spec.template.metadata.labels,
    }));

export const gatewayOf = (manifests: readonly Manifest[]): Workload => {
  const found = workloadsOf(manifests).filter(({ manifest }) => manifest.metadata.name === 'peergate');
  if (found.length !== 1) throw new Error(`${found.length} workloads are called peergate`);
  return found[0] as Workload;
};

export const containersOf = ({ pod }: Workload): Container[] => [
  ...pod.containers,
  ...(pod.initContainers ?? []),
  ...(pod.ephemeralContainers ?? []),
];

/** The files that a pod sees in its folders: path in the container to text; `undefined` for what is in no manifest. */
export function mountedFiles(
  workload: Workload,
  manifests: readonly Manifest[],
): Map<string, string | undefined> {
  const files = new Map<string, string | undefined>();
  for (const mount of containersOf(workload).flatMap(({ volumeMounts }) => volumeMounts ?? [])) {
    const volume = workload.pod.volumes?.find(({ name }) => name === mount.name);
    const map = ofKind(manifests, 'ConfigMap').find(
      ({ metadata }) => metadata.name === volume?.configMap?.name,
    );
    for (const [key, text] of Object.entries(map?.data ?? {}))
      files.set(`${mount.mountPath}/${key}`, String(text));
  }
  return files;
}

/** The gateway's environment, that of its ConfigMap included. A Secret is in no manifest. */
export function environmentOf(workload: Workload, manifests: readonly Manifest[]): Record<string, string> {
  const [container] = workload.pod.containers;
  const maps = (container.envFrom ?? []).flatMap(({ configMapRef }) =>
    ofKind(manifests, 'ConfigMap').filter(({ metadata }) => metadata.name === configMapRef?.name),
  );
  return Object.assign(
    {},
    ...maps.map((map) => map.data),
    ...container.env.map(({ name, value }) => ({ [name]: value })),
  );
}
