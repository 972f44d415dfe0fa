/**
 * How well scores put the items that matter before the others: area under the ROC curve and average precision.
 *
 * Both depend only on how many items of each kind share each score, so scores are first turned into levels. A resample
 * of the items then costs one pass and no sorting.
 *
 * @module
 */

import { need, needSameLength } from "./requirement.ts";

/** Scores as ranks: items with equal scores share a level. */
export interface ScoreLevels {
  /** The level of each item, [N]; 0 is the highest score. */
  level: Int32Array;
  /** How many different scores there are. */
  count: number;
}

/** Turns scores into levels. @throws SonospeechError `input` when a score is not a number. */
export function scoreLevels(scores: ArrayLike<number>): ScoreLevels {
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b] - scores[a]);
  const level = new Int32Array(scores.length);
  let count = 0;
  order.forEach((item, place) => {
    need(!Number.isNaN(scores[item]), "rank scores", "every score must be a number", scores[item]);
    if (place > 0 && scores[item] !== scores[order[place - 1]]) count++;
    level[item] = count;
  });
  return { level, count: order.length === 0 ? 0 : count + 1 };
}

/** How many positive and negative items each level holds, from the highest score down. */
export interface LevelCounts {
  /** Positive items of each level. */
  positive: Float64Array;
  /** Negative items of each level. */
  negative: Float64Array;
}

/** Counts the items of each level. @param rows Which items, with repetitions; all when left out. */
export function countLevels(
  { level, count }: ScoreLevels,
  labels: readonly boolean[],
  rows?: ArrayLike<number>,
): LevelCounts {
  needSameLength("count score levels", { scores: level.length, labels: labels.length });
  const positive = new Float64Array(count);
  const negative = new Float64Array(count);
  const add = (item: number) => (labels[item] ? positive : negative)[level[item]]++;
  if (rows === undefined) labels.forEach((_, item) => add(item));
  else for (let i = 0; i < rows.length; i++) add(rows[i]);
  return { positive, negative };
}

/** {@linkcode rocAuc} from counts. */
export function rocAucOfCounts({ positive, negative }: LevelCounts): number {
  let seenPositives = 0;
  let negatives = 0;
  let area = 0;
  for (let k = 0; k < positive.length; k++) {
    area += negative[k] * (seenPositives + positive[k] / 2);
    seenPositives += positive[k];
    negatives += negative[k];
  }
  return area / (seenPositives * negatives);
}

/** {@linkcode averagePrecision} from counts. */
export function averagePrecisionOfCounts({ positive, negative }: LevelCounts): number {
  let seen = 0;
  let found = 0;
  let total = 0;
  for (let k = 0; k < positive.length; k++) {
    seen += positive[k] + negative[k];
    found += positive[k];
    if (positive[k] > 0) total += positive[k] * (found / seen);
  }
  return total / found;
}

/**
 * The area under the ROC curve: the chance that a positive item scores higher than a negative one, ties counting one
 * half, AUC = Σ_p Σ_n [s_p > s_n] + ½[s_p = s_n] over P·N pairs (Hanley and McNeil, 1982). Chance is ½.
 *
 * @param scores [N], higher means more likely positive.
 * @param labels [N], whether each item is positive.
 * @returns NaN when one of the two kinds is missing.
 */
export function rocAuc(scores: ArrayLike<number>, labels: readonly boolean[]): number {
  return rocAucOfCounts(countLevels(scoreLevels(scores), labels));
}

/**
 * Average precision AP = Σ_k (R_k − R_{k−1}) P_k over the thresholds between different scores, without interpolation;
 * items with equal scores pass together, as in scikit-learn.
 *
 * @returns NaN without positive items. {@linkcode expectedAveragePrecision} is its chance level.
 */
export function averagePrecision(scores: ArrayLike<number>, labels: readonly boolean[]): number {
  return averagePrecisionOfCounts(countLevels(scoreLevels(scores), labels));
}

/**
 * The mean average precision of a random order: H_n/n + (r − 1)/(n − 1) · (1 − H_n/n) with H_n = Σ 1/i. It is above
 * the share r/n of the positives, by much when there are few items.
 *
 * @param items n.
 * @param relevant r, at least 1.
 * @see Bestgen, Exact expected average precision of the random baseline for system evaluation, 2015.
 */
export function expectedAveragePrecision(items: number, relevant: number): number {
  need(
    relevant >= 1 && relevant <= items,
    "find chance",
    "relevant must be from 1 to the number of items",
    relevant,
  );
  let harmonic = 0;
  for (let i = 1; i <= items; i++) harmonic += 1 / i;
  const first = harmonic / items;
  return items === 1 ? 1 : first + ((relevant - 1) / (items - 1)) * (1 - first);
}

/** A point of a ROC curve. */
export interface RocPoint {
  /** Share of the negatives above the threshold. */
  falsePositiveRate: number;
  /** Share of the positives above the threshold. */
  truePositiveRate: number;
}

/** The ROC curve from (0, 0) to (1, 1), one point after each different score, for plots. */
export function rocCurve(scores: ArrayLike<number>, labels: readonly boolean[]): RocPoint[] {
  const { positive, negative } = countLevels(scoreLevels(scores), labels);
  const total = (counts: Float64Array) => counts.reduce((sum, count) => sum + count, 0);
  const [positives, negatives] = [total(positive), total(negative)];
  const points = [{ falsePositiveRate: 0, truePositiveRate: 0 }];
  let [found, wrong] = [0, 0];
  positive.forEach((count, k) => {
    found += count;
    wrong += negative[k];
    points.push({ falsePositiveRate: wrong / negatives, truePositiveRate: found / positives });
  });
  return points;
}
