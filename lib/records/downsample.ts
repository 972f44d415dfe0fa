/**
 * Thinning out of long series for charts.
 *
 * @module
 */

/** A metric over a run's steps. */
export interface Series {
  /** Steps, ascending. */
  steps: number[];
  /** Values; `null` where the number was not finite. */
  values: (number | null)[];
}

/**
 * A series of at most `maxPoints` points that looks the same in a chart: its first and last point stay, and of
 * each stretch between them the lowest, the highest and one missing value, so that no spike and no NaN is lost.
 *
 * @throws RangeError when `maxPoints` is not a whole number of at least 5.
 */
export function downsample(series: Series, maxPoints: number): Series {
  if (!Number.isInteger(maxPoints) || maxPoints < 5) {
    throw new RangeError(
      `Cannot thin a series: maxPoints must be whole and at least 5, received ${maxPoints}`,
    );
  }
  const count = series.steps.length;
  if (count <= maxPoints) return series;
  const buckets = Math.floor((maxPoints - 2) / 3);
  const kept = [0];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = 1 + Math.floor((bucket * (count - 2)) / buckets);
    const to = 1 + Math.floor(((bucket + 1) * (count - 2)) / buckets);
    kept.push(...extremesOf(series.values, from, to));
  }
  kept.push(count - 1);
  return { steps: kept.map((i) => series.steps[i]), values: kept.map((i) => series.values[i]) };
}

/** Positions of the lowest, the highest and the first missing value in [from, to), ascending, each once. */
function extremesOf(values: (number | null)[], from: number, to: number): number[] {
  let low = -1, high = -1, missing = -1;
  for (let i = from; i < to; i++) {
    const value = values[i];
    if (value === null) {
      if (missing < 0) missing = i;
      continue;
    }
    if (low < 0 || value < values[low]!) low = i;
    if (high < 0 || value > values[high]!) high = i;
  }
  return [...new Set([low, high, missing])].filter((i) => i >= 0).sort((a, b) => a - b);
}
