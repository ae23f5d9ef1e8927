// Audit logs as a gateway writes them, made in memory, what a forger does to them, and the check of the result: each finding
// as one short line.
import { hash, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AuditChain, type Head } from '../../../src/audit/log/chain.ts';
import { canonicalJson } from '../../../src/audit/record/canonical-json.ts';
import type { AuditEvent } from '../../../src/audit/record/event-form.ts';
import { type Verification, type VerifyOptions, verifyLogs } from '../../../src/audit/verify/verify-logs.ts';
import type { AuditRecord } from '../../support/audit-record.ts';
import { eventNamed } from '../../support/event-named.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

export const startOfTime = Date.parse('2026-11-01T00:00:00Z');

export interface LogOptions {
  readonly instance?: string;
  /** The record that it continues from. */
  readonly after?: Head;
  /** Of the first record; the others follow a second apart. */
  readonly time?: number;
}

/** A record that is there to be counted. */
export const plainEvent = (time: number, note = ''): AuditEvent =>
  eventNamed('peering.list.outcome', { type_uid: 600302, time, ...(note === '' ? {} : { note }) });

/** The lines of a chain with these events, or so many plain ones. */
export function makeLog(events: number | readonly AuditEvent[], options: LogOptions = {}): string[] {
  const { instance = 'gateway-1', after, time = startOfTime } = options;
  const chain = new AuditChain({ version: '0.0.0-test', instance }, randomUUID, after);
  const all =
    typeof events === 'number'
      ? Array.from({ length: events }, (_, index) => plainEvent(time + index * 1000))
      : events;
  return all.map((event) => chain.append(event));
}

/** What a log continues from whose last line this is. */
export function headOf(line: string | undefined): Head {
  const { metadata, type_uid, attestation_list } = JSON.parse(line ?? '') as AuditRecord;
  return {
    chain: attestation_list[0].chain_uid,
    sequence: metadata.sequence,
    uid: metadata.uid,
    typeUid: type_uid,
    fingerprint: attestation_list[0].fingerprint.value,
  };
}

/** What a forger touches of a record. */
interface ForgedRecord {
  note: string;
  duration: number;
  class_uid: number;
  readonly metadata: { sequence: unknown; readonly reporter: { uid: string } };
  readonly unmapped: { checkpoint: unknown };
  readonly attestation_list: readonly [ForgedAttestation, ...ForgedAttestation[]];
}

interface ForgedAttestation {
  chain_uid: string;
  fingerprint: { value: string };
  prev_event: { readonly uid: string; readonly type_uid: number; readonly fingerprint: { value: string } };
}

/** The line with something in it changed. */
export function altered(line: string | undefined, change: (record: ForgedRecord) => void): string {
  const record = JSON.parse(line ?? '') as ForgedRecord;
  change(record);
  return canonicalJson(record);
}

/** The record with another content, in its place. */
export const reworded = (line: string | undefined): string =>
  altered(line, (record) => {
    record.note = 'nothing to see here';
  });

/** With the fingerprint that its content has now. */
export const fingerprinted = (line: string): string =>
  altered(line, (record) => {
    const attestation = record.attestation_list[0];
    const { value, ...rest } = attestation.fingerprint;
    delete (attestation as Partial<ForgedAttestation>).fingerprint;
    attestation.fingerprint = { ...rest, value: hash('sha256', canonicalJson(record)) };
  });

/** What a forger does who knows how the chain is made: places and fingerprints are made anew from the first line on. */
export function rechained(lines: readonly string[], after?: Head): string[] {
  let head = after;
  return lines.map((line) => {
    const forged = fingerprinted(
      altered(line, (record) => {
        const attestation = record.attestation_list[0];
        record.metadata.sequence = (head?.sequence ?? 0) + 1;
        attestation.chain_uid = head?.chain ?? attestation.chain_uid;
        delete (attestation as Partial<ForgedAttestation>).prev_event;
        if (head !== undefined)
          attestation.prev_event = {
            fingerprint: { ...attestation.fingerprint, value: head.fingerprint },
            type_uid: head.typeUid,
            uid: head.uid,
          };
      }),
    );
    head = headOf(forged);
    return forged;
  });
}

export type LogFiles = Readonly<Record<string, readonly string[] | Buffer | string>>;

/** Writes the files; gives their paths, in order, and takes them away when the test ends. */
export async function writeLogs(files: LogFiles): Promise<string[]> {
  const folder = temporaryFolder();
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
  log: readonly string[] | LogFiles,
  options: Partial<VerifyOptions> = {},
): Promise<Verification> {
  const files = Array.isArray(log) ? { 'audit.log': log as readonly string[] } : (log as LogFiles);
  return await verifyLogs(await writeLogs(files), { onRead: () => undefined, ...options });
}

/** Every finding in short: kind, file and line, the records concerned. */
export const shortFindings = ({ findings }: Verification): string[] =>
  findings.map(({ kind, file, line, from, to }) => {
    const name = file.slice(file.lastIndexOf('/') + 1);
    return `${kind} ${name === 'audit.log' || name === '' ? '' : `${name}:`}${line} #${from === to ? from : `${from}-${to}`}`;
  });

export const descriptions = ({ findings }: Verification): string[] =>
  findings.map(({ description }) => description);

/** The findings in a log, in short. */
export const findingsIn = async (...args: Parameters<typeof verify>): Promise<string[]> =>
  shortFindings(await verify(...args));
