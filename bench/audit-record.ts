// Measures what one record costs on the thread of JavaScript: the event made, serialized, hashed and chained. Beside the form of
// records before OCSF 1.9, whose code comes out of this repository's history. Both take turns, so that a noisy machine is
// noisy for both.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AuditChain } from '../src/audit/log/chain.ts';
import type { AuditEvent } from '../src/audit/record/event-form.ts';
import { intentEvent, outcomeEvent } from '../src/audit/record/request-events.ts';
import { systemClock } from '../src/clock.ts';
import { createPeering } from '../src/operations/create-peering/create-peering.ts';
import type { RequestFacts } from '../src/request/request.ts';
import { median } from './report/statistics.ts';

/** The last commit whose records are chained by the bytes of their lines (OCSF 1.8). */
const oldCommit = '7e32663';
const rounds = 60;
const recordsInRound = 2000;

const { id, method, route, eventPrefix } = createPeering;
/** The old version knows the prefix as `events`. */
const operation = { id, method, route, eventPrefix, events: eventPrefix };
const clusterId = '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11';
export const reporter = { version: 'bench', instance: 'bench' };

/** An approved create, as most are. */
export const facts: RequestFacts = {
  startedAt: 1_795_386_946_000,
  gatewayRequestId: '0b54e1a8-5f0c-4c3b-9a86-3d8d1a0c7f11',
  requestId: '0b54e1a8-5f0c-4c3b-9a86-3d8d1a0c7f11',
  clientAddress: '10.0.0.1',
  operation,
  caller: {
    issuer: 'https://idp.example',
    subject: 'svc-payments',
    clientId: 'payments',
    tokenId: 'b7c1-77aa',
  },
  target: {
    clusterId,
    peering: {
      clusterId,
      vpcId: 'vpc-0123456789abcdef0',
      cidrBlock: '10.20.4.0/22',
      accountId: '111122223333',
      region: 'us-east-1',
      isSecureConnection: true,
    },
  },
  decision: {
    effect: 'allow',
    mode: 'enforce',
    policyVersion: 'b7546a5accaf'.padEnd(64, '0'),
    grant: 'payments',
    exceptions: [],
    violations: [],
  },
  claims: { sub: 'svc-payments' },
};

export const created = {
  status: 201,
  sent: 'yes',
  upstream: { status: 201, requestId: 'a-request', resourceId: '3f2a7c1e-8b44-4c0d-9d57-2f60b1a4e9c3' },
} as const;

/** What this benchmark uses of either version. */
interface Version {
  /** Begins a chain; the function makes each event a record of it. */
  readonly newChain: () => (event: unknown) => string;
  readonly intentEvent: (from: RequestFacts, now: number) => unknown;
  readonly outcomeEvent: (from: RequestFacts, outcome: typeof created, now: number) => unknown;
}

async function oldVersion(folder: string): Promise<Version> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const archive = execFileSync('git', ['archive', oldCommit, 'src', 'package.json'], {
    cwd: root,
    maxBuffer: 256 * 1024 * 1024,
  });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  fs.symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const load = (path: string) => import(pathToFileURL(join(folder, 'src/audit', path)).href);
  const { AuditChain: OldChain } = await load('log/chain.ts');
  const newChain = () => {
    const chain = new OldChain(reporter, systemClock.newId);
    return (event: unknown) => chain.seal(event);
  };
  return { newChain, ...(await load('record/request-events.ts')) };
}

/** Makes intents and outcomes in turn; microseconds a record. */
function cost(version: Version): number {
  const append = version.newChain();
  const start = performance.now();
  for (let made = 0; made < recordsInRound; made += 2) {
    append(version.intentEvent(facts, facts.startedAt + 1));
    append(version.outcomeEvent(facts, created, facts.startedAt + 200));
  }
  return ((performance.now() - start) * 1000) / recordsInRound;
}

/** A table in Markdown. */
export async function compareRecords(): Promise<string> {
  const folder = fs.mkdtempSync(join(tmpdir(), 'peergate-bench-'));
  try {
    const old = await oldVersion(folder);
    const newChain = () => {
      const chain = new AuditChain(reporter, systemClock.newId);
      return (event: AuditEvent) => chain.append(event);
    };
    const now = { newChain, intentEvent, outcomeEvent } as Version;
    const costs = { old: [] as number[], now: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      // Whoever comes second has a warmer processor, and so they change places.
      const order = round % 2 === 0 ? (['old', 'now'] as const) : (['now', 'old'] as const);
      for (const name of order) costs[name].push(cost(name === 'old' ? old : now));
    }
    const ratio = median(costs.now.map((value, round) => value / (costs.old[round] ?? 0)));
    return `medians of ${rounds} rounds of ${recordsInRound.toLocaleString('en-US')} records, in turn; µs a record

| before OCSF 1.9 (${oldCommit}) | now | now : before |
| --: | --: | --: |
| ${median(costs.old).toFixed(1)} | ${median(costs.now).toFixed(1)} | ${ratio.toFixed(2)} |
`;
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
