/**
 * What the pairs of a batch are to each other: positives, ordinary negatives, or neither.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import type { WindowRecord } from "./dataset_store.ts";
import type { BatchPlan } from "./pairs.ts";

/** Which windows are whose neighbours, seconds. */
export type Neighbourhood = Pick<RunConfig["data"], "neighbourSeconds" | "bagSeconds">;

/** Time between the starts of two windows, seconds; Infinity between scans. */
function apart(a: WindowRecord, b: WindowRecord): number {
  return a.scanId === b.scanId ? Math.abs(a.startSeconds - b.startSeconds) : Infinity;
}

/** Starts are multiples of a window's length, and sums of floats. */
const timeSlack = 1e-6;

/** Whether the speech of one window is in the bag of another; of none when `bagSeconds` is 0. */
export function isInBag(a: WindowRecord, b: WindowRecord, bagSeconds: number): boolean {
  return bagSeconds > 0 && apart(a, b) <= bagSeconds + timeSlack;
}

/**
 * Which pairs are ordinary negatives of which: `[P · P]`, row = the pair that is contrasted, 1 = allowed.
 *
 * Pairs of the same scan that start closer than `neighbourSeconds` may show the same anatomy and are left out, as are
 * pairs that are in the bag (see {@linkcode positiveMask}), and those that are not admitted: their speech need not be
 * about any picture.
 */
export function negativeMask(
  windows: readonly WindowRecord[],
  admitted: readonly boolean[],
  { neighbourSeconds, bagSeconds }: Neighbourhood,
): Float32Array {
  return maskOf(windows, (a, b, j) => {
    const isNear = a.id === b.id || apart(a, b) < neighbourSeconds || isInBag(a, b, bagSeconds);
    return admitted[j] && !isNear;
  });
}

/**
 * Whose speech is a positive of which pair beside its own: `[P · P]`, row = the pair that is contrasted, 1 = in its bag.
 *
 * In it are the admitted pairs of the same scan whose windows start at most `bagSeconds` away, other samples of the same
 * window among them; all 0 when `bagSeconds` is 0. The batch's own speech makes up the bags, so they cost no encoding.
 */
export function positiveMask(
  windows: readonly WindowRecord[],
  admitted: readonly boolean[],
  { bagSeconds }: Pick<Neighbourhood, "bagSeconds">,
): Float32Array {
  return maskOf(windows, (a, b, j) => admitted[j] && isInBag(a, b, bagSeconds));
}

/** 1 where `isSet` of a pair's window and another pair's. */
function maskOf(
  windows: readonly WindowRecord[],
  isSet: (window: WindowRecord, other: WindowRecord, otherPlace: number) => boolean,
): Float32Array {
  const count = windows.length;
  const mask = new Float32Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      if (i !== j && isSet(windows[i], windows[j], j)) mask[i * count + j] = 1;
    }
  }
  return mask;
}

/** Which pairs of a batch are what to which, each `[B · K]` or `[B · K, B · K]` row-major. */
export interface PairMasks {
  /** 1 where a pair (column) is an ordinary negative of another (row); see {@linkcode negativeMask}. */
  negativeMask: Float32Array;
  /** 1 where a pair has a hard negative and not what stands in for one. */
  hardNegativeMask: Float32Array;
  /** 1 where a pair's speech (column) is in another's bag (row), see {@linkcode positiveMask}; null without bags. */
  positiveMask: Float32Array | null;
}

/** The masks of a plan's pairs; pairs of weight 0 are not admitted. */
export function planMasks(
  plan: BatchPlan,
  pairWeights: ArrayLike<number>,
  neighbourhood: Neighbourhood,
): PairMasks {
  const windows = plan.samples.flatMap((sample) => sample.pairs.map(() => sample.window));
  const admitted = Array.from(pairWeights, (weight) => weight > 0);
  const isHard = plan.samples.flatMap((sample) => sample.pairs.map((pair) => pair.isHard));
  return {
    negativeMask: negativeMask(windows, admitted, neighbourhood),
    hardNegativeMask: Float32Array.from(isHard, Number),
    positiveMask: neighbourhood.bagSeconds > 0 ? positiveMask(windows, admitted, neighbourhood) : null,
  };
}
