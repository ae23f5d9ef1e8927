// Starts the identity provider, the Aerospike Cloud sandbox and the gateway, all on loopback. Either all three are up
// and the gateway is ready, or nothing is left of any.
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type AerospikeCloud, startAerospikeCloud } from './aerospike-cloud.ts';
import { fleetClusters } from './fleet.ts';
import { callGateway } from './gateway-call.ts';
import { GatewayOutput } from './gateway-output.ts';
import { GatewayProcess } from './gateway-process.ts';
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts';

export interface DemoParts {
  readonly idp: IdentityProvider;
  readonly cloud: AerospikeCloud;
  readonly gateway: GatewayProcess;
  readonly gatewayUrl: string;
  readonly adminUrl: string;
  readonly output: GatewayOutput;
  /** Of `documentedPorts`, those that another program has; that part listens on a free port instead. */
  readonly takenPorts: readonly number[];
  close(): Promise<void>;
}

export interface DemoPartsOptions {
  /** Listen on `documentedPorts` where they are free; otherwise on any free ports. */
  readonly useDocumentedPorts: boolean;
  /** The clusters and the policy of the fleet, and no limit on calls, so that it can be filled. */
  readonly fleet?: boolean;
  readonly signal: AbortSignal;
  /** Called as soon as there is a process to end. */
  readonly onGateway?: (gateway: GatewayProcess) => void;
  readonly command?: readonly string[];
  /** An absolute path. Without it: the policy of the demo. */
  readonly policyFile?: string | undefined;
  readonly saveRecord?: ((line: string) => void) | undefined;
}

/** The documentation names these ports in commands to paste. */
const documentedPorts = { gateway: 8080, admin: 9090, identityProvider: 8081, cloud: 8082 };

/** Long enough to be seen, short enough to be waited for. The tour accepts by itself, sooner. */
const pace = { initiatingMs: 1_000, acceptanceMs: 15_000, provisioningMs: 1_200 };
const startTimeoutMs = 20_000;

const policyOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const fleetSettings = {
  POLICY_FILE: policyOf('fleet-policy.yaml'),
  FLEET_REFRESH_SECONDS: '5',
  RATE_LIMIT_PER_MINUTE: '0',
  RATE_LIMIT_ADDRESS_PER_MINUTE: '0',
};

export async function startDemoParts(options: DemoPartsOptions): Promise<DemoParts> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    // The gateway first, so that it never sees its neighbours go.
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  const { signal } = options;
  const takenPorts = options.useDocumentedPorts ? await takenOf(Object.values(documentedPorts)) : [];
  /** 0 picks a free port. */
  const portOf = (part: keyof typeof documentedPorts) =>
    !options.useDocumentedPorts || takenPorts.includes(documentedPorts[part]) ? 0 : documentedPorts[part];
  try {
    const idp = await startIdentityProvider({ port: portOf('identityProvider') });
    closers.push(() => idp.close());
    const clusters = options.fleet && { clusters: fleetClusters };
    const cloud = await startAerospikeCloud({ pace, port: portOf('cloud'), ...clusters });
    closers.push(() => cloud.close());
    const settings = {
      ...settingsFor(idp, cloud),
      ...(options.fleet && fleetSettings),
      ...(options.policyFile !== undefined && { POLICY_FILE: options.policyFile }),
      PORT: String(portOf('gateway')),
      ADMIN_PORT: String(portOf('admin')),
    };
    signal.throwIfAborted();
    const output = new GatewayOutput(options.saveRecord);
    const { command } = options;
    const gateway = new GatewayProcess({ settings, output, ...(command === undefined ? {} : { command }) });
    closers.push(() => gateway.stop());
    options.onGateway?.(gateway);
    const ports = await orAborted(gateway.listening(startTimeoutMs), signal, gateway);
    const gatewayUrl = `http://127.0.0.1:${ports.port}`;
    const adminUrl = `http://127.0.0.1:${ports.adminPort}`;
    await orAborted(untilReady(adminUrl, signal), signal, gateway);
    return { idp, cloud, gateway, gatewayUrl, adminUrl, output, takenPorts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function settingsFor(idp: IdentityProvider, cloud: AerospikeCloud): Record<string, string> {
  return {
    HOST: '127.0.0.1',
    AUTH_ISSUERS: idp.issuer,
    AUTH_AUDIENCE: idp.audience,
    AUTH_TOKEN_TYPE: 'at+jwt',
    AEROSPIKE_API_URL: cloud.apiUrl,
    AEROSPIKE_TOKEN_URL: cloud.tokenUrl,
    AEROSPIKE_CLIENT_ID: cloud.clientId,
    AEROSPIKE_CLIENT_SECRET: cloud.clientSecret,
    POLICY_FILE: policyOf('demo-policy.yaml'),
  };
}

async function takenOf(ports: readonly number[]): Promise<readonly number[]> {
  const free = await Promise.all(ports.map(isFree));
  return ports.filter((_, index) => !free[index]);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

async function untilReady(adminUrl: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline) {
    const { status } = await callGateway({ url: `${adminUrl}/readyz`, method: 'GET' }, signal);
    if (status === 200) return;
    await delay(100, undefined, { signal });
  }
  throw new Error(`the gateway was not ready after ${startTimeoutMs / 1_000} s`);
}

/** What is awaited, unless the demo is stopped or the gateway ends before. */
async function orAborted<T>(awaited: Promise<T>, signal: AbortSignal, gateway: GatewayProcess): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
  const ended = gateway.ended.then((how) => {
    throw new Error(`the gateway ${how}`);
  });
  ended.catch(() => {});
  try {
    return await Promise.race([awaited, aborted, ended]);
  } finally {
    signal.removeEventListener('abort', stop);
    awaited.catch(() => {});
  }
}
