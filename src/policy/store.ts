// Holds the policy in force and takes up a new one when its files change: whole or not at all, recorded before it counts,
// and the last good one stays when the new one has a fault. Only one load runs at a time.
import { dirname, join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log/logger.ts';
import { compilePolicy, type Policy } from './compile.ts';
import type { LoadRequest } from './load-and-test.ts';
import { describePolicyFault, type PolicyData, type PolicyFault, type ReadPolicy } from './policy-data.ts';
import { watchFiles } from './watch-files.ts';

/** What the store tells of. A rejected promise means that it could not be recorded. */
export interface PolicyEvents {
  loaded(versions: { readonly old: string; readonly new: string }): Promise<void>;
  rejected(
    versions: { readonly old: string; readonly new: string | null },
    faults: readonly PolicyFault[],
  ): Promise<void>;
}

/** When a load failed for a reason that is not in the files, such as an audit log that cannot be written. */
const retryMs = 5000;

export interface PolicyStoreParts {
  readonly policyFile: string;
  readonly testsFile: string | undefined;
  readonly load: (request: LoadRequest) => Promise<ReadPolicy>;
  readonly events: PolicyEvents;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class PolicyStore {
  readonly #parts: PolicyStoreParts;
  #current: Policy;
  #files: readonly string[];
  #loading: Promise<void> | undefined;
  #again = false;
  #unwatch: (() => void) | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    first: { readonly data: PolicyData; readonly files: readonly string[] },
    parts: PolicyStoreParts,
  ) {
    this.#parts = parts;
    this.#current = compilePolicy(first.data);
    this.#files = first.files;
  }

  /** The policy to decide by. A request takes it once and keeps it to its end. */
  current(): Policy {
    return this.#current;
  }

  watch(): void {
    const { policyFile, testsFile } = this.#parts;
    const own = testsFile === undefined ? [policyFile] : [policyFile, testsFile];
    this.#unwatch = watchFiles({
      files: () => [...own, ...this.#files.map((file) => join(dirname(policyFile), file))],
      changed: () => void this.reload(),
    });
  }

  stop(): void {
    this.#unwatch?.();
    clearTimeout(this.#retry);
  }

  /** Reads the files again. Resolves when what they say is in force or rejected; never rejects. */
  reload(): Promise<void> {
    if (this.#loading !== undefined) {
      this.#again = true;
      return this.#loading;
    }
    this.#loading = this.#reloadUntilQuiet().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #reloadUntilQuiet(): Promise<void> {
    do {
      this.#again = false;
      try {
        await this.#reloadOnce();
      } catch (error) {
        this.#parts.logger.error(
          { err: error },
          'the policy could not be loaded again; the last good one stays',
        );
        this.#retry = setTimeout(() => void this.reload(), retryMs).unref();
      }
    } while (this.#again);
  }

  async #reloadOnce(): Promise<void> {
    const { policyFile, testsFile, load, clock, events, logger } = this.#parts;
    const read = await load({ policyFile, testsFile, options: { now: clock.now(), expired: 'fault' } });
    const old = this.#current.version;
    this.#files = read.files;
    if (read.faults !== undefined) {
      const faults = read.faults.map(describePolicyFault);
      logger.error(
        { old, new: read.version, faults: faults.slice(0, 20), count: faults.length },
        'policy rejected',
      );
      await events.rejected({ old, new: read.version }, read.faults);
      return;
    }
    if (read.data.version === old) return;
    const policy = compilePolicy(read.data);
    await events.loaded({ old, new: policy.version });
    this.#current = policy;
    const warnings = read.warnings.map(describePolicyFault);
    logger.info({ old, new: policy.version, mode: policy.mode, warnings }, 'policy loaded');
  }
}
