// Bounds the wait for a promise. A promise that times out continues, and its result is ignored.

/** Resolves to `undefined` after the timeout. Rejects as `result` does. Negative timeouts count as 0. */
export const withTimeout = <Result>(
  milliseconds: number,
  result: Promise<Result>,
): Promise<Result | undefined> =>
  bounded<Result | undefined>(milliseconds, result, (resolve) => resolve(undefined));

/** Rejects with `late()` after the timeout. Otherwise settles as `result` does. */
export const rejectAfter = <Result>(
  milliseconds: number,
  result: Promise<Result>,
  late: () => Error,
): Promise<Result> => bounded(milliseconds, result, (_resolve, reject) => reject(late()));

/** Did `event` resolve in time? Rejects if it rejects in time. */
export const settlesWithin = async (milliseconds: number, event: Promise<unknown>): Promise<boolean> =>
  (await withTimeout(
    milliseconds,
    event.then(() => true),
  )) ?? false;

function bounded<Result>(
  milliseconds: number,
  result: Promise<Result>,
  onLate: (resolve: (value: Result) => void, reject: (error: Error) => void) => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    // After a stall of this process the result may have arrived without having been read yet.
    const late = () => setImmediate(() => onLate(resolve, reject));
    const timer = setTimeout(late, Math.max(0, milliseconds));
    result.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
