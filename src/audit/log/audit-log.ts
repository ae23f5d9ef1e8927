// Puts the audit log together: the chain and the record that it continues from, the sink, the checkpoints. Rejects only when
// an existing log cannot be read, for then nobody knows where its chain ends. With a disk that takes no records the gateway
// is not ready until the disk works.
import { withTimeout } from '../../async/with-timeout.ts';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { AuditEvent, EventCode } from '../record/event-form.ts';
import { chainStartedEvent, recoveredEvent } from '../record/gateway-events.ts';
import { findOpenIntents } from '../verify/find-open-intents.ts';
import { AuditChain, type Head, type Reporter } from './chain.ts';
import { Checkpoints } from './checkpoints.ts';
import { FileSink, type FileSinkEvents } from './file-sink.ts';
import { findTail } from './find-tail.ts';
import type { JudgedTail } from './judge-tail.ts';
import { type LogFiles, systemFiles } from './log-file-system.ts';
import { readSigningKey, toSigningKey } from './signing-key.ts';
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
  /** An event was appended to the chain. */
  appended(code: EventCode): void;
  /** Lines were appended to the file and synced. */
  synced(seconds: number): void;
}

export interface AuditSettings {
  readonly file: string | undefined;
  readonly signingKeyFile: string | undefined;
}

interface AuditLog {
  readonly trail: AuditTrail;
  /** The last record of earlier runs; `undefined` when this run began a chain. */
  readonly continues: Head | undefined;
  /**
   * Opens the file, sets a torn last line aside and begins or signs the chain; until then nothing is written. Resolves when
   * that is done or the disk hangs; never rejects.
   */
  open(): Promise<void>;
  /** Goes on in the file that is at the path now; never rejects. */
  reopen(): Promise<void>;
  /** Signs what is left to be signed, and closes the file. */
  stop(): Promise<void>;
}

/** How long a disk that hangs may delay the start. */
const startMs = 2000;

export async function openAuditLog(settings: AuditSettings, parts: AuditLogParts): Promise<AuditLog> {
  const { clock, logger, reporter } = parts;
  const { file, signingKeyFile } = settings;
  const key = signingKeyFile === undefined ? undefined : await toSigningKey(readSigningKey(signingKeyFile));
  const files = parts.logFiles ?? systemFiles;
  const tail = file === undefined ? noTail : await findTail(files, file, key?.verifying);
  const continues = tail.ends === undefined ? tail.head : undefined;
  const old = file === undefined ? undefined : await oldChain(file, tail, parts);
  const sinkOptions = { head: tail.head, now: clock.now, files, events: eventsFor(parts, recordSoon) };
  const fileSink = file === undefined ? undefined : new FileSink({ path: file, ...sinkOptions });
  const signing = { trail: () => trail, instance: reporter.instance, clock, logger };
  const checkpoints = key && new Checkpoints({ key, ...signing, head: continues, unsigned: tail.unsigned });
  const chain = new AuditChain(reporter, clock.newId, continues, (head, event) => {
    parts.watch?.appended(event.code);
    checkpoints?.appended(head, event);
  });
  const trail = new AuditTrail(chain, fileSink ?? parts.sink, clock, {
    written: (seconds) => parts.watch?.written(seconds),
    failed: () => parts.watch?.failed(),
    appending: (event) => checkpoints?.signIfDue(event),
  });
  const reopen = async (): Promise<void> => {
    // What went wrong has been logged, and the next record meets it again.
    await fileSink?.reopen().catch(() => undefined);
  };
  /** Earlier records are signed before new ones are appended. Both lines reach the sink at once. */
  const begin = async (): Promise<void> => {
    if (continues === undefined) recordSoon(chainStartedEvent(old, reporter.instance, clock.now()));
    await checkpoints?.sign();
  };
  return {
    trail,
    continues,
    // What is set aside when the file is opened is recorded behind these.
    open: async () => void (await withTimeout(startMs, Promise.all([begin(), reopen()]))),
    reopen,
    async stop() {
      await checkpoints?.stop();
      await trail.stop();
      await fileSink?.close();
    },
  };

  function recordSoon(event: AuditEvent): void {
    trail.recordFact(event).catch((error: unknown) => {
      logger.error({ err: error }, 'an event of the audit log itself could not be recorded yet');
    });
  }
}

/** A log without records. */
const noTail: JudgedTail = { head: undefined, ends: undefined, unsigned: 0 };

/** The chain that the log had, if it may not be continued. */
async function oldChain(path: string, { head, ends }: JudgedTail, parts: AuditLogParts) {
  if (ends === undefined) return undefined;
  const detail = 'a new chain begins in the audit log: run `audit verify` on the old one';
  parts.logger.error({ reason: ends }, detail);
  const open = head && (await findOpenIntents(path, head, parts.clock.now()));
  return { head, reason: ends, openIntents: open?.intents.length ?? 0 };
}

const eventsFor = (
  { clock, logger, reporter, watch }: AuditLogParts,
  recordTorn: (event: AuditEvent) => void,
): FileSinkEvents => ({
  torn(line) {
    logger.warn({ ...line }, 'a line of the audit log that was never finished was set aside');
    recordTorn(recoveredEvent(line, reporter.instance, clock.now()));
  },
  reopened: () => logger.info('the audit log continues in another file'),
  failed: (error) => logger.error({ err: error }, 'the audit file cannot be written'),
  synced: (seconds) => watch?.synced(seconds),
});
