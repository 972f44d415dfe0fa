/**
 * Principal components of embeddings: the axes along which they differ most.
 *
 * @module
 */

import { PCA } from "ml-pca";

/** Axes of largest variance through some rows, the largest first. */
export interface PrincipalAxes {
  /** `[D]`. */
  mean: Float64Array;
  /** Unit vectors, each `[D]`; the largest loading of each is positive. */
  axes: Float64Array[];
  /** Share of the rows' variance along each axis, 0 to 1. */
  explainedVariance: number[];
}

/**
 * The first principal axes, from the covariance `[D, D]`: rows may be many.
 *
 * The sign of an axis is free; it is chosen so that its largest loading is positive.
 *
 * @param rows `[N, D]`.
 * @param count How many axes, at most D.
 */
export function principalAxes(rows: Float32Array, dimension: number, count: number): PrincipalAxes {
  const { mean, covariance } = moments(rows, dimension);
  const pca = new PCA(covariance, { isCovarianceMatrix: true });
  const all = pca.getLoadings().to2DArray();
  const variance = pca.getEigenvalues().map((value) => Math.max(0, value));
  const total = variance.reduce((a, b) => a + b, 0);
  return {
    mean,
    axes: all.slice(0, count).map(withPositiveSign),
    explainedVariance: variance.slice(0, count).map((value) => total > 0 ? value / total : 0),
  };
}

/** Places of rows along the axes. @returns `[N, axes]`. */
export function projectRows({ mean, axes }: PrincipalAxes, rows: Float32Array): Float32Array {
  const [dimension, count] = [mean.length, rows.length / mean.length];
  const out = new Float32Array(count * axes.length);
  for (let n = 0; n < count; n++) {
    axes.forEach((axis, a) => {
      let sum = 0;
      for (let d = 0; d < dimension; d++) sum += (rows[n * dimension + d] - mean[d]) * axis[d];
      out[n * axes.length + a] = sum;
    });
  }
  return out;
}

function moments(rows: Float32Array, dimension: number): { mean: Float64Array; covariance: number[][] } {
  const count = rows.length / dimension;
  const mean = new Float64Array(dimension);
  for (let i = 0; i < rows.length; i++) mean[i % dimension] += rows[i] / count;
  const sums = new Float64Array(dimension * dimension);
  const row = new Float64Array(dimension);
  for (let n = 0; n < count; n++) {
    for (let d = 0; d < dimension; d++) row[d] = rows[n * dimension + d] - mean[d];
    for (let a = 0; a < dimension; a++) {
      for (let b = a; b < dimension; b++) sums[a * dimension + b] += row[a] * row[b];
    }
  }
  const covariance = Array.from(
    { length: dimension },
    (_, a) =>
      Array.from(
        { length: dimension },
        (_, b) => sums[Math.min(a, b) * dimension + Math.max(a, b)] / Math.max(1, count - 1),
      ),
  );
  return { mean, covariance };
}

function withPositiveSign(loading: number[]): Float64Array {
  const largest = loading.reduce((a, b) => Math.abs(b) > Math.abs(a) ? b : a, 0);
  return Float64Array.from(loading, (value) => largest < 0 ? -value : value);
}
