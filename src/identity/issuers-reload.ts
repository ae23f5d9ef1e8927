// Takes up a new `AUTH_ISSUERS_FILE` when it changes: as a whole or not at all, and the last good one stays.
import { watchFiles } from '../async/watch-files.ts';
import { type LoadedIssuers, readIssuersFile } from '../config/issuers-file.ts';
import type { Logger } from '../logging/logger.ts';
import { readRegularFile } from '../regular-file.ts';
import type { TrustedIssuer, TrustedIssuers } from './trusted-issuers.ts';

const maxLogged = 20;

export class IssuersReload {
  readonly #file: string;
  readonly #issuers: TrustedIssuers;
  readonly #logger: Logger;
  #unwatch: (() => void) | undefined;
  #pending: Promise<boolean> | undefined;
  #again = false;

  constructor(file: string, issuers: TrustedIssuers, logger: Logger) {
    this.#file = file;
    this.#issuers = issuers;
    this.#logger = logger;
  }

  /** `replaced` is called after each reload that a change of the file brought about, if the issuers are others then. */
  watch(replaced: () => void): void {
    const reload = async () => {
      if (await this.reload()) replaced();
    };
    this.#unwatch = watchFiles({
      files: () => [this.#file],
      watching: () => void reload(),
      changed: () => void reload(),
    });
  }

  stop(): void {
    this.#unwatch?.();
  }

  /**
   * Reads the file again. Resolves when what it says is in force, or rejected: to whether the issuers are others than
   * before. Never rejects.
   */
  reload(): Promise<boolean> {
    this.#again = this.#pending !== undefined;
    this.#pending ??= this.#reloadUntilQuiet();
    return this.#pending;
  }

  async #reloadUntilQuiet(): Promise<boolean> {
    const before = this.#issuers.all();
    do {
      this.#again = false;
      const bytes = await readRegularFile(this.#file).catch(
        ({ code, message }: NodeJS.ErrnoException) => code ?? message,
      );
      this.#take(readIssuersFile(this.#file, bytes));
    } while (this.#again);
    this.#pending = undefined;
    return !isSame(before, this.#issuers.all());
  }

  #take(loaded: LoadedIssuers): void {
    if (loaded.faults !== undefined) {
      const faults = loaded.faults.slice(0, maxLogged);
      this.#logger.error(
        { faults, count: loaded.faults.length },
        'issuers rejected; the last good ones stay',
      );
      return;
    }
    const before = this.#issuers.all();
    this.#issuers.replace(loaded.issuers);
    const after = this.#issuers.all();
    const issuers = after.map(({ rules }) => rules.issuer).slice(0, maxLogged);
    this.#logger.info(
      { issuers, count: after.length },
      isSame(before, after) ? 'issuers unchanged' : 'issuers loaded',
    );
  }
}

function isSame(before: readonly TrustedIssuer[], after: readonly TrustedIssuer[]): boolean {
  const known = new Set(before);
  return before.length === after.length && after.every((issuer) => known.has(issuer));
}
