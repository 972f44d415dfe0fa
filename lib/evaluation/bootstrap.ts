/**
 * Intervals by drawing subjects with replacement: windows of one subject are alike, so subjects, not windows, are what
 * was sampled.
 *
 * @module
 */

import { Random } from "../random.ts";
import { normalCdf, normalQuantile } from "../normal.ts";
import { need } from "./requirement.ts";
import { quantile } from "./statistics.ts";

/** The 95 % interval of a number: [low, high]. */
export type Interval = [number, number];

/** A number with its interval. */
export interface Estimate {
  /** On all items. */
  value: number;
  /** Null with fewer than two subjects, or when the number is undefined on all data or on most resamples. */
  interval: Interval | null;
}

/** A number with its interval and what chance gives. */
export interface ChanceEstimate extends Estimate {
  /** The same number for answers that know nothing. */
  chance: number;
}

/** How to draw. */
export interface ResamplingOptions {
  /** The subject of each item, [N]. */
  subjects: readonly string[];
  /** Draws the subjects. */
  seed: number;
  /** How many times subjects are drawn; 2000 when left out. */
  resamples?: number;
  /** Share of the interval; 0.95 when left out. */
  level?: number;
  /**
   * `bca` (the default) corrects bias and skew (Efron, 1987; Efron and Tibshirani, 1993, section 14.3, acceleration
   * from leaving out one subject at a time); `percentile` takes the draws' quantiles (section 13.3). With fewer than
   * some twenty subjects both are narrower than they should be.
   */
  method?: "bca" | "percentile";
}

/** One number to estimate. */
export interface BootstrapOptions extends ResamplingOptions {
  /** The number of interest on some items, given by index and with repetitions; NaN where it is undefined. */
  statistic: (rows: Int32Array) => number;
}

/** Several numbers to estimate from the same draws. */
export interface BootstrapAllOptions<K extends string> extends ResamplingOptions {
  /** The numbers of interest on some items, given by index and with repetitions; NaN where one is undefined. */
  statistics: (rows: Int32Array) => Record<K, number>;
}

/**
 * A number on all items and its interval by bootstrap over subjects.
 *
 * @throws SonospeechError `input` without items.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { bootstrapBySubject } from "./bootstrap.ts";
 * const values = [1, 2, 3, 4];
 * const { value, interval } = bootstrapBySubject({
 *   subjects: ["a", "a", "b", "c"],
 *   statistic: (rows) => rows.reduce((sum, row) => sum + values[row], 0) / rows.length,
 *   seed: 1,
 * });
 * assert(value === 2.5 && interval![0] < 2.5 && interval![1] > 2.5);
 * ```
 */
export function bootstrapBySubject({ statistic, ...options }: BootstrapOptions): Estimate {
  return bootstrapAllBySubject({ ...options, statistics: (rows) => ({ it: statistic(rows) }) }).it;
}

/** Several numbers on all items, each with its interval by bootstrap over subjects, all from the same draws. */
export function bootstrapAllBySubject<K extends string>(
  options: BootstrapAllOptions<K>,
): Record<K, Estimate> {
  const { subjects, statistics, seed, resamples = 2000 } = options;
  need(subjects.length > 0, "estimate an interval", "there must be items", 0);
  const groups = rowsBySubject(subjects);
  const values = statistics(concatenate(groups));
  const keys = Object.keys(values) as K[];
  if (groups.length < 2) return record(keys, (key) => ({ value: values[key], interval: null }));
  const random = new Random(seed, "bootstrap over subjects");
  const draws = Array.from(
    { length: resamples },
    () => statistics(concatenate(groups.map(() => groups[random.integer(groups.length)]))),
  );
  const without = groups.map((group) => statistics(concatenate(groups.filter((other) => other !== group))));
  const column = (rows: readonly Record<K, number>[], key: K) =>
    Float64Array.from(rows, (row) => row[key]).filter(Number.isFinite);
  return record(keys, (key) => ({
    value: values[key],
    interval: intervalOf(values[key], column(draws, key).sort(), column(without, key), options),
  }));
}

function record<K extends string, V>(keys: readonly K[], valueOf: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, valueOf(key)])) as Record<K, V>;
}

/** @param draws Sorted. @param without The number without each subject. */
function intervalOf(
  value: number,
  draws: Float64Array,
  without: Float64Array,
  { resamples = 2000, level = 0.95, method = "bca" }: ResamplingOptions,
): Interval | null {
  if (!Number.isFinite(value) || draws.length * 2 <= resamples) return null;
  const tails = [(1 - level) / 2, (1 + level) / 2];
  const [low, high] = method === "percentile" ? tails : correctedShares(tails, value, draws, without);
  return [quantile(draws, low), quantile(draws, high)];
}

/** The items of each subject, subjects in order of their first item. */
export function rowsBySubject(subjects: readonly string[]): Int32Array[] {
  const rows = Map.groupBy(subjects.keys(), (row) => subjects[row]);
  return [...rows.values()].map((items) => Int32Array.from(items));
}

function concatenate(groups: readonly Int32Array[]): Int32Array {
  const rows = new Int32Array(groups.reduce((sum, group) => sum + group.length, 0));
  let offset = 0;
  for (const group of groups) {
    rows.set(group, offset);
    offset += group.length;
  }
  return rows;
}

function correctedShares(
  shares: readonly number[],
  value: number,
  draws: Float64Array,
  without: Float64Array,
): number[] {
  const below = draws.reduce((sum, draw) => sum + (draw < value ? 1 : draw === value ? 0.5 : 0), 0);
  const half = 0.5 / draws.length;
  const bias = normalQuantile(Math.min(1 - half, Math.max(half, below / draws.length)));
  const a = acceleration(without);
  return shares.map((share) => {
    const z = bias + normalQuantile(share);
    return normalCdf(bias + z / (1 - a * z));
  });
}

/** Σ d³ / 6(Σ d²)^{3/2} with d the mean minus each value without one subject; 0 when leaving one out changes nothing. */
function acceleration(without: Float64Array): number {
  const mean = without.reduce((sum, value) => sum + value / without.length, 0);
  const power = (p: number) => without.reduce((sum, value) => sum + (mean - value) ** p, 0);
  const squares = power(2);
  return squares > 0 ? power(3) / (6 * squares ** 1.5) : 0;
}
