// Fills the store of creators from the audit log, in the background after the start. What could not be read is unknown.
import { findRotated } from '../audit/log/rotated-files.ts';
import type { Logger } from '../logging/logger.ts';
import type { CreatorStore } from '../state/creators/creator-store.ts';
import { readCreators } from './creators-in-logs.ts';

/** Pause before the next attempt to read the log, which may be being compressed. */
const retryMs = 30_000;

export class CreatorLog {
  readonly #creators: CreatorStore;
  readonly #logger: Logger;
  #isRead = false;

  constructor(creators: CreatorStore, logger: Logger) {
    this.#creators = creators;
    this.#logger = logger;
  }

  /** Until then, whom the store does not know may be in the log. */
  get isRead(): boolean {
    return this.#isRead;
  }

  /**
   * `file`: the audit log, whose rotated files are read before it. `chain`: the one that this run continues; without both there
   * is nothing to read. Never rejects.
   */
  async read(file: string | undefined, chain: string | undefined): Promise<void> {
    try {
      if (file !== undefined && chain !== undefined) {
        const rotated = await findRotated(file);
        const files = [...rotated.map(({ path }) => path), file];
        await readCreators(files, (id, creator) => this.#creators.recordCreator(id, creator), chain);
      }
      this.#isRead = true;
    } catch (error) {
      this.#logger.warn({ err: error }, 'the creators of peerings could not be read from the audit log');
      setTimeout(() => void this.read(file, chain), retryMs).unref();
    }
  }
}
