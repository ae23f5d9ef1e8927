// The pods of every overlay: confined, bounded, probed on the admin port, never fewer than two, and with the time to end in
// order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settings } from '../../src/config/schema.ts';
import {
  containersOf,
  environmentOf,
  gatewayOf,
  manifestsOf,
  ofKind,
  overlays,
  workloadsOf,
} from './manifests.ts';

/** For the last records, the last sync and the last log lines behind SHUTDOWN_GRACE_MS. */
const lastSeconds = 8;

for (const overlay of overlays) {
  const manifests = manifestsOf(overlay);
  const workloads = workloadsOf(manifests);
  const gateway = gatewayOf(manifests);
  const [container] = gateway.pod.containers;
  const environment = environmentOf(gateway, manifests);

  test(`no pod of ${overlay} can be root, gain a privilege, write its root file system or ask the API server`, () => {
    assert.ok(workloads.length >= 2);
    for (const workload of workloads) {
      const { securityContext, ...pod } = workload.pod;
      assert.equal(securityContext.runAsNonRoot, true, workload.name);
      assert.ok(securityContext.runAsUser > 0, workload.name);
      assert.equal(securityContext.seccompProfile.type, 'RuntimeDefault', workload.name);
      assert.equal(pod.automountServiceAccountToken, false, workload.name);
      assert.equal(pod.enableServiceLinks, false, workload.name);
      for (const name of ['hostNetwork', 'hostPID', 'hostIPC'] as const)
        assert.equal(pod[name], undefined, name);
      for (const volume of pod.volumes) assert.equal(volume.hostPath, undefined, volume.name);
      for (const { name, securityContext: own } of containersOf(workload)) {
        assert.deepEqual(
          own,
          {
            allowPrivilegeEscalation: false,
            privileged: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          name,
        );
      }
    }
  });

  test(`the gateway of ${overlay} runs as the user of its image`, () => {
    const { runAsUser, runAsGroup, fsGroup } = gateway.pod.securityContext;
    assert.deepEqual([runAsUser, runAsGroup, fsGroup], [1000, 1000, 1000]);
  });

  test(`every container of ${overlay} asks for what it needs, and is bounded in memory`, () => {
    for (const { name, resources } of workloads.flatMap(containersOf)) {
      assert.ok(resources.requests.cpu && resources.requests.memory, name);
      assert.ok(resources.limits.memory, name);
    }
  });

  test(`the probes of ${overlay} ask the admin port, and a restart is no cure for what is elsewhere`, () => {
    const ports = Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]));
    assert.deepEqual(ports, { http: Number(environment['PORT']), admin: Number(environment['ADMIN_PORT']) });
    const asked = (['startupProbe', 'livenessProbe', 'readinessProbe'] as const).map(
      (probe) => container[probe].httpGet,
    );
    assert.deepEqual(
      asked,
      ['/healthz', '/healthz', '/readyz'].map((path) => ({ path, port: 'admin' })),
    );
  });

  test(`a pod of ${overlay} has the time to end what it has begun`, () => {
    assert.equal(container.lifecycle, undefined, 'the gateway itself waits for the ingress');
    const delayMs = Number(environment['SHUTDOWN_DELAY_MS']);
    assert.equal(delayMs, 5000);
    const graceMs = Number(environment['SHUTDOWN_GRACE_MS']);
    const { UPSTREAM_TIMEOUT_MS: upstreamMs = settings.UPSTREAM_TIMEOUT_MS.fallback } = environment;
    assert.ok(graceMs > Number(upstreamMs));
    assert.ok(gateway.pod.terminationGracePeriodSeconds >= (delayMs + graceMs) / 1000 + lastSeconds);
  });

  test(`${overlay} never has fewer than two gateways, and not both on one host`, () => {
    const [scaler] = ofKind(manifests, 'HorizontalPodAutoscaler');
    const { spec, kind } = gateway.manifest;
    // The number is one's alone: the autoscaler's, where there is one.
    assert.deepEqual(
      [spec.replicas, scaler?.spec.minReplicas],
      scaler === undefined ? [2, undefined] : [undefined, 2],
    );
    if (kind === 'Deployment')
      assert.deepEqual(spec.strategy?.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 });
    const hosts = gateway.pod.topologySpreadConstraints.find(
      ({ topologyKey }) => topologyKey === 'kubernetes.io/hostname',
    );
    assert.deepEqual([hosts?.maxSkew, hosts?.whenUnsatisfiable], [1, 'DoNotSchedule']);
  });
}

test('the audit file is of each replica alone, and no autoscaler takes one away', () => {
  const manifests = manifestsOf('example-audit-file');
  const { manifest } = gatewayOf(manifests);
  assert.equal(manifest.kind, 'StatefulSet');
  assert.deepEqual(ofKind(manifests, 'HorizontalPodAutoscaler', 'Deployment'), []);
  const [claim] = manifest.spec.volumeClaimTemplates ?? [];
  assert.deepEqual(claim?.spec.accessModes, ['ReadWriteOncePod']);
  assert.deepEqual(manifest.spec.persistentVolumeClaimRetentionPolicy, {
    whenDeleted: 'Retain',
    whenScaled: 'Retain',
  });
});
