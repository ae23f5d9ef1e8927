// The file sink by itself, on a disk that a test can break, with a chain to make its lines and a check of what is in its
// file.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { TestContext } from 'node:test';
import { AuditChain, type Head } from '../../../src/audit/log/chain.ts';
import { FileSink } from '../../../src/audit/log/file-sink.ts';
import type { TornLine } from '../../../src/audit/log/log-file.ts';
import { verifyLogs } from '../../../src/audit/verify/verify-logs.ts';
import { eventNamed } from '../../support/event-named.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { BrokenFiles } from './broken-files.ts';

export const event = (code = 'x') => eventNamed(code);

export const newChain = (head?: Head): AuditChain =>
  new AuditChain({ version: '0', instance: 'test' }, () => crypto.randomUUID(), head);

/** So many lines of a chain. */
export const linesOf = (chain: AuditChain, count: number): string[] =>
  Array.from({ length: count }, () => chain.append(event()));

export const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

export interface SinkOptions {
  readonly path?: string;
  readonly head?: Head;
}

export function startSink(test: TestContext, { path: given, head }: SinkOptions = {}) {
  const path = given ?? join(temporaryFolder(), 'audit.log');
  const files = new BrokenFiles();
  const torn: TornLine[] = [];
  const failed: unknown[] = [];
  let reopened = 0;
  const sink = new FileSink({
    path,
    head,
    files,
    now: Date.now,
    events: {
      torn: (line) => void torn.push(line),
      reopened: () => {
        reopened += 1;
      },
      failed: (error) => void failed.push(error),
    },
  });
  test.after(async () => {
    files.heal();
    await sink.close();
    assert.equal(files.openFiles, 0, 'a descriptor is left open');
  });
  const chain = newChain(head);
  return {
    path,
    files,
    sink,
    chain,
    torn,
    failed,
    /** How often the log went on in another file. */
    reopened: () => reopened,
    /** The next line of the chain, and what becomes of it. */
    next: () => {
      const line = chain.append(event());
      return { line, written: sink.write(line) };
    },
    text: () => readFile(path, 'utf8'),
    /** What was set aside, by its name. */
    setAside: () => setAsideFrom(path),
  };
}

export async function setAsideFrom(path: string): Promise<string[]> {
  return (await readdir(dirname(path))).filter((name) => name.startsWith(`${basename(path)}.torn-`));
}

/** These files are one whole chain of so many records. */
export async function assertWhole(files: readonly string[], records: number): Promise<void> {
  const verified = await verifyLogs(files, { onRead: () => undefined });
  assert.deepEqual(verified.findings, []);
  assert.deepEqual([verified.records, verified.chains], [records, 1]);
}

/** Time for back-offs, which passes when the test says. */
export function stopTheClock(test: TestContext) {
  let time = performance.now();
  test.mock.method(globalThis.performance, 'now', () => time);
  return {
    pass: (milliseconds: number): void => {
      time += milliseconds;
    },
  };
}
