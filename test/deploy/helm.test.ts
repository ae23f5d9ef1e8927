// What the Helm chart makes is what kustomize makes: the same pod, the same ways in and out. Its values are checked, and
// none of them is a secret.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { settings } from '../../src/config/schema.ts';
import {
  chart,
  exampleValues,
  helm,
  policyArguments,
  render,
  withoutHelm as skip,
  template,
} from './helm.ts';
import type { Manifest, NetworkPolicySpec, Pod, SecretVolume, WorkloadSpec } from './manifest.ts';
import { environmentOf, gatewayOf, manifestsOf, mountedFiles, ofKind, parseManifests } from './manifests.ts';
import { runCheck } from './run-check.ts';
import { assertManifest } from './schema.ts';

const examples = ['example', 'example-audit-file'];
const least = ['--set=image.repository=registry.example/peergate', ...policyArguments];

interface Named {
  readonly name: string;
}

/** Labels that Helm's own habits add, and the name of the settings, which has a hash in kustomize's. */
function comparable<T>(value: T): T {
  const text = JSON.stringify(value)
    .replaceAll('"app.kubernetes.io/instance":"peergate",', '')
    .replaceAll(/,?"app\.kubernetes\.io\/instance":"peergate"/g, '')
    .replaceAll(/"peergate-settings-\w+"/g, '"peergate-settings"');
  return JSON.parse(text);
}

test('the linter of Helm finds nothing in the chart with the values of either example', { skip }, () => {
  for (const name of examples) {
    const { status, stdout } = helm('lint', '--strict', chart, ...exampleValues(name));
    assert.equal(status, 0, stdout);
    assert.doesNotMatch(stdout, /\[(?:WARNING|ERROR)\]/);
  }
});

for (const name of examples) {
  test(`every object of the chart's ${name} is valid, has its own name and is no Secret`, {
    skip,
  }, async () => {
    const manifests = render(...exampleValues(name));
    assert.ok(manifests.length >= 9);
    for (const manifest of manifests) {
      await assertManifest(manifest);
      assert.equal(manifest.metadata.namespace, 'peergate');
    }
    const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    assert.deepEqual([...new Set(names)], names);
    assert.deepEqual(ofKind(manifests, 'Secret'), []);
  });

  test(`the pod of the chart's ${name} is that of the overlay`, { skip }, () => {
    const [ours, theirs] = [render(...exampleValues(name)), manifestsOf(name)].map(gatewayOf);
    const pod = comparable(ours?.pod as Pod);
    const expected = comparable(theirs?.pod as Pod);
    if (name === 'example') {
      // The overlay has a Valkey of its own, with a certificate in the Secret of its server.
      const authority = expected.volumes.find(({ name: called }) => called === 'redis-ca') as SecretVolume;
      authority.secret.secretName = 'peergate-redis-ca';
    } else {
      // The chart's example has no Redis.
      const other = ({ name: called }: Named) => !/redis|^REDIS|^NODE_EXTRA/i.test(called);
      const [container] = expected.containers;
      container.env = container.env.filter(other);
      container.volumeMounts = container.volumeMounts.filter(other);
      expected.volumes = expected.volumes.filter(other);
    }
    const byName = (left: Named, right: Named) => left.name.localeCompare(right.name);
    for (const { containers, volumes } of [pod, expected]) {
      volumes.sort(byName);
      containers[0].env.sort(byName);
      containers[0].volumeMounts.sort(byName);
    }
    assert.deepEqual(pod, expected);
    const { template: _, ...workload } = comparable(ours?.manifest.spec as WorkloadSpec);
    const { template: __, ...expectedWorkload } = comparable(theirs?.manifest.spec as WorkloadSpec);
    for (const claim of workload.volumeClaimTemplates ?? []) assert.equal(claim.metadata.name, 'audit');
    assert.deepEqual(workload, expectedWorkload);
  });

  test(`the settings and the policy of the chart's ${name} are accepted by the gateway`, { skip }, () => {
    const manifests = render(...exampleValues(name));
    const gateway = gatewayOf(manifests);
    const files = mountedFiles(gateway, manifests);
    const environment = environmentOf(gateway, manifests);
    const good = runCheck(environment, files);
    assert.equal(good.status, 0, good.output);
    const bad = new Map(files).set(String(environment['POLICY_FILE']), 'version: 2\n');
    assert.equal(runCheck(environment, bad).status, 1);
  });
}

test('Services, budget, autoscaler, Ingress and monitor of the chart are those of kustomize', {
  skip,
}, () => {
  for (const [name, kind, called] of [
    ['example', 'Service', 'peergate'],
    ['example', 'Service', 'peergate-admin'],
    ['example', 'PodDisruptionBudget', 'peergate'],
    ['example', 'HorizontalPodAutoscaler', 'peergate'],
    ['example', 'Ingress', 'peergate'],
    ['example', 'ServiceAccount', 'peergate'],
    ['example-audit-file', 'ServiceMonitor', 'peergate'],
  ] as const) {
    const [ours, theirs] = [render(...exampleValues(name)), manifestsOf(name)].map((manifests) =>
      ofKind(manifests, kind).find(({ metadata }) => metadata.name === called),
    );
    assert.ok(ours !== undefined && theirs !== undefined, `${kind} ${called}`);
    assert.deepEqual(comparable(ours['spec'] ?? {}), comparable(theirs['spec'] ?? {}), `${kind} ${called}`);
    assert.deepEqual(ours.metadata.annotations, theirs.metadata.annotations, `${kind} ${called}`);
    assert.equal(ours['automountServiceAccountToken'], theirs['automountServiceAccountToken']);
  }
});

test('the ways in and out of the gateway are those of kustomize, and no other pod is concerned', {
  skip,
}, () => {
  const policies = ofKind(manifestsOf('example'), 'NetworkPolicy');
  const rules = (called: string) =>
    policies.find(({ metadata }) => metadata.name === called)?.spec as Required<NetworkPolicySpec>;
  const [policy, ...others] = ofKind(render(...exampleValues('example')), 'NetworkPolicy');
  assert.deepEqual(others, []);
  const expected = structuredClone(rules('peergate'));
  expected.egress.push(...rules('peergate-to-redis').egress);
  assert.deepEqual(comparable(policy?.spec), expected);
});

test('an empty list of peers lets in nobody', { skip }, () => {
  const [policy] = ofKind(
    render(...least, '--set=networkPolicy.ingressFrom=null', '--set=networkPolicy.monitoringFrom=null'),
    'NetworkPolicy',
  );
  assert.deepEqual(policy?.spec.ingress ?? [], []);
  assert.deepEqual(policy?.spec.policyTypes, ['Ingress', 'Egress']);
});

test('nothing leads to the gateway from outside unless a route is asked for', { skip }, () => {
  const manifests = render(...least);
  assert.deepEqual(
    ofKind(manifests, 'Ingress', 'HTTPRoute', 'ServiceMonitor', 'HorizontalPodAutoscaler'),
    [],
  );
  for (const { spec } of ofKind(manifests, 'Service')) assert.equal(spec.type, 'ClusterIP');
});

test('the HTTPRoute leads to the public port alone, and outlasts the longest wait', { skip }, () => {
  const manifests = render(...exampleValues('example-audit-file'));
  const [route] = ofKind(manifests, 'HTTPRoute');
  assert.deepEqual(route?.spec, {
    parentRefs: [{ name: 'public', namespace: 'gateways', sectionName: 'https' }],
    hostnames: ['peergate.acme.example'],
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        timeouts: { request: '310s' },
        backendRefs: [{ name: 'peergate', port: 80 }],
      },
    ],
  });
  assert.deepEqual(ofKind(manifests, 'Ingress'), []);
});

test('every Secret is referred to by its name, and only those that are named are mounted', { skip }, () => {
  const secretsOf = (...args: string[]) =>
    gatewayOf(render(...args)).pod.volumes.flatMap(({ secret }) => secret?.secretName ?? []);
  assert.deepEqual(secretsOf(...least), ['peergate-credential']);
  assert.deepEqual(
    secretsOf(...least, '--set=credential.secretName=other', '--set=redis.urlSecretName=url'),
    ['other', 'url'],
  );
});

test('a change of the policy restarts no pod, and one of the settings does', { skip }, () => {
  const pods = (...args: string[]) => gatewayOf(render(...least, ...args)).manifest.spec.template;
  const before = pods('--set-string=settings.LOG_LEVEL=info');
  assert.deepEqual(pods('--set-string=settings.LOG_LEVEL=info', '--set=policy.document=version'), before);
  assert.notDeepEqual(pods('--set-string=settings.LOG_LEVEL=warn'), before);
});

test('two releases in one namespace share no object and no pod', { skip }, () => {
  const { stdout } = helm('template', 'second', chart, '--kube-version=1.30.0', ...least);
  const second = parseManifests(stdout);
  const first = render(...least);
  const names = (manifests: readonly Manifest[]) =>
    manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  assert.deepEqual(
    names(first).filter((name) => names(second).includes(name)),
    [],
  );
  for (const { spec } of ofKind(second, 'Service'))
    assert.equal(spec.selector['app.kubernetes.io/instance'], 'second');
});

const digest = `sha256:${'0'.repeat(64)}`;

test('the image is named by the version of the chart, by a tag or by its digest', { skip }, () => {
  const image = (...args: string[]) => gatewayOf(render(...least, ...args)).pod.containers[0].image;
  assert.equal(image(), `registry.example/peergate:${packageJson.version}`);
  assert.equal(image('--set=image.tag=9.9.9'), 'registry.example/peergate:9.9.9');
  assert.equal(image(`--set=image.digest=${digest}`), `registry.example/peergate@${digest}`);
});

test('the chart has the version of the package', () => {
  const { version, appVersion } = parse(readFileSync(join(chart, 'Chart.yaml'), 'utf8'));
  assert.deepEqual([version, appVersion], [packageJson.version, packageJson.version]);
});

for (const [what, args, reason] of [
  ['no image', policyArguments, /image\.repository is required/],
  ['no policy', ['--set=image.repository=x'], /policy\.document is required/],
  ['no tests', ['--set=image.repository=x', '--set=policy.document=x'], /policy\.tests is required/],
  ['a value that there is not', [...least, '--set=replica=3'], /replica is not allowed/],
  ['a setting that is no string', [...least, '--set=settings.PREFLIGHT=true'], /settings\.PREFLIGHT/],
  ['a setting in lower case', [...least, '--set=settings.preflight=off'], /settings/],
  ['a setting that the chart makes', [...least, '--set-string=settings.PORT=80'], /settings/],
  ['a secret by its file', [...least, '--set=settings.REDIS_URL_FILE=/x'], /settings/],
  [
    'an autoscaler with an audit file',
    [...least, '--set=autoscaling.enabled=true', '--set=audit.file.enabled=true'],
    /exclude each other/,
  ],
  ['an Ingress without a host', [...least, '--set=ingress.enabled=true'], /ingress\.host is required/],
  ['a route without a listener', [...least, '--set=httpRoute.enabled=true'], /parentRefs is required/],
  ['a peer that is everybody', [...least, '--set=networkPolicy.ingressFrom={}'], /ingressFrom/],
] as const) {
  test(`the chart refuses ${what}`, { skip }, () => {
    const { status, stderr } = template(...args);
    assert.equal(status, 1);
    assert.match(stderr, reason);
  });
}

test('every setting may be given but secrets and what the chart makes itself', { skip }, () => {
  const refused = (name: string) => template(...least, `--set-string=settings.${name}=x`).status !== 0;
  const names = Object.keys(settings);
  assert.deepEqual(names.filter(refused).sort(), [
    'ADMIN_PORT',
    'AEROSPIKE_CLIENT_ID',
    'AEROSPIKE_CLIENT_SECRET',
    'AUDIT_FILE',
    'AUDIT_SIGNING_KEY_FILE',
    'POLICY_FILE',
    'POLICY_TESTS_FILE',
    'PORT',
    'REDIS_URL',
    'SHUTDOWN_DELAY_MS',
    'SHUTDOWN_GRACE_MS',
  ]);
});
