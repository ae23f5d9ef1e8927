// Is an object one by the schemas of Kubernetes? A member that no schema looks at is refused: the API server would drop it,
// and what it was to do would not happen.
import assert from 'node:assert/strict';
import { z } from 'zod';
import type { Manifest } from './manifest.ts';

const labels = z.record(z.string(), z.string());
const metadata = z.strictObject({ name: z.string(), namespace: z.string(), labels: labels.optional() });
const issuerRef = z.strictObject({ kind: z.literal('Issuer'), name: z.string() });

/** Kinds that are none of Kubernetes' own: what is used of them here, by their makers' references. */
const foreign = {
  'cert-manager.io/v1 Issuer': z.union([
    z.strictObject({ selfSigned: z.strictObject({}) }),
    z.strictObject({ ca: z.strictObject({ secretName: z.string() }) }),
  ]),
  'cert-manager.io/v1 Certificate': z
    .strictObject({
      secretName: z.string(),
      isCA: z.boolean(),
      commonName: z.string(),
      dnsNames: z.array(z.string()),
      duration: z.string().regex(/^\d+h$/),
      renewBefore: z.string().regex(/^\d+h$/),
      privateKey: z.strictObject({
        algorithm: z.literal('ECDSA'),
        size: z.literal(256),
        rotationPolicy: z.enum(['Always', 'Never']),
      }),
      usages: z.array(z.enum(['digital signature', 'server auth'])),
      issuerRef,
    })
    .partial({ isCA: true, commonName: true, dnsNames: true, usages: true }),
  'monitoring.coreos.com/v1 ServiceMonitor': z.strictObject({
    selector: z.strictObject({ matchLabels: labels }),
    jobLabel: z.string(),
    endpoints: z.array(z.strictObject({ port: z.string(), path: z.string(), interval: z.string() })),
  }),
  'gateway.networking.k8s.io/v1 HTTPRoute': z.strictObject({
    parentRefs: z.array(z.strictObject({ name: z.string(), namespace: z.string(), sectionName: z.string() })),
    hostnames: z.array(z.string()),
    rules: z.array(
      z.strictObject({
        matches: z.array(
          z.strictObject({ path: z.strictObject({ type: z.literal('PathPrefix'), value: z.string() }) }),
        ),
        timeouts: z.strictObject({ request: z.string() }),
        backendRefs: z.array(z.strictObject({ name: z.string(), port: z.number() })),
      }),
    ),
  }),
} as const;

/** Rejects with every fault of the object. */
export async function assertManifest(manifest: Manifest): Promise<void> {
  const { apiVersion, kind } = manifest;
  const title = `${kind} ${manifest.metadata?.name}`;
  if (Object.hasOwn(foreign, `${apiVersion} ${kind}`)) {
    const spec = foreign[`${apiVersion} ${kind}` as keyof typeof foreign];
    z.strictObject({ apiVersion: z.string(), kind: z.string(), metadata, spec }).parse(manifest);
    return;
  }
  const { [kind]: Model } = await import(`kubernetes-models/${apiVersion}/${kind}`);
  const read = new Set<string>();
  assert.doesNotThrow(() => Model.prototype.validate.call(watched(manifest, '', read)), title);
  assert.deepEqual(
    paths(manifest, '').filter((path) => !read.has(path)),
    [],
    `members of ${title} that Kubernetes does not know`,
  );
}

/** The compiled schemas pass over members that they do not know: those that are never read are unknown. */
function watched(value: object, path: string, read: Set<string>): object {
  return new Proxy(value, {
    get(target, key) {
      const found = Reflect.get(target, key);
      if (typeof key === 'symbol') return found;
      read.add(`${path}/${key}`);
      return typeof found === 'object' && found !== null ? watched(found, `${path}/${key}`, read) : found;
    },
  });
}

const paths = (value: object, path: string): string[] =>
  Object.entries(value).flatMap(([key, member]) => [
    `${path}/${key}`,
    ...(typeof member === 'object' && member !== null ? paths(member, `${path}/${key}`) : []),
  ]);
