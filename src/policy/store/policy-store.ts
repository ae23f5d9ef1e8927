// Holds the policy in force and takes up a new one when its files change: whole or not at all, recorded before it counts,
// and the last good one stays when the new one has a fault. Only one load runs at a time.

import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { watchFiles } from '../../async/watch-files.ts';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../logging/logger.ts';
import { openRegularFile } from '../../regular-file.ts';
import { compilePolicy, type Policy } from '../engine/compile.ts';
import {
  type AcceptedPolicy,
  describePolicyFault,
  type PolicyFault,
  type ReadPolicy,
  type RejectedPolicy,
} from '../engine/policy-data.ts';
import { fileHeader } from '../language/policy-version.ts';
import type { KnownSettings } from '../language/settings-checks.ts';
import type { LoadRequest } from './load-and-test.ts';
import { warnAboutPolicy } from './warn-about-policy.ts';

/** What the store tells of. A rejected promise means that it could not be recorded. */
interface PolicyEvents {
  /** Resolves when it is on record, however late: from then on the new policy counts. */
  loaded(versions: { readonly old: string; readonly new: string }): Promise<void>;
  rejected(
    versions: { readonly old: string; readonly new: string | null },
    faults: readonly PolicyFault[],
  ): Promise<void>;
}

/** When a load failed for a reason that is not in the files, such as an audit log that cannot be written. */
const retryMs = 5000;

interface PolicyStoreParts {
  readonly policyFile: string;
  readonly testsFile: string | undefined;
  /** Those in force now: issuers can change. */
  readonly settings: () => KnownSettings;
  readonly load: (request: LoadRequest) => Promise<ReadPolicy>;
  readonly events: PolicyEvents;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class PolicyStore {
  readonly #parts: PolicyStoreParts;
  #current: Policy;
  #loadedAt: number;
  #files: readonly string[];
  #loading: Promise<void> | undefined;
  #again = false;
  #unwatch: (() => void) | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;
  #rejected = false;
  /**
   * The last rejection that was recorded. Finding the same faults again, for example once a newly named list is watched, is
   * not recorded twice.
   */
  #recorded: string | undefined;

  constructor(first: Pick<AcceptedPolicy, 'data' | 'files'>, parts: PolicyStoreParts) {
    this.#parts = parts;
    this.#current = compilePolicy(first.data);
    this.#loadedAt = parts.clock.now();
    this.#files = first.files;
  }

  /** The policy to decide by. A request takes it once and keeps it to its end. */
  current(): Policy {
    return this.#current;
  }

  /** Is there a newer policy, which has faults, or can it not be read whether there is one? */
  get rejected(): boolean {
    return this.#rejected;
  }

  /** When it took effect, in milliseconds since the epoch. */
  get loadedAt(): number {
    return this.#loadedAt;
  }

  watch(): void {
    const { testsFile } = this.#parts;
    this.#unwatch = watchFiles({
      files: () => [...this.#paths().values(), ...(testsFile === undefined ? [] : [testsFile])],
      watching: () => void this.#reloadIfOther(),
      changed: () => void this.reload(),
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#unwatch?.();
    clearTimeout(this.#retry);
  }

  /** Reads the files again. Resolves when what they say is in force or rejected; never rejects. After `stop`: does nothing. */
  async reload(): Promise<void> {
    if (this.#stopped) return;
    if (this.#loading !== undefined) {
      this.#again = true;
    } else this.#loading = this.#reloadUntilQuiet();
    await this.#loading;
  }

  /** The path of each file by its name in the policy, in the order of the version. */
  #paths(): Map<string, string> {
    const { policyFile } = this.#parts;
    const lists = this.#files.map((name) => [name, join(dirname(policyFile), name)] as const);
    return new Map([['', policyFile], ...lists]);
  }

  /** What came between the first load and the first look at the files would never show as a change. */
  async #reloadIfOther(): Promise<void> {
    const version = await versionOnDisk(this.#paths()).catch(() => undefined);
    if (version !== this.#current.version && !this.#stopped) await this.reload();
  }

  async #reloadUntilQuiet(): Promise<void> {
    clearTimeout(this.#retry);
    do {
      this.#again = false;
      try {
        await this.#reloadOnce();
      } catch (error) {
        this.#parts.logger.error(
          { err: error },
          'the policy could not be loaded again; the last good one stays',
        );
        clearTimeout(this.#retry);
        if (!this.#stopped) this.#retry = setTimeout(() => void this.reload(), retryMs).unref();
      }
    } while (this.#again && !this.#stopped);
    // Synchronous with the last check of `#again`, so that no call comes in between.
    this.#loading = undefined;
  }

  async #reloadOnce(): Promise<void> {
    const { policyFile, testsFile, settings, load, clock, events, logger } = this.#parts;
    const old = this.#current.version;
    const request = { policyFile, testsFile, settings: settings(), now: clock.now() };
    const read = await load(request).catch((error: unknown) => {
      this.#rejected = true;
      throw error;
    });
    this.#files = read.files;
    if (read.faults !== undefined) {
      await this.#reject(read);
      return;
    }
    const wasRejected = this.#rejected;
    this.#rejected = false;
    this.#recorded = undefined;
    const { version, mode } = read.data;
    if (version === old)
      logger.info(
        { version, mode },
        wasRejected ? 'policy restored after a rejected one' : 'policy unchanged',
      );
    else {
      const policy = compilePolicy(read.data);
      await events.loaded({ old, new: version });
      this.#current = policy;
      this.#loadedAt = clock.now();
      logger.info({ old, new: version, mode }, 'policy loaded');
    }
    warnAboutPolicy(logger, read.data, read.warnings);
  }

  async #reject(read: RejectedPolicy): Promise<void> {
    const { events, logger } = this.#parts;
    const versions = { old: this.#current.version, new: read.version };
    const faults = read.faults.map(describePolicyFault);
    const what = JSON.stringify([read.version, faults]);
    this.#rejected = true;
    if (what === this.#recorded) {
      logger.warn(versions, 'the policy file is still the rejected one');
      return;
    }
    logger.error({ ...versions, faults: faults.slice(0, 20), count: faults.length }, 'policy rejected');
    await events.rejected(versions, read.faults);
    this.#recorded = what;
  }
}

/** `policyVersion` of files that are read piece by piece, so that a long list holds up no request. */
async function versionOnDisk(paths: ReadonlyMap<string, string>): Promise<string> {
  const hash = createHash('sha256');
  for (const [name, path] of paths) {
    const file = await openRegularFile(path);
    try {
      const { size } = await file.stat();
      hash.update(fileHeader(name, size));
      for await (const piece of file.createReadStream()) hash.update(piece as Buffer);
    } finally {
      await file.close();
    }
  }
  return hash.digest('hex');
}
