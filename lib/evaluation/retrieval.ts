/**
 * Cross-modal retrieval: given one modality's embedding of a window, how high does its own other half rank?
 *
 * @module
 */

/** Values of K in Recall@K. */
export const recallDepths = [1, 5, 10] as const;

/** Numbers of one direction; recalls are shares in [0, 1]. */
export interface RetrievalMetrics {
  /** Share of queries whose own item is the best match. */
  recallAt1: number;
  /** Share of queries whose own item is among the best five. */
  recallAt5: number;
  /** Share of queries whose own item is among the best ten. */
  recallAt10: number;
  /** Median of the ranks, from 1. */
  medianRank: number;
  /** Mean of 1 / rank. */
  meanReciprocalRank: number;
}

/**
 * The rank of each query's own item among all items, by dot product; 1 is best.
 *
 * Items that score the same as the own one count half, so equal embeddings rank as by chance and not first.
 *
 * @param queries `[N, D]`, row-major.
 * @param items `[N, D]`; row i belongs to query i.
 * @throws RangeError when the arrays are not both N·D long or hold a value that is not finite.
 */
export function ranks(queries: Float32Array, items: Float32Array, dimension: number): Float64Array {
  const count = queries.length / dimension;
  if (!Number.isInteger(count) || queries.length !== items.length) {
    throw new RangeError(
      `Cannot rank: queries and items must both be N · ${dimension} long, received ${queries.length} and ` +
        `${items.length}`,
    );
  }
  if (!queries.every(Number.isFinite) || !items.every(Number.isFinite)) {
    throw new RangeError("Cannot rank: embeddings must be finite, received NaN or Infinity");
  }
  const scores = new Float64Array(count);
  return Float64Array.from({ length: count }, (_, i) => {
    for (let j = 0; j < count; j++) scores[j] = dot(queries, i * dimension, items, j * dimension, dimension);
    let better = 0;
    let equal = 0;
    for (let j = 0; j < count; j++) {
      if (scores[j] > scores[i]) better++;
      else if (j !== i && scores[j] === scores[i]) equal++;
    }
    return 1 + better + equal / 2;
  });
}

function dot(a: Float32Array, offsetA: number, b: Float32Array, offsetB: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += a[offsetA + k] * b[offsetB + k];
  return sum;
}

/** Summarizes ranks. @throws RangeError when there are none. */
export function summarizeRanks(found: ArrayLike<number>): RetrievalMetrics {
  if (found.length === 0) {
    throw new RangeError("Cannot summarize ranks: at least one is needed, received none");
  }
  const values = Array.from(found);
  const recall = (k: number) => values.filter((rank) => rank <= k).length / values.length;
  return {
    recallAt1: recall(1),
    recallAt5: recall(5),
    recallAt10: recall(10),
    medianRank: median(values),
    meanReciprocalRank: values.reduce((sum, rank) => sum + 1 / rank, 0) / values.length,
  };
}

/** What a random order of `count` items gives on average. */
export function chanceRetrieval(count: number): RetrievalMetrics {
  const recall = (k: number) => Math.min(1, k / count);
  let harmonic = 0;
  for (let rank = 1; rank <= count; rank++) harmonic += 1 / rank;
  return {
    recallAt1: recall(1),
    recallAt5: recall(5),
    recallAt10: recall(10),
    medianRank: (count + 1) / 2,
    meanReciprocalRank: harmonic / count,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
