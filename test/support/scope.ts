// What servers and processes of a test are ended by: the context of the test, or, in a program that is no test, an object that
// ends them last to first.

/** A `TestContext` is one. */
export interface Scope {
  after(end: () => unknown): void;
  /** Aborted at the end, whatever fails there. */
  readonly signal: AbortSignal;
}

export interface OwnScope extends Scope {
  /** Rejects with the first failure once everything has been tried. */
  close(): Promise<void>;
}

export function openScope(): OwnScope {
  const ends: (() => unknown)[] = [];
  const over = new AbortController();
  return {
    signal: over.signal,
    after(end) {
      ends.push(end);
    },
    async close() {
      const failures: unknown[] = [];
      for (const end of ends.toReversed()) {
        try {
          await end();
        } catch (error) {
          failures.push(error);
        }
      }
      over.abort();
      if (failures.length > 0) throw failures[0];
    },
  };
}
