/**
 * Chance, where items of one subject are alike: labels are dealt out anew subject by subject, never item by item.
 *
 * @module
 */

import type { Random } from "../random.ts";
import { rowsBySubject } from "./bootstrap.ts";

/**
 * Deals labels out anew: every subject gets the labels of a subject drawn without replacement, in their order, from a
 * random one on and round again. So what a subject's items have in common stays in common, neighbours stay
 * neighbours, and only the tie between an item and its label is cut. Labels dealt out item by item would make chance
 * look narrower than it is, and a number that merely differs between subjects look like a leak.
 *
 * Rotating a series keeps its autocorrelation, as in surrogate tests of time series (Lancaster et al., Surrogate data
 * for hypothesis testing of physical systems, 2018).
 */
export class SubjectDeals {
  readonly #rows: readonly Int32Array[];
  readonly #items: number;

  /**
   * Groups items by subject.
   *
   * @param subjects The subject of each item, [N]; items of one subject in the order of time.
   */
  constructor(subjects: readonly string[]) {
    this.#rows = rowsBySubject(subjects);
    this.#items = subjects.length;
  }

  /** One deal: the item whose label each item gets, [N]. */
  deal(random: Random): Int32Array {
    const source = new Int32Array(this.#items);
    const givers = random.shuffle(this.#rows);
    this.#rows.forEach((rows, subject) => {
      const from = givers[subject];
      const start = random.integer(from.length);
      rows.forEach((row, place) => source[row] = from[(start + place) % from.length]);
    });
    return source;
  }
}

/** Where a score lies among the scores of many deals. */
export interface DealtChance {
  /** The mean over deals. */
  chance: number;
  /** What 95 of 100 deals stay below. */
  limit: number;
  /** One-sided, (1 + deals that score at least as high) / (1 + deals), after Phipson and Smyth (2010). */
  pValue: number;
}

/** Compares a score with those of deals. @param scores At least one; sorted by this function. */
export function dealtChance(score: number, scores: Float64Array): DealtChance {
  const sorted = scores.sort();
  const count = sorted.length;
  return {
    chance: sorted.reduce((sum, one) => sum + one, 0) / count,
    limit: sorted[Math.min(count - 1, Math.floor(0.95 * count))],
    // Equal scores that were summed in another order must count as equal.
    pValue: (1 + sorted.filter((one) => one >= score - 1e-12).length) / (1 + count),
  };
}
