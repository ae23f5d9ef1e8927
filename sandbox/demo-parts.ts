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
  close(): Promise<void>;
}

export interface DemoPartsOptions {
  /** Ports that people can remember, where they are free. */
  readonly preferredPorts: boolean;
  /** The clusters and the policy of the fleet, and no limit on calls, so that it can be filled. */
  readonly fleet?: boolean;
  readonly signal: AbortSignal;
  /** Told of the gateway as soon as there is a process to end. */
  readonly onGateway?: (gateway: GatewayProcess) => void;
  readonly command?: readonly string[];
}

/** Long enough to be seen, short enough to be waited for. The tour accepts by itself, sooner. */
const pace = { initiatingMs: 1_000, acceptanceMs: 15_000, provisioningMs: 1_200 };
const startTimeoutMs = 20_000;

export async function startDemoParts(options: DemoPartsOptions): Promise<DemoParts> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    // The gateway first, so that it never sees its neighbours go.
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  const { signal } = options;
  try {
    const idp = await startIdentityProvider();
    closers.push(() => idp.close());
    const cloud = await startAerospikeCloud({ pace, ...(options.fleet && { clusters: fleetClusters }) });
    closers.push(() => cloud.close());
    const settings = await settingsFor(idp, cloud, options);
    signal.throwIfAborted();
    const output = new GatewayOutput();
    const { command } = options;
    const gateway = new GatewayProcess({ settings, output, ...(command === undefined ? {} : { command }) });
    closers.push(() => gateway.stop());
    options.onGateway?.(gateway);
    const ports = await orAborted(gateway.listening(startTimeoutMs), signal, gateway);
    const gatewayUrl = `http://127.0.0.1:${ports.port}`;
    const adminUrl = `http://127.0.0.1:${ports.adminPort}`;
    await orAborted(untilReady(adminUrl, signal), signal, gateway);
    return { idp, cloud, gateway, gatewayUrl, adminUrl, output, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function settingsFor(
  idp: IdentityProvider,
  cloud: AerospikeCloud,
  { preferredPorts, fleet = false }: DemoPartsOptions,
): Promise<Record<string, string>> {
  return {
    HOST: '127.0.0.1',
    PORT: String(preferredPorts ? await freePort(8080) : 0),
    ADMIN_PORT: String(preferredPorts ? await freePort(9090) : 0),
    AUTH_ISSUERS: idp.issuer,
    AUTH_AUDIENCE: idp.audience,
    AUTH_TOKEN_TYPE: 'at+jwt',
    AEROSPIKE_API_URL: cloud.apiUrl,
    AEROSPIKE_TOKEN_URL: cloud.tokenUrl,
    AEROSPIKE_CLIENT_ID: cloud.clientId,
    AEROSPIKE_CLIENT_SECRET: cloud.clientSecret,
    POLICY_FILE: fileURLToPath(new URL(fleet ? 'fleet-policy.yaml' : 'demo-policy.yaml', import.meta.url)),
    ...(fleet && {
      FLEET_REFRESH_SECONDS: '5',
      RATE_LIMIT_PER_MINUTE: '0',
      RATE_LIMIT_ADDRESS_PER_MINUTE: '0',
    }),
  };
}

/** The port when nobody has it, otherwise 0 for any. */
function freePort(preferred: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(0));
    probe.listen(preferred, '127.0.0.1', () => probe.close(() => resolve(preferred)));
  });
}

async function untilReady(adminUrl: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline) {
    const { status } = await callGateway({ url: `${adminUrl}/readyz`, method: 'GET' }, signal);
    if (status === 200) return;
    await delay(100, undefined, { signal });
  }
  throw new Error(`the gateway was not ready within ${startTimeoutMs / 1_000} s`);
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
