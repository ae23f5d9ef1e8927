// What reaches what: every selector finds its pods, the admin port is nowhere public, and no pod is outside a network policy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ingress, IngressRule, Kinds, Service, ServiceMonitor } from './manifest.ts';
import { gatewayOf, manifestsOf, ofKind, overlays, workloadsOf } from './manifests.ts';

const within = (
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean => Object.entries(selector).every(([name, value]) => labels[name] === value);

for (const overlay of overlays) {
  const manifests = manifestsOf(overlay);
  const workloads = workloadsOf(manifests);
  const gateway = gatewayOf(manifests);
  const services = ofKind(manifests, 'Service');
  const policies = ofKind(manifests, 'NetworkPolicy');

  test(`every workload of ${overlay} selects its own pods and no other's`, () => {
    for (const { name, manifest } of workloads) {
      const selected = workloads.filter(({ labels }) => within(manifest.spec.selector.matchLabels, labels));
      assert.deepEqual(
        selected.map((workload) => workload.name),
        [name],
      );
      for (const { labelSelector } of manifest.spec.template.spec.topologySpreadConstraints ?? [])
        assert.deepEqual(labelSelector, manifest.spec.selector);
    }
  });

  test(`every Service, budget, policy and autoscaler of ${overlay} finds what it is for`, () => {
    const one = (selector: Readonly<Record<string, string>>, what: string) => {
      const found = workloads.filter(({ labels }) => within(selector, labels));
      assert.equal(found.length, 1, what);
      return found[0];
    };
    for (const { metadata, spec } of services) {
      const target = one(spec.selector, metadata.name);
      const ports = target?.pod.containers.flatMap((container) => container.ports);
      for (const { targetPort } of spec.ports)
        assert.ok(
          ports?.some(({ name }) => name === targetPort),
          `${metadata.name}: ${targetPort}`,
        );
    }
    for (const { spec } of ofKind(manifests, 'PodDisruptionBudget'))
      assert.equal(one(spec.selector.matchLabels, 'budget')?.name, gateway.name);
    for (const { metadata, spec } of policies)
      if (spec.podSelector.matchLabels !== undefined) one(spec.podSelector.matchLabels, metadata.name);
    for (const { spec } of ofKind(manifests, 'HorizontalPodAutoscaler')) {
      const { apiVersion, kind, metadata } = gateway.manifest;
      assert.deepEqual(spec.scaleTargetRef, { apiVersion, kind, name: metadata.name });
    }
    for (const { manifest } of workloads)
      if (manifest.kind === 'StatefulSet')
        assert.ok(services.some(({ metadata }) => metadata.name === manifest.spec.serviceName));
  });

  test(`the Ingress of ${overlay} leads to the public port alone, by TLS`, () => {
    const [ingress, ...others] = ofKind(manifests, 'Ingress') as [Ingress, ...Ingress[]];
    assert.deepEqual(others, []);
    const { rules, tls, defaultBackend } = ingress.spec;
    assert.equal(defaultBackend, undefined);
    assert.deepEqual(
      tls.flatMap(({ hosts }) => hosts),
      rules.map(({ host }) => host),
    );
    for (const { backend } of rules.flatMap(({ http }) => http.paths)) {
      assert.deepEqual(backend, { service: { name: 'peergate', port: { name: 'http' } } });
    }
    const [service] = services.filter(({ metadata }) => metadata.name === 'peergate');
    assert.deepEqual(service?.spec.ports, [{ name: 'http', port: 80, targetPort: 'http' }]);
    for (const { metadata, spec } of services) assert.equal(spec.type, 'ClusterIP', metadata.name);
  });

  test(`every pod of ${overlay} begins with nothing in and nothing out`, () => {
    const denying = policies.filter(({ spec }) => JSON.stringify(spec.podSelector) === '{}');
    assert.deepEqual(
      denying.map(({ spec }) => spec),
      [{ podSelector: {}, policyTypes: ['Ingress', 'Egress'] }],
    );
    const namespaces = new Set(
      manifests.map(({ kind, metadata }) => (kind === 'Namespace' ? 'peergate' : metadata.namespace)),
    );
    assert.deepEqual([...namespaces], ['peergate']);
  });

  test(`into the gateway of ${overlay} come the ingress controller's pods to the public port, and monitoring to the admin port`, () => {
    const rules = ofGateway().flatMap(({ spec }) => spec.ingress ?? []);
    const ways = rules.map(({ from, ports }) => [from, ports.map(({ port }) => port)]);
    const namespace = (name: string) => ({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
    });
    const controller = {
      'app.kubernetes.io/name': 'ingress-nginx',
      'app.kubernetes.io/component': 'controller',
    };
    assert.deepEqual(ways, [
      [[{ ...namespace('ingress-nginx'), podSelector: { matchLabels: controller } }], ['http']],
      [[namespace('monitoring')], ['admin']],
    ]);
  });

  test(`out of the gateway of ${overlay} go names, https and Redis, and nothing to the metadata server`, () => {
    const rules = ofGateway().flatMap(({ spec }) => spec.egress ?? []);
    for (const { to, ports } of rules) assert.ok(to.length > 0 && ports.length > 0);
    const ports = new Set(rules.flatMap((rule) => rule.ports.map(({ port }) => port)));
    assert.deepEqual([...ports], [53, 443, 'redis-tls']);
    const blocks = rules.flatMap(({ to }) => to.flatMap(({ ipBlock }) => ipBlock ?? []));
    assert.deepEqual(
      blocks.map(({ cidr, except }) => [cidr, except[0]]),
      [
        ['0.0.0.0/0', '169.254.0.0/16'],
        ['::/0', 'fd00:ec2::254/128'],
      ],
    );
  });

  test(`into Redis of ${overlay} comes the gateway alone, and nothing goes out of it`, () => {
    const [policy] = policies.filter(({ metadata }) => metadata.name === 'peergate-redis') as [
      Kinds['NetworkPolicy'],
    ];
    assert.deepEqual(policy.spec.policyTypes, ['Ingress', 'Egress']);
    assert.equal(policy.spec.egress, undefined);
    const [{ from, ports }] = policy.spec.ingress as [IngressRule];
    assert.deepEqual(from, [{ podSelector: gateway.manifest.spec.selector }]);
    assert.deepEqual(ports, [{ port: 'redis-tls', protocol: 'TCP' }]);
  });

  function ofGateway(): Kinds['NetworkPolicy'][] {
    return policies.filter(({ spec }) => {
      const { matchLabels } = spec.podSelector;
      return matchLabels !== undefined && within(matchLabels, gateway.labels);
    });
  }
}

test('monitoring asks each pod by itself, also one that is not ready, on the admin port', () => {
  const manifests = manifestsOf('example-audit-file');
  const [monitor] = ofKind(manifests, 'ServiceMonitor') as [ServiceMonitor];
  const found = ofKind(manifests, 'Service').filter(({ metadata }) =>
    within(monitor.spec.selector.matchLabels, metadata.labels),
  );
  assert.deepEqual(
    found.map(({ metadata }) => metadata.name),
    ['peergate-admin'],
  );
  const { clusterIP, publishNotReadyAddresses, ports } = (found[0] as Service).spec;
  assert.deepEqual([clusterIP, publishNotReadyAddresses], ['None', true]);
  assert.deepEqual(
    ports.map(({ name }) => name),
    monitor.spec.endpoints.map(({ port }) => port),
  );
});
