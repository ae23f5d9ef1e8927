// Puts the audit log together: the chain and the record that it continues from, the sink, the checkpoints. Rejects only when
// an existing log cannot be read, for then nobody knows where its chain ends. With a disk that takes no records the gateway
// is not ready until the disk works.
import { withTimeout } from '../../async/with-timeout.ts';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { AuditEvent, EventCode } from '../record/event-form.ts';
import { chainStartedEvent, type OldChain, recoveredEvent } from '../record/gateway-events.ts';
import { findOpenIntents } from '../verify/find-open-intents.ts';
import { AuditChain, type Head, type Reporter } from './chain.ts';
import { Checkpoints } from './checkpoints.ts';
import { FileSink, type FileSinkEvents } from './file-sink.ts';
import { findTail } from './find-tail.ts';
import type { JudgedTail } from './judge-tail.ts';
import { type LogFiles, systemFiles } from './log-file-system.ts';
import { readSigningKey, type SigningKey, toSigningKey } from './signing-key.ts';
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
  const tail = file === undefined ? emptyTail : await judgedTail(file, key, parts);
  const continues = tail.ends === undefined ? tail.head : undefined;
  const old = tail.ends === undefined ? undefined : await oldChain(file ?? '', tail, clock.now());
  const fileSink =
    file === undefined
      ? undefined
      : new FileSink({
          path: file,
          head: tail.head,
          now: clock.now,
          files: parts.logFiles,
          events: eventsFor(parts, recordSoon),
        });
  const signing = { trail: () => trail, instance: reporter.instance, clock, logger };
  const checkpoints = key && new Checkpoints({ key, ...signing, head: continues, unsigned: tail.unsigned });
  const chain = new AuditChain(reporter, clock.newId, continues, (head, code) => {
    parts.watch?.sealed(code);
    checkpoints?.sealed(head, code);
  });
  const trail = new AuditTrail(chain, fileSink ?? parts.sink, clock, {
    written: (seconds) => parts.watch?.written(seconds),
    failed: () => parts.watch?.failed(),
    sealing: () => checkpoints?.sealing(),
  });
  const reopen = async (): Promise<void> => {
    // What went wrong has been logged, and the next record meets it again.
    await fileSink?.reopen().catch(() => undefined);
  };
  /** A checkpoint comes before any record that an earlier one does not already vouch for; both reach the sink at once. */
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

const emptyTail: JudgedTail = { head: undefined, ends: undefined, unsigned: 0 };

async function judgedTail(
  path: string,
  key: SigningKey | undefined,
  { logger, logFiles = systemFiles }: AuditLogParts,
): Promise<JudgedTail> {
  const tail = await findTail(logFiles, path, key?.verifying);
  if (tail.ends !== undefined)
    logger.error(
      { reason: tail.ends },
      'a new chain begins in the audit log: run `audit verify` on the old one',
    );
  return tail;
}

async function oldChain(
  path: string,
  { head, ends }: JudgedTail,
  now: number,
): Promise<OldChain | undefined> {
  if (ends === undefined) return undefined;
  const intents = head === undefined ? [] : (await findOpenIntents(path, head, now)).intents;
  return { head, reason: ends, openIntents: intents.length };
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
