// What tests read of the objects of Kubernetes, by the reference of its API. `assertManifest` holds them against their whole
// schemas; a member that an object does not have is `undefined`, and fails the test that reads it.

/** Any object. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec?: unknown;
  readonly automountServiceAccountToken?: boolean;
}

interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly annotations?: Labels;
}

type Labels = Readonly<Record<string, string>>;

interface Selector {
  readonly matchLabels: Labels;
}

/** The kinds that tests look into. */
export interface Kinds {
  readonly Certificate: Certificate;
  readonly ConfigMap: ConfigMap;
  readonly Deployment: WorkloadManifest;
  readonly HorizontalPodAutoscaler: HorizontalPodAutoscaler;
  readonly HTTPRoute: Manifest;
  readonly Ingress: Ingress;
  readonly NetworkPolicy: NetworkPolicy;
  readonly PodDisruptionBudget: PodDisruptionBudget;
  readonly Secret: Manifest;
  readonly Service: Service;
  readonly ServiceAccount: Manifest;
  readonly ServiceMonitor: ServiceMonitor;
}

interface Certificate extends Manifest {
  readonly spec: { readonly secretName: string };
}

interface ConfigMap extends Manifest {
  readonly data?: Readonly<Record<string, string>>;
}

interface HorizontalPodAutoscaler extends Manifest {
  readonly spec: { readonly minReplicas: number; readonly scaleTargetRef: unknown };
}

export interface Ingress extends Manifest {
  readonly spec: {
    readonly defaultBackend?: unknown;
    readonly tls: readonly { readonly hosts: readonly string[] }[];
    readonly rules: readonly {
      readonly host: string;
      readonly http: { readonly paths: readonly { readonly backend: unknown }[] };
    }[];
  };
}

interface NetworkPolicy extends Manifest {
  readonly spec: NetworkPolicySpec;
}

export interface NetworkPolicySpec {
  readonly podSelector: Partial<Selector>;
  readonly policyTypes: readonly string[];
  readonly ingress?: IngressRule[];
  readonly egress?: EgressRule[];
}

export interface IngressRule {
  readonly from: readonly unknown[];
  readonly ports: readonly { readonly port: number | string }[];
}

interface EgressRule {
  readonly to: readonly {
    readonly ipBlock?: { readonly cidr: string; readonly except: readonly string[] };
  }[];
  readonly ports: readonly { readonly port: number | string }[];
}

interface PodDisruptionBudget extends Manifest {
  readonly spec: { readonly selector: Selector };
}

export interface Service extends Manifest {
  readonly spec: {
    readonly type: string;
    readonly clusterIP?: string;
    readonly publishNotReadyAddresses?: boolean;
    readonly selector: Labels;
    readonly ports: readonly { readonly name: string; readonly targetPort: string }[];
  };
}

export interface ServiceMonitor extends Manifest {
  readonly spec: { readonly selector: Selector; readonly endpoints: readonly { readonly port: string }[] };
}

/** A Deployment or a StatefulSet. */
export interface WorkloadManifest extends Manifest {
  readonly spec: WorkloadSpec;
}

export interface WorkloadSpec {
  readonly replicas?: number;
  readonly selector: Selector;
  readonly serviceName?: string;
  readonly strategy?: { readonly rollingUpdate: unknown };
  readonly template: { readonly metadata: Metadata; readonly spec: Pod };
  readonly volumeClaimTemplates?: readonly Claim[];
  readonly persistentVolumeClaimRetentionPolicy?: unknown;
}

interface Claim {
  readonly metadata: Metadata;
  readonly spec: { readonly accessModes: readonly string[] };
}

export interface Pod {
  readonly containers: readonly [Container, ...Container[]];
  readonly initContainers?: readonly Container[];
  readonly ephemeralContainers?: readonly Container[];
  volumes: Volume[];
  readonly securityContext: {
    readonly runAsNonRoot: boolean;
    readonly runAsUser: number;
    readonly runAsGroup: number;
    readonly fsGroup: number;
    readonly seccompProfile: { readonly type: string };
  };
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly topologySpreadConstraints: readonly {
    readonly topologyKey: string;
    readonly labelSelector: Selector;
    readonly maxSkew: number;
    readonly whenUnsatisfiable: string;
  }[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  env: { readonly name: string; readonly value: string; readonly valueFrom?: unknown }[];
  readonly envFrom: readonly [EnvFrom, ...EnvFrom[]];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  volumeMounts: VolumeMount[];
  readonly resources: {
    readonly requests: { readonly cpu: string; readonly memory: string };
    readonly limits: { readonly memory: string };
  };
  readonly securityContext: unknown;
  readonly lifecycle?: unknown;
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

interface EnvFrom {
  readonly configMapRef: { readonly name: string };
}

interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
  readonly subPath?: string;
  readonly subPathExpr?: string;
}

interface Probe {
  readonly httpGet: unknown;
}

export interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: SecretSource;
  readonly hostPath?: unknown;
}

export interface SecretVolume extends Volume {
  readonly secret: SecretSource;
}

interface SecretSource {
  secretName: string;
  readonly defaultMode: number;
}
