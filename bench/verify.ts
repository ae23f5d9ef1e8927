// Measures `audit verify` on a log of 1 GB: once as the gateway writes it, once with its blocks and the lines in them out of
// order, as an export may have them. Prints the time and the peak of resident memory of the command's process.
//
//   node bench/verify.ts                     1 GB in a folder of the system's temporary one, which needs 4 GB
//   node bench/verify.ts --megabytes 100
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair } from 'jose';
import { AuditChain, type Head } from '../src/audit/log/chain.ts';
import { signCheckpoint } from '../src/audit/log/checkpoint.ts';
import { type SigningKey, toSigningKey } from '../src/audit/log/signing-key.ts';
import { checkpointEvent } from '../src/audit/record/gateway-events.ts';
import { intentEvent, outcomeEvent } from '../src/audit/record/request-events.ts';
import { systemClock } from '../src/clock.ts';
import { created, facts, reporter } from './audit-record.ts';

const recordsInBlock = 500;
/** Every record has a time of its own. */
const msBetween = 20;
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** Where the blocks of a file begin, and where it ends, in bytes. */
interface Written {
  readonly path: string;
  readonly offsets: readonly number[];
  readonly records: number;
}

/** Creates that succeed, with a checkpoint at the end of each block, as a gateway with a key writes them. */
function writeLog(path: string, bytes: number, key: SigningKey): Written {
  let head: Head | undefined;
  const chain = new AuditChain(reporter, systemClock.newId, undefined, (sealed) => {
    head = sealed;
  });
  const fd = fs.openSync(path, 'w');
  const offsets = [0];
  let time = facts.startedAt;
  let records = 0;
  for (let size = 0; size < bytes; ) {
    const lines: string[] = [];
    for (let made = 0; made < recordsInBlock; made += 2) {
      time += 2 * msBetween;
      const request = { ...facts, startedAt: time, gatewayRequestId: systemClock.newId() };
      lines.push(
        chain.append(intentEvent(request, time)),
        chain.append(outcomeEvent(request, created, time + msBetween)),
      );
    }
    if (head === undefined) throw new Error('no record was made');
    lines.push(
      chain.append(checkpointEvent(signCheckpoint({ ...head, time }, key), reporter.instance, time)),
    );
    records += lines.length;
    size += fs.writeSync(fd, `${lines.join('\n')}\n`);
    offsets.push(size);
  }
  fs.closeSync(fd);
  return { path, offsets, records };
}

/** A fixed order that is far from the first one. */
const shuffled = <Item>(items: readonly Item[]): Item[] =>
  items
    .map((item, index) => ({ item, rank: (index * 7919) % 10_007 }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);

function writeUnordered({ path, offsets }: Written, to: string): void {
  const [source, target] = [fs.openSync(path, 'r'), fs.openSync(to, 'w')];
  for (const block of shuffled(offsets.slice(0, -1).map((_, index) => index))) {
    const [start = 0, end = 0] = offsets.slice(block, block + 2);
    const bytes = Buffer.alloc(end - start);
    fs.readSync(source, bytes, 0, bytes.length, start);
    const lines = bytes.toString('utf8').trimEnd().split('\n');
    fs.writeSync(target, `${shuffled(lines).join('\n')}\n`);
  }
  fs.closeSync(source);
  fs.closeSync(target);
}

/** Of the process so far, in MiB; `undefined` when it has ended. */
function peakMb(pid: number): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

async function verify(path: string, key: string): Promise<{ seconds: number; peak: number; said: string }> {
  const start = performance.now();
  const child = spawn(process.execPath, [main, 'audit', 'verify', '--json', '--key', key, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  let peak = 0;
  const timer = setInterval(() => {
    peak = peakMb(child.pid ?? 0) ?? peak;
  }, 50);
  const [status] = await once(child, 'close');
  clearInterval(timer);
  if (status !== 0) throw new Error(`audit verify ended with ${status}: ${said.slice(0, 2000)}`);
  return { seconds: (performance.now() - start) / 1000, peak, said };
}

const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '1000' } } });
const folder = fs.mkdtempSync(join(tmpdir(), 'peergate-bench-'));
try {
  const pair = await generateKeyPair('EdDSA', { extractable: true });
  const [key, log, unordered] = ['public.jwk', 'ordered.log', 'unordered.log'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  fs.writeFileSync(key, JSON.stringify(await exportJWK(pair.publicKey)));
  const written = writeLog(
    log,
    Number(values.megabytes) * 1e6,
    await toSigningKey(await exportJWK(pair.privateKey)),
  );
  process.stdout.write(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? '?'}

| log | bytes | records | seconds | peak of resident memory |
| --- | --: | --: | --: | --: |
`);
  for (const path of [log, unordered]) {
    if (path === unordered) writeUnordered(written, path);
    const { size } = fs.statSync(path);
    const { seconds, peak, said } = await verify(path, key);
    const { records } = JSON.parse(said) as { records: number };
    if (records !== written.records) throw new Error(`${records} of ${written.records} records were read`);
    const name = path === log ? 'as written' : 'out of order';
    process.stdout.write(
      `| ${name} | ${size.toLocaleString('en-US')} | ${records.toLocaleString('en-US')} | ${seconds.toFixed(0)} | ${peak.toFixed(0)} MiB |\n`,
    );
  }
} finally {
  fs.rmSync(folder, { recursive: true });
}
