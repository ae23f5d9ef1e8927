// The few statistics that the reports are made of. A figure without its range is not given, and a ratio is made within
// a round, where both sides had the same machine.

/** The value below which `share` of the values lie (nearest rank); `NaN` of none. */
export function percentile(values: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  const rank = Math.ceil(share * sorted.length);
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1] as number;
}

/** The middle value, or the mean of the two in the middle; `NaN` of none. */
export function median(values: Iterable<number>): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

export interface Range {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** `undefined` of none. */
export function rangeOf(values: readonly number[]): Range | undefined {
  if (values.length === 0) return undefined;
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}

/** Round by round; a round that lacks either side gives no ratio. */
export function pairedRatios(
  ours: readonly (number | undefined)[],
  theirs: readonly (number | undefined)[],
): number[] {
  return ours.flatMap((value, round) => {
    const other = theirs[round];
    return value === undefined || other === undefined || !(other > 0) ? [] : [value / other];
  });
}
