// Finds in the audit log what earlier runs left open, and has it settled. Never rejects: the gateway works without.
import type { Head } from '../audit/log/chain.ts';
import { factsFromRecord } from '../audit/record/recorded-request.ts';
import { findOpenIntents } from '../audit/verify/find-open-intents.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logging/logger.ts';
import type { Reconciler } from './reconciler.ts';

export interface EarlierCreates {
  /** The audit log. */
  readonly file: string;
  /** The last record of earlier runs. */
  readonly before: Head;
  readonly reconciler: Reconciler;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A log that cannot be read now, perhaps since it is being compressed, is searched again after so long. */
const searchAgainMs = 30_000;

export async function settleEarlierCreates(earlier: EarlierCreates): Promise<void> {
  const { file, before, reconciler, clock, logger } = earlier;
  try {
    const found = await findOpenIntents(file, before, clock.now());
    for (const [id, creator] of found.knownPeerings) reconciler.recordCreator(id, creator);
    for (const id of found.ambiguousPeerings) reconciler.recordAmbiguous(id);
    for (const { record, outcome } of found.intents) {
      // A further look would find no more than the one that is on record.
      if (outcome === 'ambiguous') continue;
      const facts = factsFromRecord(record);
      if (facts !== undefined) reconciler.settle(facts);
    }
  } catch (error) {
    logger.error({ err: error }, 'the audit log could not be searched for open creates');
    setTimeout(() => void settleEarlierCreates(earlier), searchAgainMs).unref();
  }
}
