/**
 * Loops along the last axis of float32 arrays: softmax and its relatives, L2 normalization.
 *
 * @module
 */

import type { LastAxisFunction } from "../graph.ts";

function logSum(x: Float32Array, start: number, end: number): number {
  let largest = -Infinity;
  for (let i = start; i < end; i++) if (x[i] > largest) largest = x[i];
  let sum = 0;
  for (let i = start; i < end; i++) sum += Math.exp(x[i] - largest);
  return largest + Math.log(sum);
}

/** A function along rows of `width` elements; the largest element is taken out of the exponentials first. */
export function lastAxisRows(
  name: LastAxisFunction,
  out: Float32Array,
  x: Float32Array,
  width: number,
): void {
  for (let start = 0, row = 0; start < x.length; start += width, row++) {
    const sum = logSum(x, start, start + width);
    if (name === "logSumExp") out[row] = sum;
    else if (name === "logSoftmax") { for (let i = start; i < start + width; i++) out[i] = x[i] - sum; }
    else for (let i = start; i < start + width; i++) out[i] = Math.exp(x[i] - sum);
  }
}

function inverseNorm(x: Float32Array, start: number, end: number, epsilon: number): number {
  let sum = epsilon;
  for (let i = start; i < end; i++) sum += x[i] * x[i];
  return 1 / Math.sqrt(sum);
}

/** Rows divided by √(Σ x² + epsilon). */
export function l2NormalizeRows(out: Float32Array, x: Float32Array, width: number, epsilon: number): void {
  for (let start = 0; start < x.length; start += width) {
    const scale = inverseNorm(x, start, start + width, epsilon);
    for (let i = start; i < start + width; i++) out[i] = x[i] * scale;
  }
}

/** `(dy − y Σ y·dy) / √(Σ x² + epsilon)` with `y` the normalized row. */
export function l2NormalizeGradientRows(
  out: Float32Array,
  x: Float32Array,
  dy: Float32Array,
  width: number,
  epsilon: number,
): void {
  for (let start = 0; start < x.length; start += width) {
    const scale = inverseNorm(x, start, start + width, epsilon);
    let along = 0;
    for (let i = start; i < start + width; i++) along += x[i] * scale * dy[i];
    for (let i = start; i < start + width; i++) out[i] = (dy[i] - x[i] * scale * along) * scale;
  }
}
