// What the fleet costs with 200 clusters of 40 peerings: how long a snapshot and its findings take, what a snapshot keeps of
// memory, and what creates notice of a gateway that reads the fleet without a pause. Prints Markdown.
//
//   npm run bench:fleet
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { request } from 'undici';
import { type AerospikeCloud, startAerospikeCloud } from '../sandbox/aerospike-cloud.ts';
import { GatewayOutput } from '../sandbox/gateway-output.ts';
import { GatewayProcess } from '../sandbox/gateway-process.ts';
import { type IdentityProvider, startIdentityProvider } from '../sandbox/identity-provider.ts';
import { requestToken } from '../sandbox/request-token.ts';
import { demoClients } from '../sandbox/service-clients.ts';
import { systemClock } from '../src/clock.ts';
import type { Config } from '../src/config/config.ts';
import { Secret } from '../src/config/secret.ts';
import { fleetPeerings } from '../src/fleet/findings.ts';
import { readSnapshot, type Snapshot } from '../src/fleet/snapshot.ts';
import { OutboundAgent } from '../src/outbound/agent.ts';
import { compilePolicy } from '../src/policy/engine/compile.ts';
import { loadPolicy } from '../src/policy/store/load-policy.ts';
import { createUpstream } from '../src/upstream/create-upstream.ts';
import { progress } from './progress.ts';

const clusterCount = 200;
const peeringsEach = 40;
const rounds = 3;
const createsEach = 100;
const snapshotsEach = 4;
const account = '111122223333';

const clusters = Array.from({ length: clusterCount }, (_, number) => ({
  id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  name: `cluster-${number}`,
  cidrBlock: `10.${128 + Math.floor(number / 8)}.${(number % 8) * 32}.0/19`,
  networkId: 'vpc-0a1b2c3d4e5f60718',
}));

/** A peering of a VPC and a block of its own, at `number` of the cluster. */
const peering = (cluster: number, number: number, network = 10) => ({
  vpcId: `vpc-${(cluster * 1000 + number + network * 1_000_000).toString(16).padStart(17, '0')}`,
  cidrBlock: `${network}.${16 + number}.${cluster % 256}.0/24`,
  accountId: account,
  region: 'us-east-1',
  isSecureConnection: true,
});

const policyText = `version: 1
organization: bench
guardrails:
  accounts: ["${account}"]
  regions: [us-east-1]
  cidrs: [10.0.0.0/8, 172.16.0.0/12]
`;

interface SnapshotRound {
  readonly readMs: number;
  readonly findMs: number;
  readonly keptMb: number;
}

/** In a process of its own: nothing else is in its memory. */
async function measureSnapshot(apiUrl: string, tokenUrl: string, policyFile: string): Promise<SnapshotRound> {
  const agent = new OutboundAgent(3000, 4);
  const credential = {
    clientId: Secret.ofValue('peergate-sandbox'),
    clientSecret: Secret.ofValue('demo-secret-of-the-gateway'),
  };
  const upstream = {
    apiUrl,
    tokenUrl,
    credential,
    connectTimeoutMs: 3000,
    timeoutMs: 30_000,
    connections: 4,
  };
  const { client } = createUpstream(
    { ...upstream, tokenScope: undefined, tokenAudience: undefined } as Config['upstream'],
    {
      agent,
      fleetAgent: agent,
      clock: systemClock,
      logger: pino({ enabled: false }),
      userAgent: 'peergate/bench',
      observeRequest: () => undefined,
      observeToken: () => undefined,
    },
  );
  const read = async (): Promise<Snapshot> =>
    readSnapshot(client, { now: Date.now(), requestId: systemClock.newId() });
  const usedMb = () => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed / 2 ** 20;
  };
  // The code is loaded and warm before anything is measured.
  const snapshot = await read();
  const others: Snapshot[] = [];
  const before = usedMb();
  const start = performance.now();
  for (let turn = 0; turn < snapshotsEach; turn += 1) others.push(await read());
  const readMs = (performance.now() - start) / snapshotsEach;
  const keptMb = (usedMb() - before) / others.length;
  const loaded = loadPolicy(policyFile, Date.now());
  if (loaded.faults !== undefined) throw new Error('the policy has faults');
  const policy = compilePolicy(loaded.data);
  const findStart = performance.now();
  const found = fleetPeerings(snapshot, { policy, creators: new Map(), now: Date.now() });
  const findMs = performance.now() - findStart;
  if (found.length !== clusterCount * peeringsEach) throw new Error(`${found.length} peerings were found`);
  await agent.destroy();
  return { readMs, findMs, keptMb };
}

interface Site {
  readonly cloud: AerospikeCloud;
  readonly provider: IdentityProvider;
  readonly policyFile: string;
}

/** Milliseconds of creates one after the other, sorted. `number`: of the round, so that no create is made twice. */
async function measureCreates(
  { cloud, provider, policyFile }: Site,
  refresh: string,
  number: number,
): Promise<number[]> {
  const gateway = new GatewayProcess({
    output: new GatewayOutput(),
    settings: {
      ...{ HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', POLICY_FILE: policyFile },
      ...{ AUTH_ISSUERS: provider.issuer, AUTH_AUDIENCE: provider.audience },
      ...{ AEROSPIKE_API_URL: cloud.apiUrl, AEROSPIKE_TOKEN_URL: cloud.tokenUrl },
      ...{ AEROSPIKE_CLIENT_ID: cloud.clientId, AEROSPIKE_CLIENT_SECRET: cloud.clientSecret },
      ...{ FLEET_REFRESH_SECONDS: refresh, RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_ADDRESS_PER_MINUTE: '0' },
    },
  });
  try {
    const { port } = await gateway.listening(60_000);
    const { clientId, clientSecret } = demoClients.payments;
    const token = await requestToken({
      issuer: provider.issuer,
      clientId,
      clientSecret,
      scope: 'update:database',
    });
    const times: number[] = [];
    for (let index = 0; index < createsEach; index += 1) {
      const start = performance.now();
      const { statusCode, body } = await request(
        `http://127.0.0.1:${port}/database/clusters/${clusters[index]?.id}/vpc-peerings`,
        {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(peering(index, number, 172)),
        },
      );
      const text = await body.text();
      times.push(performance.now() - start);
      if (statusCode !== 201) throw new Error(`a create got ${statusCode}: ${text}`);
    }
    return times.sort((a, b) => a - b);
  } finally {
    await gateway.stop();
  }
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
const median = (values: readonly number[]): number =>
  at(
    [...values].sort((a, b) => a - b),
    0.5,
  );
const ranged = (values: readonly number[], digits = 0): string =>
  `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'peergate-bench-'));
  const policyFile = join(folder, 'policy.yaml');
  writeFileSync(policyFile, policyText);
  const cloud = await startAerospikeCloud({ clusters });
  const provider = await startIdentityProvider();
  const snapshots: SnapshotRound[] = [];
  const creates: Record<'off' | 'on', number[][]> = { off: [], on: [] };
  try {
    for (const [number, { id }] of clusters.entries())
      for (let index = 0; index < peeringsEach; index += 1)
        cloud.addPeering(id, peering(number, index), 'active');
    const self = fileURLToPath(import.meta.url);
    for (let round = 0; round < rounds; round += 1) {
      progress(`\rround ${round + 1} of ${rounds} \x1b[K`);
      const args = ['--expose-gc', self, '--snapshot', cloud.apiUrl, cloud.tokenUrl, policyFile];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      snapshots.push(JSON.parse(stdout) as SnapshotRound);
    }
    for (let round = 0; round < rounds; round += 1) {
      creates.off.push(await measureCreates({ cloud, provider, policyFile }, '0', 2 * round));
      creates.on.push(await measureCreates({ cloud, provider, policyFile }, '1', 2 * round + 1));
    }
  } finally {
    await Promise.all([cloud.close(), provider.close()]);
    rmSync(folder, { recursive: true });
  }
  progress('\r\x1b[K');
  report(snapshots, creates);
}

function report(snapshots: readonly SnapshotRound[], creates: Record<'off' | 'on', number[][]>): void {
  console.log(
    `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}, load average ${loadavg()[0]?.toFixed(1)} at the end; median (range) of ${rounds} rounds, a new process each. The sandbox and the callers share the processors.\n`,
  );
  const of = (key: keyof SnapshotRound) => snapshots.map((round) => round[key]);
  console.log(
    '| snapshot of 200 clusters × 40 peerings: read, ms | findings, ms | kept, MB |\n| ---: | ---: | ---: |',
  );
  console.log(`| ${ranged(of('readMs'))} | ${ranged(of('findMs'), 1)} | ${ranged(of('keptMb'), 1)} |\n`);
  console.log('| creates, one after the other | median, ms | 99th percentile, ms |\n| --- | ---: | ---: |');
  for (const [name, rows] of [
    ['without a fleet', creates.off],
    ['while the fleet is read again after each second', creates.on],
  ] as const)
    console.log(
      `| ${name} | ${ranged(
        rows.map((row) => at(row, 0.5)),
        1,
      )} | ${ranged(
        rows.map((row) => at(row, 0.99)),
        1,
      )} |`,
    );
}

const [flag, apiUrl = '', tokenUrl = '', policyFile = ''] = process.argv.slice(2);
if (flag === '--snapshot') console.log(JSON.stringify(await measureSnapshot(apiUrl, tokenUrl, policyFile)));
else await run();
