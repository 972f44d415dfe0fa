/**
 * Equation 1: is this speech of this picture's window or not?
 *
 * @module
 */

import { add, affine, logSoftmax, type Node, reshape, slice, subtract } from "../tensor/graph.ts";
import { exceeds } from "./scores.ts";

/** Number of outcomes: not correlated (0), correlated (1). */
export const correlationClasses = 2;

/** One class of every row, `[B, C]` to `[B]`. */
function column(x: Node, index: number): Node {
  return reshape(slice(x, [0, index], [x.shape[0], 1]), [x.shape[0]]);
}

/**
 * Mean over a pair's hard positive and hard negative of the two-way softmax cross-entropy.
 *
 * `−(log softmax(positiveLogits)[1] + log softmax(negativeLogits)[0]) / 2`; ln 2 when the logits are equal.
 *
 * @param positiveLogits `[B, 2]`, of a frame with speech of its own window; the right class is 1.
 * @param negativeLogits `[B, 2]`, of the same frame with the hard negative; the right class is 0.
 * @returns one loss per pair, `[B]`, nats.
 * @see Jiao et al., MICCAI 2020, equation 1.
 */
export function correlationLoss(positiveLogits: Node, negativeLogits: Node): Node {
  return affine(add(column(logSoftmax(positiveLogits), 1), column(logSoftmax(negativeLogits), 0)), -0.5);
}

/**
 * Share of a pair's two questions answered rightly, 0, ½ or 1; equal logits count as wrong. Chance is ½.
 *
 * @param positiveLogits `[B, 2]` as in {@linkcode correlationLoss}.
 * @param negativeLogits `[B, 2]`.
 * @returns `[B]`; no gradient.
 */
export function correlationAccuracy(positiveLogits: Node, negativeLogits: Node): Node {
  const positive = subtract(column(positiveLogits, 1), column(positiveLogits, 0));
  const negative = subtract(column(negativeLogits, 0), column(negativeLogits, 1));
  return affine(add(exceeds(positive, 0), exceeds(negative, 0)), 0.5);
}
