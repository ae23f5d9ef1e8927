// Runs a soak: rounds of load with one disturbance each, and after each round a look at what the idle process keeps. In the end
// nothing may be held, the process must stop in order, and its log must verify.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { auditVerify } from '../../test/commands/audit-verify-run.ts';
import type { Scope } from '../../test/support/scope.ts';
import { until } from '../../test/support/until.ts';
import { seriesOf } from '../../test/telemetry/scrape.ts';
import { processSeconds } from '../load/usage.ts';
import { type Disturbance, disturbances } from './disturbances.ts';
import { Load } from './load.ts';
import { type LogLine, type Site, startSite } from './site.ts';
import { Tolerance } from './tolerance.ts';
import type { Point } from './verdict.ts';

export interface Round {
  readonly point: Point;
  readonly disturbance: string;
  readonly requests: number;
  readonly seconds: number;
  /** Share of a core that the gateway used under load. */
  readonly cores: number;
}

export interface SoakOptions {
  readonly rounds: number;
  /** Of load in a round. */
  readonly loadMs: number;
  /** For which the process is looked at when it is idle. */
  readonly idleMs?: number;
  readonly finished?: (round: Round, site: Site) => Promise<void> | void;
}

export interface SoakOutcome {
  readonly rounds: readonly Round[];
  /** Everything that went wrong, but for growth. */
  readonly faults: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly records: number;
  /** Log lines by level, without those of requests. */
  readonly logLines: ReadonlyMap<string, number>;
}

/** The gateway and its peers keep an idle connection for up to five seconds. */
const usualIdleMs = 7000;

export async function runSoak(scope: Scope, options: SoakOptions): Promise<SoakOutcome> {
  const site = await startSite(scope);
  const tolerance = new Tolerance();
  const load = new Load(site, tolerance);
  const faults: string[] = [];
  const logLines = new Map<string, number>();
  site.watchLog((line) => judgeLine(line, tolerance, faults, logLines));
  const rounds: Round[] = [];
  for (let number = 0; number < options.rounds; number += 1) {
    const disturbance = disturbances[number % disturbances.length] as Disturbance;
    const before = { requests: load.requests, seconds: processSeconds(site.pid), at: performance.now() };
    await load.start();
    const ended = delay(options.loadMs);
    await delay(options.loadMs / 5);
    await disturbance.act({ site, load, tolerance, number }).catch((error: unknown) => {
      faults.push(`${disturbance.name}: ${(error as Error).message}`);
    });
    await ended;
    await load.pause();
    const seconds = (performance.now() - before.at) / 1000;
    const cores = (processSeconds(site.pid) - before.seconds) / seconds;
    const point = await pointOf(site, options.idleMs ?? usualIdleMs);
    const requests = load.requests - before.requests;
    const round = { point, disturbance: disturbance.name, requests, seconds, cores };
    rounds.push(round);
    await options.finished?.(round, site);
  }
  await assertReleased(site).catch((error: unknown) => void faults.push((error as Error).message));
  const records = await assertEnd(site, faults);
  return { rounds, faults: [...faults, ...load.unexpected], counts: load.counts, records, logLines };
}

function judgeLine(line: LogLine, tolerance: Tolerance, faults: string[], counts: Map<string, number>): void {
  if (line.msg !== 'request served') counts.set(line.level, (counts.get(line.level) ?? 0) + 1);
  if (/^(?:error|fatal)$/.test(line.level) && !tolerance.excusesLog(line.text))
    faults.push(`logged: ${line.text}`);
}

/** What must be zero when nothing is asked of the gateway. */
const idleSeries = [
  ...['requests_in_flight', 'requests_waiting', 'audit_queue_records', 'pending_reconciliations'],
  ...['breaker_open{method="GET"}', 'breaker_open{method="POST"}', 'breaker_open{method="DELETE"}'],
];

/** The least that is kept at once while the process is idle: what comes and goes, such as a refresh of the fleet, does not count. */
async function pointOf(site: Site, idleMs: number): Promise<Point> {
  await until(
    'nothing is open',
    async () => {
      const series = await seriesOf(site);
      return idleSeries.every((name) => (series.get(name) ?? 0) === 0) && series.get('redis_up') === 1;
    },
    90_000,
  );
  const samples: Pick<Point, 'fds' | 'handles'>[] = [];
  const end = performance.now() + idleMs;
  while (performance.now() < end) {
    const kinds = await site.inspector.evaluate<string[]>('process.getActiveResourcesInfo()');
    const handles = Object.fromEntries(
      [...Map.groupBy(kinds, (kind) => kind)].map(([kind, all]) => [kind, all.length]),
    );
    samples.push({ fds: readdirSync(`/proc/${site.pid}/fd`).length, handles });
    await delay(250);
  }
  const kinds = new Set(samples.flatMap(({ handles }) => Object.keys(handles)));
  const least = (read: (sample: (typeof samples)[number]) => number) => Math.min(...samples.map(read));
  await site.inspector.collectGarbage();
  await site.inspector.collectGarbage();
  const memory = await site.inspector.evaluate<NodeJS.MemoryUsage>('process.memoryUsage()');
  return {
    heap: memory.heapUsed + memory.external,
    rss: memory.rss,
    fds: least(({ fds }) => fds),
    handles: Object.fromEntries([...kinds].map((kind) => [kind, least(({ handles }) => handles[kind] ?? 0)])),
  };
}

/** No lock and no key is held any more. A lock that could not be released ends by itself. */
async function assertReleased({ redis }: Site): Promise<void> {
  const locks = async () => (await redis.command('KEYS', 'peergate:lock:*')) as string[];
  await until('no cluster lock is held', async () => (await locks()).length === 0, 60_000);
  const [seconds] = (await redis.command('TIME')) as [string, string];
  for (const key of (await redis.command('KEYS', 'peergate:idempotency:*')) as string[]) {
    const [state, lease] = (await redis.command('HMGET', key, 'state', 'lease')) as [string, string];
    // One whose end could not be stored is not held any more once its lease has ended.
    assert.ok(state !== 'running' || Number(lease) < Number(seconds) * 1000, 'an idempotency key is held');
  }
}

/** Stops the gateway and verifies its log, with all of its parts. Gives the number of records. */
async function assertEnd(site: Site, faults: string[]): Promise<number> {
  // A process that is looked into waits with its end.
  site.inspector.close();
  site.signal('SIGTERM');
  const [status, signal] = await site.exited;
  if (status !== 0) faults.push(`the gateway ended with ${status ?? signal}`);
  if (site.complaints() !== '') faults.push(`on standard error: ${site.complaints()}`);
  const { out, status: verified } = await auditVerify([
    ...['--json', '--key', site.publicKeyFile],
    ...site.auditFiles(),
  ]);
  if (verified !== 0) faults.push(`audit verify: ${out.slice(0, 2000)}`);
  return (JSON.parse(out) as { records: number }).records;
}
