// Puts the audit log together: the chain, where it goes on from, the sink, the checkpoints. Rejects only when an existing log
// cannot be read, for then nobody knows where its chain ends; a disk that takes no records makes a gateway that is not
// ready, and becomes ready with it.

import { withTimeout } from '../../async/with-timeout.ts';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { EventCode } from '../record/event-form.ts';
import { recoveredEvent } from '../record/gateway-events.ts';
import { AuditChain, beforeFirst, type Head, type Reporter } from './chain.ts';
import { Checkpoints } from './checkpoints.ts';
import { FileSink, type FileSinkEvents } from './file-sink.ts';
import { findHead } from './find-head.ts';
import { type LogFiles, systemFiles } from './log-file-system.ts';
import { readSigningKey } from './signing-key.ts';
import { type AuditSink, AuditTrail, type TrailWatch } from './trail.ts';

export interface AuditLogParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reporter: Reporter;
  /** Takes the records when there is no file. */
  readonly sink: AuditSink;
  /** The file system below the file. */
  readonly logFiles?: LogFiles | undefined;
  readonly watch?: AuditWatch | undefined;
}

/** Is told of everything that can be counted. */
export interface AuditWatch extends TrailWatch {
  /** An event got its place in the chain. */
  sealed(code: EventCode): void;
  /** Lines were appended to the file and synced. */
  synced(seconds: number): void;
}

export interface AuditSettings {
  readonly file: string | undefined;
  readonly signingKeyFile: string | undefined;
}

export interface AuditLog {
  readonly trail: AuditTrail;
  /** The last record of earlier runs. */
  readonly startedAfter: Head;
  /**
   * Opens the file, and sets a torn last line aside; until then nothing is written. Resolves when that is done or the disk
   * hangs; never rejects.
   */
  open(): Promise<void>;
  /** Goes on in the file that is at the path now; never rejects. */
  reopen(): Promise<void>;
  /** Signs what is left to be signed, and closes the file. */
  stop(): Promise<void>;
}

/** A disk that hangs holds up the start for so long. */
const startMs = 2000;

export async function openAuditLog(settings: AuditSettings, parts: AuditLogParts): Promise<AuditLog> {
  const { clock, logger, reporter } = parts;
  const { file, signingKeyFile } = settings;
  const startedAfter = file === undefined ? beforeFirst : await headBefore(file, parts);
  const fileSink =
    file === undefined
      ? undefined
      : new FileSink({
          path: file,
          head: startedAfter,
          now: clock.now,
          files: parts.logFiles,
          events: eventsFor(parts, recordTorn),
        });
  const checkpoints =
    signingKeyFile === undefined
      ? undefined
      : new Checkpoints({
          readKey: () => readSigningKey(signingKeyFile),
          trail: () => trail,
          instance: reporter.instance,
          clock,
          logger,
        });
  const chain = new AuditChain(reporter, clock.newId, startedAfter, (head, event) => {
    parts.watch?.sealed((event['metadata'] as { event_code: EventCode }).event_code);
    checkpoints?.sealed(head, event);
  });
  const trail = new AuditTrail(chain, fileSink ?? parts.sink, clock, parts.watch);
  const reopen = async (): Promise<void> => {
    // What went wrong has been logged, and the next record meets it again.
    await fileSink?.reopen().catch(() => undefined);
  };
  return {
    trail,
    startedAfter,
    open: async () => void (await withTimeout(startMs, reopen())),
    reopen,
    async stop() {
      await checkpoints?.stop();
      await trail.stop();
      await fileSink?.close();
    },
  };

  function recordTorn(event: ReturnType<typeof recoveredEvent>): void {
    trail.recordFact(event).catch((error: unknown) => {
      logger.error({ err: error }, 'that a torn line was set aside could not be recorded yet');
    });
  }
}

async function headBefore(path: string, { logger, logFiles = systemFiles }: AuditLogParts): Promise<Head> {
  const { head, file, linked } = await findHead(logFiles, path);
  if (!linked) logger.error({ file }, 'the end of the audit log is not whole: run `audit verify` on it');
  return head;
}

const eventsFor = (
  { clock, logger, reporter, watch }: AuditLogParts,
  recordTorn: (event: ReturnType<typeof recoveredEvent>) => void,
): FileSinkEvents => ({
  torn(line) {
    logger.warn({ ...line }, 'a line of the audit log that was never finished was set aside');
    recordTorn(recoveredEvent(line, reporter.instance, clock.now()));
  },
  reopened: () => logger.info('the audit log goes on in another file'),
  failed: (error) => logger.error({ err: error }, 'the audit file cannot be written'),
  synced: (seconds) => watch?.synced(seconds),
});
