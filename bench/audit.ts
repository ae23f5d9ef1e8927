// Measures what the audit log costs: first the making of a record (audit-record.ts); then records a second at so many writers
// waiting at once, beside what the same disk gives to the barest loop there is. Interleaved in rounds, so that a noisy machine is noisy for all alike.
//
//   npm run bench:audit                    in a folder of the system's temporary one
//   npm run bench:audit -- --folder PATH   on another disk
import fs from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { AuditChain } from '../src/audit/log/chain.ts';
import { FileSink } from '../src/audit/log/file-sink.ts';
import { AuditTrail } from '../src/audit/log/trail.ts';
import { intentEvent } from '../src/audit/record/request-events.ts';
import { systemClock } from '../src/clock.ts';
import { compareRecords, facts, reporter } from './audit-record.ts';
import { median } from './report/statistics.ts';

const waiting = [1, 32, 256];
const rounds = 10;
const roundMs = 400;

const event = intentEvent(facts, facts.startedAt + 1);
const line = new AuditChain(reporter, systemClock.newId).append(event);

/** Runs `count` loops of `write` at once for a while. Gives writes a second. */
async function rate(count: number, write: () => Promise<void>): Promise<number> {
  const start = performance.now();
  let done = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() - start < roundMs) {
      await write();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: count }, loop));
  return (done * 1000) / (performance.now() - start);
}

const write = promisify(fs.write);
const fdatasync = promisify(fs.fdatasync);

/** One buffer, made beforehand, written and synced again and again: what the disk gives when nobody has to be told. */
async function bareDisk(path: string, count: number): Promise<number> {
  const fd = fs.openSync(path, 'w');
  const batch = Buffer.from(`${line}\n`.repeat(count));
  const perSecond = await rate(1, async () => {
    await write(fd, batch);
    await fdatasync(fd);
  });
  fs.closeSync(fd);
  return perSecond * count;
}

/** The shortest group commit: each writer waits for the sync behind its line; no chain, no checks, no way back. */
async function bareGroupCommit(path: string, count: number): Promise<number> {
  const fd = fs.openSync(path, 'w');
  let queue: { text: string; resolve: () => void }[] = [];
  let busy = false;
  const flush = async (): Promise<void> => {
    busy = true;
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      await write(fd, Buffer.from(batch.map(({ text }) => text).join('')));
      await fdatasync(fd);
      for (const { resolve } of batch) resolve();
      await undefined;
    }
    busy = false;
  };
  const perSecond = await rate(
    count,
    () =>
      new Promise((resolve) => {
        queue.push({ text: `${line}\n`, resolve });
        if (!busy) void Promise.resolve().then(flush);
      }),
  );
  fs.closeSync(fd);
  return perSecond;
}

const events = {
  torn: () => undefined,
  reopened: () => undefined,
  failed: (error: unknown) => {
    throw error;
  },
};

async function sink(path: string, count: number): Promise<number> {
  const file = new FileSink({ path, head: undefined, now: Date.now, events });
  const perSecond = await rate(count, () => file.write(line));
  await file.close();
  return perSecond;
}

/** What a request waits for: the record made, chained, and durable. */
async function wholeTrail(path: string, count: number): Promise<number> {
  const file = new FileSink({ path, head: undefined, now: Date.now, events });
  const trail = new AuditTrail(new AuditChain(reporter, systemClock.newId), file, systemClock);
  const perSecond = await rate(count, () => trail.record(event));
  await file.close();
  return perSecond;
}

const candidates = { bareDisk, bareGroupCommit, sink, wholeTrail };
type Name = keyof typeof candidates;

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

async function measure(folder: string, count: number): Promise<string> {
  const results: Record<Name, number[]> = { bareDisk: [], bareGroupCommit: [], sink: [], wholeTrail: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of Object.keys(candidates) as Name[]) {
      const path = join(folder, 'audit.log');
      results[name].push(await candidates[name](path, count));
      fs.rmSync(path);
    }
  }
  const ratio = (name: Name, to: Name): string =>
    median(results[name].map((value, round) => value / (results[to][round] ?? 0))).toFixed(2);
  const rates = (Object.keys(candidates) as Name[]).map((name) => whole(median(results[name])));
  const ratios = [
    ratio('sink', 'bareGroupCommit'),
    ratio('sink', 'bareDisk'),
    ratio('wholeTrail', 'bareDisk'),
  ];
  return `| ${[count, ...rates, ...ratios].join(' | ')} |`;
}

const { values } = parseArgs({ options: { folder: { type: 'string', default: tmpdir() } } });
const folder = fs.mkdtempSync(join(values.folder, 'peergate-bench-'));
try {
  process.stdout.write(
    `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? '?'}; a record has ${line.length + 1} bytes

${await compareRecords()}
medians of ${rounds} rounds of ${roundMs} ms; records a second, then ratios within a round

| waiting at once | disk | group commit | sink | trail | sink : group commit | sink : disk | trail : disk |
| --: | --: | --: | --: | --: | --: | --: | --: |
`,
  );
  for (const count of waiting) process.stdout.write(`${await measure(folder, count)}\n`);
} finally {
  fs.rmSync(folder, { recursive: true });
}
