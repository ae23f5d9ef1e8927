// Audit logs as a gateway writes them, made in memory, what a forger does to them, and the check of the result: each break
// as one short line.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { AuditChain, beforeFirst, type Head, hashOfLine } from '../../../src/audit/log/chain.ts';
import type { AuditEvent } from '../../../src/audit/record/event-form.ts';
import { type Verification, type VerifyOptions, verifyLogs } from '../../../src/audit/verify/verify-logs.ts';
import type { Loose } from '../../support/gateway.ts';

export const startOfTime = Date.parse('2026-11-01T00:00:00Z');

export interface LogOptions {
  readonly instance?: string;
  /** The record that it goes on from. */
  readonly after?: Head;
  /** Of the first record; the others follow a second apart. */
  readonly time?: number;
}

/** A record that is there to be counted. */
export const plainEvent = (time: number, note = ''): AuditEvent => ({
  class_uid: 6003,
  time,
  metadata: { event_code: 'peering.list.outcome' },
  ...(note === '' ? {} : { note }),
  unmapped: {},
});

/** The lines of a chain with these events, or so many plain ones. */
export function makeLog(events: number | readonly AuditEvent[], options: LogOptions = {}): string[] {
  const { instance = 'gateway-1', after = beforeFirst, time = startOfTime } = options;
  const chain = new AuditChain({ version: '0.0.0-test', instance }, randomUUID, after);
  const all =
    typeof events === 'number'
      ? Array.from({ length: events }, (_, index) => plainEvent(time + index * 1000))
      : events;
  return all.map((event) => chain.seal(event));
}

/** What a log goes on from whose last line this is. */
export const headOf = (line: string): Head => ({
  sequence: (JSON.parse(line) as Loose).metadata.sequence,
  hash: hashOfLine(line),
});

/** The line with something in it changed. */
export function altered(line: string, change: (record: Loose) => void): string {
  const record = JSON.parse(line) as Loose;
  change(record);
  return JSON.stringify(record);
}

/** The record with another content, in its place. */
export const reworded = (line: string): string =>
  altered(line, (record) => {
    record.note = 'nothing to see here';
  });

/** What a forger does who knows how the chain is made: numbers and hashes are made anew from the first line on. */
export function rechained(lines: readonly string[], after: Head = beforeFirst): string[] {
  let head = after;
  return lines.map((line) => {
    const forged = altered(line, (record) => {
      record.metadata.sequence = head.sequence + 1;
      record.unmapped.integrity.previous = head.hash;
    });
    head = { sequence: head.sequence + 1, hash: hashOfLine(forged) };
    return forged;
  });
}

/** A record that nobody wrote, with this place in the chain. */
export const forgedLine = (sequence: number, previous = 'f'.repeat(64)): string =>
  altered(makeLog(1)[0] as string, (record) => {
    record.metadata.sequence = sequence;
    record.unmapped.integrity.previous = previous;
    record.note = 'forged';
  });

export type LogFiles = Readonly<Record<string, readonly string[] | Buffer | string>>;

/** Writes the files; gives their paths, in order, and takes them away when the test ends. */
export async function writeLogs(t: TestContext, files: LogFiles): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'peergate-test-'));
  t.after(() => rm(folder, { recursive: true }));
  return await Promise.all(
    Object.entries(files).map(async ([name, content]) => {
      const path = join(folder, name);
      const whole = typeof content === 'string' || Buffer.isBuffer(content);
      await writeFile(path, whole ? content : content.map((line) => `${line}\n`).join(''));
      return path;
    }),
  );
}

/** Lines of one file, or files in their order. */
export async function verify(
  t: TestContext,
  log: readonly string[] | LogFiles,
  options: Partial<VerifyOptions> = {},
): Promise<Verification> {
  const files = Array.isArray(log) ? { 'audit.log': log as readonly string[] } : (log as LogFiles);
  return await verifyLogs(await writeLogs(t, files), { onRead: () => undefined, ...options });
}

/** Every break in short: kind, file and line, the records concerned. */
export const shortBreaks = ({ breaks }: Verification): string[] =>
  breaks.map(({ kind, file, line, from, to }) => {
    const name = file.slice(file.lastIndexOf('/') + 1);
    return `${kind} ${name === 'audit.log' ? '' : `${name}:`}${line} #${from === to ? from : `${from}-${to}`}`;
  });

/** The descriptions, without folders. */
export const descriptions = ({ breaks }: Verification): string[] =>
  breaks.map(({ description }) => description.replaceAll(/\/\S*\//g, ''));

/** The breaks of a log, in short. */
export const breaksIn = async (...args: Parameters<typeof verify>): Promise<string[]> =>
  shortBreaks(await verify(...args));
