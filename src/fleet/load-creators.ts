// Fills the store of creators from the audit log, in the background after the start. Never rejects: what could not be read
// is unknown.
import { findRotated } from '../audit/log/rotated-files.ts';
import type { Logger } from '../logging/logger.ts';
import type { CreatorStore } from '../state/creators/creator-store.ts';
import { readCreators } from './creators-in-logs.ts';

/** `file`: the audit log, whose rotated files are read before it. `chain`: the one that this run continues. */
export async function loadCreators(
  file: string,
  chain: string,
  creators: CreatorStore,
  logger: Logger,
): Promise<void> {
  try {
    const rotated = await findRotated(file);
    const files = [...rotated.map(({ path }) => path), file];
    await readCreators(files, (id, creator) => creators.recordCreator(id, creator), chain);
  } catch (error) {
    logger.warn({ err: error }, 'the creators of peerings could not be read from the audit log');
  }
}
