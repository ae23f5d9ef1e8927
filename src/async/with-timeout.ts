// Bounds the wait for a promise. A promise that times out continues, and its result is ignored.

/** Resolves to `undefined` after the timeout. Rejects as `result` does. Negative timeouts count as 0. */
export async function withTimeout<Result>(
  milliseconds: number,
  result: Promise<Result>,
): Promise<Result | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, milliseconds));
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Did `event` resolve in time? Rejects if it rejects in time. */
export const settlesWithin = async (milliseconds: number, event: Promise<unknown>): Promise<boolean> =>
  (await withTimeout(
    milliseconds,
    event.then(() => true),
  )) ?? false;
