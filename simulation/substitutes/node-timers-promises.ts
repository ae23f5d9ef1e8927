// Takes the place of `node:timers/promises` for code of the gateway.

interface PauseOptions {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}

/** Rejects when the signal is aborted. */
const pause = <Value>(delayMs?: number, value?: Value, options: PauseOptions = {}): Promise<Value> =>
  new Promise((resolve, reject) => {
    const { signal, ref = true } = options;
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = globalThis.setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve(value as Value);
    }, delayMs);
    if (!ref) timer.unref();
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });

const nextTurn = <Value>(value?: Value): Promise<Value> =>
  new Promise((resolve) => globalThis.setImmediate(() => resolve(value as Value)));

export { nextTurn as setImmediate, pause as setTimeout };
