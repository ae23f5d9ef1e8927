// What the gateway of every overlay finds in its environment and in its folders: settings that there are, files that exist or
// that the operator's guide makes, and nothing that the gateway itself would refuse.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Volume } from './manifest.ts';
import {
  containersOf,
  environmentOf,
  gatewayOf,
  manifestsOf,
  mountedFiles,
  ofKind,
  overlays,
  root,
  workloadsOf,
} from './manifests.ts';
import { knownVariables, runCheck } from './run-check.ts';

const guide = readFileSync(join(root, 'docs/deploy.md'), 'utf8');

for (const overlay of overlays) {
  const manifests = manifestsOf(overlay);
  const workloads = workloadsOf(manifests);
  const gateway = gatewayOf(manifests);
  const [container] = gateway.pod.containers;
  const environment = environmentOf(gateway, manifests);

  test(`every variable of ${overlay} is a setting, and no secret stands in one`, () => {
    for (const name of Object.keys(environment)) assert.ok(knownVariables.includes(name), name);
    for (const { valueFrom } of container.env) assert.equal(valueFrom, undefined);
  });

  test(`every file that a setting of ${overlay} names is in a folder that is mounted`, () => {
    const paths = Object.entries(environment).filter(([, value]) => value.startsWith('/'));
    assert.ok(paths.length >= 5);
    for (const [name, path] of paths) {
      const mount = container.volumeMounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`));
      assert.equal(mount?.readOnly ?? false, name !== 'AUDIT_FILE', `${name}=${path}`);
      const claims = gateway.manifest.spec.volumeClaimTemplates ?? [];
      const inMap = mountedFiles(gateway, manifests);
      const volume = gateway.pod.volumes.find((each) => each.name === mount?.name);
      if (volume?.configMap !== undefined) assert.ok(inMap.has(path), `${path} is in no ConfigMap`);
      else assert.ok(volume?.secret ?? claims.some(({ metadata }) => metadata.name === mount?.name), name);
    }
  });

  test(`whatever a pod of ${overlay} mounts exists, or the operator's guide says how it is made`, () => {
    const certificates = ofKind(manifests, 'Certificate').map(({ spec }) => spec.secretName);
    const maps = ofKind(manifests, 'ConfigMap').map(({ metadata }) => metadata.name);
    for (const workload of workloads) {
      const claims = workload.manifest.spec.volumeClaimTemplates ?? [];
      const volumes: readonly Volume[] = [...workload.pod.volumes, ...claims.map(({ metadata }) => metadata)];
      const mounted = containersOf(workload).flatMap(({ volumeMounts }) => volumeMounts);
      assert.deepEqual(mounted.map(({ name }) => name).sort(), volumes.map(({ name }) => name).sort());
      for (const { subPath, subPathExpr } of mounted) assert.equal(subPath ?? subPathExpr, undefined);
      for (const { configMap, secret } of volumes) {
        if (configMap !== undefined) assert.ok(maps.includes(configMap.name), configMap.name);
        if (secret === undefined) continue;
        assert.equal(secret.defaultMode, 0o440, secret.secretName);
        const made = certificates.includes(secret.secretName);
        assert.ok(made || createdInGuide(secret.secretName), secret.secretName);
      }
    }
  });

  test(`a change of the policy of ${overlay} restarts no pod, and one of the settings does`, () => {
    const names = ofKind(manifests, 'ConfigMap').map(({ metadata }) => metadata.name);
    assert.ok(names.includes('peergate-policy'));
    assert.match(container.envFrom[0].configMapRef.name, /^peergate-settings-[a-z0-9]{10}$/);
  });

  test(`the gateway itself accepts the settings and the policy of ${overlay}`, () => {
    const files = mountedFiles(gateway, manifests);
    const good = runCheck(environment, files);
    assert.equal(good.status, 0, good.output);
    const bad = new Map(files).set(String(environment['POLICY_FILE']), 'version: 2\n');
    assert.equal(runCheck(environment, bad).status, 1);
  });
}

const createdInGuide = (name: string): boolean =>
  new RegExp(`kubectl [^\n]*create secret (generic|tls) ${name}\\b`).test(guide);
