/**
 * A control that must fail: the score when labels (or pairs) are shuffled, which shows what chance gives and whether
 * a score rests on anything else than the labels.
 *
 * @module
 */

import { Random } from "../random.ts";
import type { Interval } from "./bootstrap.ts";
import { need, needSameLength } from "./requirement.ts";
import { meanAndDeviation, quantile } from "./statistics.ts";

/** What to shuffle and score. */
export interface LabelPermutationOptions<T> {
  /** In the order of the items, [N]. */
  labels: readonly T[];
  /** The score with the labels in some order; higher is better. */
  statistic: (labels: readonly T[]) => number;
  /** Draws the shuffles. */
  seed: number;
  /** 999 when left out. */
  permutations?: number;
  /** Labels move only among items with the same entry, as the same subject; among all when left out. */
  within?: readonly string[];
}

/** The score beside its distribution under shuffled labels. */
export interface LabelPermutation {
  /** The score with the labels as they are. */
  observed: number;
  /** Chance level: the mean over shuffles. */
  mean: number;
  /** Standard deviation over shuffles. */
  deviation: number;
  /** Where 95 % of the shuffles lie. */
  interval: Interval;
  /** One-sided, (1 + shuffles that score at least as high) / (1 + shuffles). */
  pValue: number;
}

/**
 * Scores shuffled labels many times (Ojala and Garriga, Permutation tests for studying classifier performance, 2010,
 * test 1; p-value after Phipson and Smyth, 2010).
 */
export function labelPermutation<T>(options: LabelPermutationOptions<T>): LabelPermutation {
  const { labels, statistic, seed, permutations = 999, within } = options;
  if (within) needSameLength("shuffle labels", { labels: labels.length, within: within.length });
  need(permutations > 0, "shuffle labels", "permutations must be positive", permutations);
  const groups = [...Map.groupBy(labels.keys(), (i) => within?.[i] ?? "").values()];
  const random = new Random(seed, "label permutation");
  const observed = statistic(labels);
  const scores = Float64Array.from(
    { length: permutations },
    () => statistic(shuffled(labels, groups, random)),
  );
  const atLeast = scores.reduce((sum, score) => sum + (score >= observed ? 1 : 0), 0);
  const { mean, deviation } = meanAndDeviation(scores);
  const sorted = scores.sort();
  return {
    observed,
    mean,
    deviation,
    interval: [quantile(sorted, 0.025), quantile(sorted, 0.975)],
    pValue: (1 + atLeast) / (1 + permutations),
  };
}

function shuffled<T>(labels: readonly T[], groups: readonly number[][], random: Random): T[] {
  const out = [...labels];
  for (const items of groups) {
    random.shuffle(items).forEach((from, place) => out[items[place]] = labels[from]);
  }
  return out;
}
