/**
 * Whether one row of a table is better than another, on the same subjects.
 *
 * @module
 */

import { Random } from "../random.ts";
import { bootstrapBySubject, type Estimate, rowsBySubject } from "./bootstrap.ts";
import { need, needSameLength } from "./requirement.ts";
import { cohensD } from "./statistics.ts";

/** The answer of a permutation test. */
export interface PermutationTest {
  /** Two-sided. */
  pValue: number;
  /** Whether all arrangements were tried, or a random sample. */
  exact: boolean;
  /** How many arrangements were tried. */
  arrangements: number;
  /** No data of this size can give less; above 0.05 the test cannot find anything. */
  smallestPValue: number;
}

/** How many arrangements are tried at most; fewer or as many in all are tried without chance. */
export interface PermutationOptions {
  /** Draws arrangements where not all are tried. */
  seed: number;
  /** 9999 when left out. */
  permutations?: number;
}

/**
 * Two-sided sign-flip test of "the differences scatter evenly around 0": the share of the 2ⁿ ways to give the
 * differences signs whose sum is at least as far from 0 (Fisher, The design of experiments, 1935, section 21). Where
 * these are too many, random ones are drawn and p = (1 + hits) / (1 + draws), never 0 (Phipson and Smyth, 2010).
 *
 * @param differences One per subject (or per fold and seed), row A minus row B on the same data.
 */
export function signFlipTest(differences: ArrayLike<number>, options: PermutationOptions): PermutationTest {
  const values = Array.from(differences);
  need(values.every(Number.isFinite), "test differences", "every difference must be finite", values);
  return exchangeTest(
    values.length,
    (flipped) => values.reduce((sum, value, i) => sum + (flipped[i] ? -value : value), 0),
    options,
  );
}

/**
 * Exchanges A and B of every set of units and counts how often the difference gets at least as far from 0.
 *
 * @param units How many can be exchanged on their own.
 * @param difference The difference after exchanging the units that are true; NaN counts as a hit.
 */
function exchangeTest(
  units: number,
  difference: (flipped: readonly boolean[]) => number,
  { seed, permutations = 9999 }: PermutationOptions,
): PermutationTest {
  need(units > 0, "test differences", "there must be at least one", 0);
  const observed = Math.abs(difference(new Array(units).fill(false)));
  const tolerance = observed * 1e-12;
  const isHit = (flipped: readonly boolean[]) => !(Math.abs(difference(flipped)) < observed - tolerance);
  const smallestPValue = 2 ** (1 - units);
  const all = 2 ** units;
  let hits = 0;
  if (all <= permutations + 1) {
    for (let code = 0; code < all; code++) {
      if (isHit(Array.from({ length: units }, (_, i) => (code >> i & 1) === 1))) hits++;
    }
    return { pValue: hits / all, exact: true, arrangements: all, smallestPValue };
  }
  const random = new Random(seed, "exchange");
  for (let draw = 0; draw < permutations; draw++) {
    if (isHit(Array.from({ length: units }, () => random.uniform() < 0.5))) hits++;
  }
  return {
    pValue: (1 + hits) / (1 + permutations),
    exact: false,
    arrangements: permutations,
    smallestPValue: Math.max(smallestPValue, 1 / (1 + permutations)),
  };
}

/** Two rows on the same items. */
export interface CompareOptions<T> extends PermutationOptions {
  /** What row A made of each item, as its predicted class, [N]. */
  a: readonly T[];
  /** What row B made of the same items, [N]. */
  b: readonly T[];
  /** The subject of each item, [N]. */
  subjects: readonly string[];
  /** The score of some items' outcomes, given with the items' indices; NaN where it is undefined. */
  statistic: (outcomes: readonly T[], rows: Int32Array) => number;
  /** Bootstrap draws of the interval; 2000 when left out. */
  resamples?: number;
}

/** The difference between two rows. */
export interface RowComparison {
  /** Score of A minus score of B with its 95 % interval. */
  difference: Estimate;
  /** Whether the difference can be chance. */
  test: PermutationTest;
  /** Cohen's d_z over the subjects' own differences; NaN with fewer than two subjects that have a score. */
  effectSize: number;
  /** Units of the test. */
  subjects: number;
}

/**
 * Compares two rows: the difference with its BCa interval over subjects, and a permutation test that exchanges the
 * rows' outcomes of whole subjects (approximate randomization: Noreen, 1989; Yeh, COLING 2000), which holds for any
 * score, also for those that are no mean over items.
 *
 * @throws SonospeechError `input` when lengths differ.
 */
export function compareRows<T>(options: CompareOptions<T>): RowComparison {
  const { a, b, subjects, statistic, seed, resamples } = options;
  needSameLength("compare rows", { a: a.length, b: b.length, subjects: subjects.length });
  const pick = (from: readonly T[], rows: Int32Array) =>
    statistic(Array.from(rows, (row) => from[row]), rows);
  const differenceOn = (rows: Int32Array) => pick(a, rows) - pick(b, rows);
  const groups = rowsBySubject(subjects);
  const rows = Int32Array.from(subjects.keys());
  const subjectIndex = new Int32Array(subjects.length);
  groups.forEach((group, k) => group.forEach((row) => subjectIndex[row] = k));
  const exchanged = (flipped: readonly boolean[]) => {
    const first = a.map((outcome, i) => flipped[subjectIndex[i]] ? b[i] : outcome);
    const second = b.map((outcome, i) => flipped[subjectIndex[i]] ? a[i] : outcome);
    return statistic(first, rows) - statistic(second, rows);
  };
  const own = groups.map(differenceOn).filter(Number.isFinite);
  return {
    difference: bootstrapBySubject({ subjects, statistic: differenceOn, seed, resamples }),
    test: exchangeTest(groups.length, exchanged, options),
    effectSize: own.length > 1 ? cohensD(own) : NaN,
    subjects: groups.length,
  };
}
