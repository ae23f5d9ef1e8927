// Finds open creates and deletes of earlier runs in the audit log and passes them to the reconciler. Never rejects: the
// gateway works without.
import type { Head } from '../audit/log/chain.ts';
import { findOpenIntents } from '../audit/verify/find-open-intents.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logging/logger.ts';
import type { Reconciler } from './reconciler.ts';
import { factsFromRecord } from './recorded-request.ts';

interface EarlierChanges {
  /** The audit log. */
  readonly file: string;
  /** The last record of earlier runs. */
  readonly before: Head;
  readonly reconciler: Reconciler;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Pause before the next attempt to read the log, which may be being compressed. */
const retryMs = 30_000;

export async function settleEarlierChanges(earlier: EarlierChanges): Promise<void> {
  const { file, before, reconciler, clock, logger } = earlier;
  reconciler.hold();
  try {
    const found = await findOpenIntents(file, before, clock.now());
    const { attribution } = reconciler;
    for (const [id, { requestId, isReconciled }] of found.knownPeerings)
      if (isReconciled) attribution.recordTaken(id, requestId);
      else attribution.recordCreator(id, requestId);
    for (const id of found.ambiguousPeerings) attribution.recordAmbiguous(id);
    for (const { record, outcome } of found.intents) {
      // Reading the list again would find nothing new.
      if (outcome === 'ambiguous') continue;
      const facts = factsFromRecord(record);
      if (facts !== undefined) reconciler.settle(facts);
    }
    reconciler.release();
  } catch (error) {
    logger.error({ err: error }, 'the audit log could not be searched for open changes');
    setTimeout(() => void settleEarlierChanges(earlier), retryMs).unref();
  }
}
