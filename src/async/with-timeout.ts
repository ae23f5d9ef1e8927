// A wait with an end. What comes too late goes on, unheeded.

/** `milliseconds` below 0 count as 0. Resolves to `undefined` when `result` takes longer; rejects as `result` does. */
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

/** Did it happen in time? Rejects when it did so in time. */
export const settlesWithin = async (milliseconds: number, event: Promise<unknown>): Promise<boolean> =>
  (await withTimeout(
    milliseconds,
    event.then(() => true),
  )) ?? false;
