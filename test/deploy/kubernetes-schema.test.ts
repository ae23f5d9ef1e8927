// Every object that an overlay makes is one by the schemas of Kubernetes, whole and without a member that it does not know.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import {
  build,
  gatewayOf,
  hasKustomize,
  kubernetes,
  manifestsOf,
  overlays,
  parseManifests,
  readRendered,
  sourceDigest,
  sources,
} from './manifests.ts';
import { assertManifest } from './schema.ts';

for (const overlay of overlays) {
  test(`every object of the overlay ${overlay} is valid by the schemas of Kubernetes`, async () => {
    const manifests = manifestsOf(overlay);
    assert.ok(manifests.length > 10);
    for (const manifest of manifests) await assertManifest(manifest);
  });

  test(`no two objects of the overlay ${overlay} have the same kind and name`, () => {
    const names = manifestsOf(overlay).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    assert.deepEqual([...new Set(names)], names);
  });

  test(`what is checked of the overlay ${overlay} is what its files are now`, () => {
    const digest = /^# Made of: (\w+)$/m.exec(readRendered(overlay))?.[1];
    assert.equal(digest, sourceDigest(), 'run node test/deploy/write-rendered.ts');
  });

  // No package of Debian has it: a machine that does has one test more, and the digest is checked everywhere.
  if (hasKustomize) {
    test(`kubectl makes of the overlay ${overlay} what is checked`, () => {
      assert.deepEqual(parseManifests(build(overlay)), manifestsOf(overlay));
    });
  }
}

/** A workload with members that Kubernetes does not know, of a wrong type, or missing. */
interface FaultyWorkload {
  sepc?: object;
  readonly spec: {
    selector?: unknown;
    readonly template: {
      readonly spec: {
        terminationGracePeriod?: number;
        readonly containers: readonly [
          {
            readonly securityContext: { readOnlyRootFileSystem?: boolean };
            readonly ports: readonly [{ containerPort: string }];
          },
        ];
      };
    };
  };
}

test('a member that Kubernetes does not know, a wrong type and a missing one are found', async () => {
  const [overlay = ''] = overlays;
  const faults: ((deployment: FaultyWorkload) => void)[] = [
    ({ spec }) => {
      spec.template.spec.containers[0].securityContext.readOnlyRootFileSystem = true;
    },
    ({ spec }) => {
      spec.template.spec.terminationGracePeriod = 60;
    },
    (deployment) => {
      deployment.sepc = {};
    },
    ({ spec }) => {
      spec.template.spec.containers[0].ports[0].containerPort = '8080';
    },
    ({ spec }) => {
      spec.selector = undefined;
    },
  ];
  for (const fault of faults) {
    const { manifest } = gatewayOf(manifestsOf(overlay));
    await assertManifest(manifest);
    fault(manifest as unknown as FaultyWorkload);
    await assert.rejects(assertManifest(manifest), String(fault));
  }
});

/** What is read of a kustomization.yaml. */
interface Kustomization {
  readonly resources?: readonly string[];
  readonly patches?: readonly { readonly path?: string }[];
  readonly configMapGenerator?: readonly {
    readonly files?: readonly string[];
    readonly envs?: readonly string[];
  }[];
}

/** Not part of any kustomization: the head of an object whose body is in deploy/prometheus. */
const apart = ['components/monitoring/prometheus-rule.head.yaml'];

test('every file is named by the kustomization of its folder', () => {
  const folders = Map.groupBy(sources, (path) => path.slice(0, path.lastIndexOf('/')));
  for (const [folder, files] of folders) {
    const kustomization: Kustomization = parse(
      readFileSync(join(kubernetes, folder, 'kustomization.yaml'), 'utf8'),
    );
    const maps = kustomization.configMapGenerator ?? [];
    const named = [
      'kustomization.yaml',
      ...(kustomization.resources ?? []),
      ...(kustomization.patches ?? []).flatMap(({ path }) => path ?? []),
      ...maps.flatMap(({ files = [], envs = [] }) => [...files, ...envs]),
    ].filter((name) => !name.startsWith('../'));
    const there = files.filter((path) => !apart.includes(path)).map((path) => path.slice(folder.length + 1));
    assert.deepEqual(there, named.sort(), folder);
  }
});

test('no Secret is among the objects, so that none with a placeholder is ever applied', () => {
  for (const path of sources) {
    assert.doesNotMatch(
      readFileSync(join(kubernetes, path), 'utf8'),
      /^kind: Secret$|secretGenerator/m,
      path,
    );
  }
});
