// A log of any size is checked in constant memory, whole or in pieces.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AuditChain } from '../../../src/audit/log/chain.ts';
import { plainEvent, reworded, startOfTime, writeLogs } from './chained-log.ts';

const measure = fileURLToPath(new URL('measure-verify.ts', import.meta.url));
const megabyte = 1024 * 1024;
const recordBytes = 2048;

/** Some 60 MB; a copy that was changed after every `forgedEvery` records. */
function bigLog(forgedEvery: number): Buffer {
  const chain = new AuditChain({ version: '0.0.0-test', instance: 'gateway-1' }, randomUUID);
  const note = 'n'.repeat(recordBytes - 500);
  const lines: Buffer[] = [];
  for (let count = 1, bytes = 0; bytes < 60 * megabyte; count += 1) {
    const line = chain.append(plainEvent(startOfTime + count, note));
    lines.push(Buffer.from(`${line}\n${count % forgedEvery === 0 ? `${reworded(line)}\n` : ''}`));
    bytes += line.length;
  }
  return Buffer.concat(lines);
}

for (const [what, forgedEvery] of [
  ['whole', Number.POSITIVE_INFINITY],
  ['full of changed copies', 10],
] as const) {
  test(`60 MB that are ${what} are checked in a heap of 64 MB that does not grow`, async () => {
    const [path = ''] = await writeLogs({ 'audit.log': bigLog(forgedEvery) });
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      '--max-old-space-size=64',
      measure,
      path,
      String(5 * megabyte),
    ]);
    const { records, chains, findings, held } = JSON.parse(stdout) as Record<string, number> & {
      held: number[];
    };
    assert.equal(chains, 1);
    assert.equal((records ?? 0) > 25_000, true);
    assert.equal(findings, forgedEvery === 10 ? Math.floor(((records ?? 0) * 10) / 11 / 10) : 0);
    // Half-way it holds what it will ever hold, but for what each break takes, of which there is a bounded number.
    const [half = 0, end = 0] = [held[5], held.at(-1)];
    const most = forgedEvery === 10 ? 16 : 8;
    assert.equal(held.length >= 12, true);
    assert.equal(end - half < most * megabyte, true, `${half} bytes half-way, ${end} at the end`);
  });
}
