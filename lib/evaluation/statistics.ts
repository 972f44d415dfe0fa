/**
 * Means, spreads, quantiles and effect sizes.
 *
 * @module
 */

import { need } from "./requirement.ts";

/** A mean with its spread. */
export interface MeanAndDeviation {
  /** Arithmetic mean. */
  mean: number;
  /** Sample standard deviation, n − 1 in the denominator; NaN for a single value. */
  deviation: number;
  /** How many values. */
  count: number;
}

/** Mean ± standard deviation, as over folds and seeds. @throws SonospeechError `input` without values. */
export function meanAndDeviation(values: ArrayLike<number>): MeanAndDeviation {
  const count = values.length;
  need(count > 0, "average", "there must be values", 0);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i];
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (values[i] - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / (count - 1)), count };
}

/** The `share` quantile of sorted values, linear between them (type 7 of Hyndman and Fan, 1996). */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

/**
 * Cohen's d of paired differences, d_z = mean / standard deviation: how many of its own spreads the typical difference
 * is (Cohen, 1988; Lakens, 2013). NaN when all differences are equal to 0, ±Infinity when equal and not 0.
 */
export function cohensD(differences: ArrayLike<number>): number {
  const { mean, deviation } = meanAndDeviation(differences);
  return mean / deviation;
}

/**
 * P-values adjusted for how many were looked at: sorted upwards, p̃_i = max_{j ≤ i} min(1, (m − j + 1) p_j). Rejecting
 * where p̃ ≤ 0.05 keeps the chance of any false finding at 5 %.
 *
 * @see Holm, A simple sequentially rejective multiple test procedure, 1979.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a] - pValues[b]);
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  order.forEach((item, place) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - place) * pValues[item]));
    adjusted[item] = largest;
  });
  return adjusted;
}
