/**
 * Whether probabilities can be taken at their word.
 *
 * @module
 */

import { need, needSameLength } from "./requirement.ts";

/** The items whose probability lies in one bin. */
export interface ReliabilityBin {
  /** Lower edge; the bin holds (low, high], the first one 0 too, as in Guo et al. and scikit-learn. */
  low: number;
  /** Upper edge. */
  high: number;
  /** Items in the bin. */
  count: number;
  /** Mean probability of the items; NaN when the bin is empty. */
  meanProbability: number;
  /** Share of the items that are positive; NaN when the bin is empty. */
  positiveShare: number;
}

/** A reliability diagram with its summary numbers. */
export interface Calibration {
  /** From low to high. */
  bins: ReliabilityBin[];
  /**
   * Σ_b (n_b / n) |positiveShare_b − meanProbability_b| (Naeini et al., AAAI 2015; Guo et al., ICML 2017). It depends
   * on the bins and is above 0 by chance alone.
   */
  expectedCalibrationError: number;
  /** (1/n) Σ (p_i − y_i)² (Brier, 1950); always answering the share q of the positives gives q(1 − q). */
  brierScore: number;
}

/**
 * Compares probabilities with what happened, in bins of equal width.
 *
 * @param probabilities [N], each in [0, 1].
 * @param labels [N], what happened.
 * @throws SonospeechError `input` without items or when a probability is outside [0, 1].
 */
export function calibration(
  probabilities: ArrayLike<number>,
  labels: readonly boolean[],
  { bins = 10 }: { bins?: number } = {},
): Calibration {
  const action = "measure calibration";
  needSameLength(action, { probabilities: probabilities.length, labels: labels.length });
  need(labels.length > 0, action, "there must be items", 0);
  const count = new Float64Array(bins);
  const sum = new Float64Array(bins);
  const positive = new Float64Array(bins);
  let squares = 0;
  labels.forEach((label, i) => {
    const p = probabilities[i];
    need(p >= 0 && p <= 1, action, "every probability must be in [0, 1]", p);
    const bin = binOf(p, bins);
    count[bin]++;
    sum[bin] += p;
    if (label) positive[bin]++;
    squares += (p - Number(label)) ** 2;
  });
  let error = 0;
  for (let b = 0; b < bins; b++) error += Math.abs(positive[b] - sum[b]) / labels.length;
  return {
    bins: Array.from(count, (n, b) => ({
      low: b / bins,
      high: (b + 1) / bins,
      count: n,
      meanProbability: sum[b] / n,
      positiveShare: positive[b] / n,
    })),
    expectedCalibrationError: error,
    brierScore: squares / labels.length,
  };
}

function binOf(probability: number, bins: number): number {
  const bin = Math.max(0, Math.ceil(probability * bins) - 1);
  // 0.07 · 100 is a little above 7: the edge itself decides.
  return bin > 0 && probability <= bin / bins ? bin - 1 : bin;
}
