// Measures what a policy costs by its size: to load, to keep, to decide by, and to take up while requests are served.
// Prints a Markdown table; sizes are interleaved in rounds, so that a noisy machine is noisy for all of them alike.
//
//   npm run bench:policy            the tables
//   npm run bench:policy -- vpcs    the one of the VPC registry alone
//   npm run bench:policy -- --json  one round of one size, in a process of its own (used by the former)
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { compilePolicy } from '../src/policy/engine/compile.ts';
import { decide } from '../src/policy/engine/decide.ts';
import type { Question } from '../src/policy/engine/decision.ts';
import { createWorkerLoad } from '../src/policy/store/load-in-worker.ts';
import { loadPolicy } from '../src/policy/store/load-policy.ts';
import { progress } from './progress.ts';

const sizes = [10, 1_000, 100_000, 1_000_000];
const registrySizes = [10, 1_000, 100_000];
const rounds = 5;
const decisions = 200_000;
const clusterId = '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11';
const now = Date.parse('2026-11-01T00:00:00Z');

interface Round {
  readonly loadMs: number;
  readonly keptMb: number;
  readonly allowNs: number;
  readonly denyNs: number;
  readonly reloadMs: number;
  readonly pauseMs: number;
}

/** Disjoint /28s that do not touch, so that none can be merged with another, in no particular order. */
function writePolicy(folder: string, size: number): string {
  const step = Math.floor(2 ** 28 / size);
  const lines = Array.from({ length: size }, (_, index) => {
    const slot = (index * 7_919) % size;
    const first = 0x0a000000 + Math.floor((slot * step) / 16) * 16;
    return `${first >>> 24}.${(first >>> 16) & 255}.${(first >>> 8) & 255}.${first & 255}/28`;
  });
  writeFileSync(join(folder, 'blocks.txt'), `${lines.join('\n')}\n`);
  return writeDocument(folder, 'cidrs: { file: blocks.txt }');
}

/** As many VPCs with two blocks each, in no particular order. */
function writeRegistry(folder: string, size: number): string {
  const rows = Array.from({ length: size - 1 }, (_, index) => {
    const slot = (index * 7_919) % size;
    const id = (0x0123456789abcdefn + BigInt(slot)).toString(16).padStart(17, '0');
    return `vpc-${id},111122223333,us-east-1,10.${slot % 256}.0.0/16;100.64.${slot % 256}.0/24`;
  });
  const asked = 'vpc-01234567,111122223333,us-east-1,10.0.0.0/16;100.64.0.0/24';
  writeFileSync(join(folder, 'vpcs.csv'), `${[...rows, asked].join('\n')}\n`);
  return writeDocument(folder, 'cidrs: [10.0.0.0/8]', 'vpcs: { file: vpcs.csv }');
}

function writeDocument(folder: string, cidrs: string, more = ''): string {
  const path = join(folder, 'policy.yaml');
  writeFileSync(
    path,
    `version: 1
organization: bench
guardrails:
  accounts: ["111122223333"]
  regions: [us-east-1]
  ${cidrs}
  forbiddenCidrs: [192.0.2.0/24]
  prefixLength: { min: 16, max: 28 }
${more}
`,
  );
  return path;
}

const residentMb = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
};

function nanosecondsADecision(policy: ReturnType<typeof compilePolicy>, cidrBlock: string): number {
  const peering = {
    clusterId,
    vpcId: 'vpc-01234567',
    cidrBlock,
    accountId: '111122223333',
    region: 'us-east-1',
    isSecureConnection: true,
  };
  const question: Question = {
    claims: { sub: 'svc' },
    at: now,
    action: 'create',
    clusterId,
    peering,
  };
  let kept = 0;
  for (let turn = 0; turn < decisions / 10; turn += 1) kept += decide(policy, question).violations.length;
  const start = process.hrtime.bigint();
  for (let turn = 0; turn < decisions; turn += 1) kept += decide(policy, question).violations.length;
  const elapsed = Number(process.hrtime.bigint() - start);
  if (!Number.isFinite(kept)) throw new Error('nothing was decided');
  return elapsed / decisions;
}

async function measure(path: string): Promise<Round> {
  // The code is loaded and warm before anything is measured.
  const warm = mkdtempSync(join(tmpdir(), 'peergate-bench-'));
  loadPolicy(writePolicy(warm, 10), now);
  rmSync(warm, { recursive: true });
  const before = residentMb();
  const start = performance.now();
  const read = loadPolicy(path, now);
  if (read.faults !== undefined) throw new Error(JSON.stringify(read.faults.slice(0, 3)));
  const policy = compilePolicy(read.data);
  const loadMs = performance.now() - start;
  const keptMb = residentMb() - before;
  const allowNs = nanosecondsADecision(policy, '10.0.0.0/28');
  const denyNs = nanosecondsADecision(policy, '172.16.0.0/28');
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const reloadStart = performance.now();
  const again = await createWorkerLoad()({ policyFile: path, testsFile: undefined, settings: {}, now });
  if (again.faults !== undefined) throw new Error('the policy did not load in a thread');
  compilePolicy(again.data);
  const reloadMs = performance.now() - reloadStart;
  await new Promise((resolve) => setTimeout(resolve, 20));
  delay.disable();
  return { loadMs, keptMb, allowNs, denyNs, reloadMs, pauseMs: delay.max / 1e6 };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** `write`: a policy of so many of what is counted. */
function compare(name: string, sizes: readonly number[], write: typeof writePolicy): void {
  const folders = sizes.map(() => mkdtempSync(join(tmpdir(), 'peergate-bench-')));
  const paths = sizes.map((size, index) => write(folders[index] as string, size));
  const results = sizes.map((): Round[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, path] of paths.entries()) {
      progress(`\rround ${round + 1} of ${rounds}, ${sizes[index]} ${name} \x1b[K`);
      const self = fileURLToPath(import.meta.url);
      const output = execFileSync(process.execPath, ['--expose-gc', self, '--json', path], {
        encoding: 'utf8',
      });
      results[index]?.push(JSON.parse(output) as Round);
    }
  }
  progress('\r\x1b[K');
  for (const folder of folders) rmSync(folder, { recursive: true });
  console.log(
    `| ${name} | load, ms | kept, MB | decide: allow, ns | decide: deny, ns | reload in a thread, ms | longest pause meanwhile, ms |`,
  );
  console.log('| ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const [index, rows] of results.entries()) {
    const cells = [
      cell(rows, 'loadMs', 0),
      cell(rows, 'keptMb', 1),
      cell(rows, 'allowNs', 0),
      cell(rows, 'denyNs', 0),
      cell(rows, 'reloadMs', 0),
      cell(rows, 'pauseMs', 1),
    ];
    console.log(`| ${sizes[index]?.toLocaleString('en')} | ${cells.join(' | ')} |`);
  }
}

function cell(rows: readonly Round[], key: keyof Round, digits: number): string {
  const values = rows.map((row) => row[key]);
  return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;
}

function run(): void {
  console.log(
    `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB; median (range) of ${rounds} interleaved rounds, a new process each.\n`,
  );
  if (flag !== 'vpcs') compare('blocks', sizes, writePolicy);
  console.log('\nVPCs of the registry, two blocks each:\n');
  compare('VPCs', registrySizes, writeRegistry);
}

const [flag, path] = process.argv.slice(2);
if (flag === '--json' && path !== undefined) console.log(JSON.stringify(await measure(path)));
else run();
