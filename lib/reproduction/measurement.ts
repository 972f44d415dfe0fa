/**
 * One number of one row with all that its interval and its comparison with other rows need.
 *
 * @module
 */

import { bootstrapBySubject } from "../evaluation/bootstrap.ts";
import { compareRows } from "../evaluation/paired_comparison.ts";
import { meanAndDeviation } from "../evaluation/statistics.ts";
import type { Figure, ReportComparison, RowId } from "./report.ts";

/** What a row made of some items, once for each seed, and how that is scored. */
export interface Measurement {
  /** Of a {@linkcode MetricInfo}. */
  key: string;
  /** What became of each item, as its predicted class or its score, [seeds][N]. */
  outcomes: readonly (readonly number[])[];
  /** The subject of each item, [N]. */
  subjects: readonly string[];
  /** Items of each fold; one group of all items where there are no folds. */
  groups: readonly Int32Array[];
  /** The score of answers that know nothing, where there is one. */
  chance: number | null;
  /** The score of some items: their outcomes, and which items these are. NaN where it is undefined. */
  statistic: (outcomes: readonly number[], items: Int32Array) => number;
}

/** How intervals and p-values are drawn. */
export interface Draws {
  /** Of subjects. */
  resamples: number;
  /** Of exchanges between rows. */
  permutations: number;
}

const seed = 1;

/** All items as one group. */
export function oneGroup(count: number): Int32Array[] {
  return [Int32Array.from({ length: count }, (_, item) => item)];
}

/**
 * The figure of a measurement. Its value is the statistic over all folds' items together, averaged over seeds; its
 * interval draws subjects with replacement; its runs are the statistic of every seed and fold.
 */
export function figureOf(
  { outcomes, subjects, groups, chance, statistic }: Measurement,
  draws: Draws,
): Figure {
  const on = (run: readonly number[], items: Int32Array) =>
    statistic(Array.from(items, (item) => run[item]), items);
  const { value, interval } = bootstrapBySubject({
    subjects,
    statistic: (items) => mean(outcomes.map((run) => on(run, items))),
    seed,
    resamples: draws.resamples,
  });
  const runs = outcomes.flatMap((run) => groups.map((items) => on(run, items)));
  const standardDeviation = runs.length > 1 ? meanAndDeviation(runs).deviation : null;
  return { value, standardDeviation, interval, chance, runs };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Compares two rows on the same items; the p-value still wants correcting for the other comparisons.
 *
 * @param sign 1 where more is better, −1 where less is.
 */
export function compareMeasurements(
  better: { row: RowId; measurement: Measurement },
  worse: { row: RowId; measurement: Measurement },
  sign: 1 | -1,
  draws: Draws,
): Omit<ReportComparison, "adjustedPValue" | "verdict" | "claimedBy"> {
  const { key, subjects, statistic } = better.measurement;
  const perItem = ({ outcomes }: Measurement) => subjects.map((_, item) => outcomes.map((run) => run[item]));
  const seeds = better.measurement.outcomes.length;
  const comparison = compareRows<readonly number[]>({
    a: perItem(better.measurement),
    b: perItem(worse.measurement),
    subjects,
    statistic: (outcomes, items) =>
      sign *
      mean(Array.from({ length: seeds }, (_, s) => statistic(outcomes.map((runs) => runs[s]), items))),
    seed,
    resamples: draws.resamples,
    permutations: draws.permutations,
  });
  return {
    metric: key,
    better: better.row,
    worse: worse.row,
    difference: comparison.difference.value,
    interval: comparison.difference.interval,
    pValue: comparison.test.pValue,
    smallestPValue: comparison.test.smallestPValue,
  };
}
