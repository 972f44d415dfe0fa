/**
 * Which pairs of a batch are ordinary negatives of which, as graph values.
 *
 * @module
 */

import { add, affine, constant, multiply, type Node, pad, reshape, slice } from "../tensor/graph.ts";

/** Added to a logit that must not count: exp of it is 0 beside any other, and float32 holds it finite. */
const excluded = -1e9;

/**
 * The identity matrix `[B, B]`.
 *
 * Constants hold one number only, so the ones are laid B + 1 elements apart: a column of ones padded to
 * `[B, B + 1]` and read again in rows of B has them on the diagonal.
 */
export function identity(batch: number): Node {
  const rows = pad(constant(1, [batch, 1]), [0, 0], [batch, batch + 1]);
  const flat = reshape(rows, [batch * (batch + 1)]);
  return reshape(slice(flat, [0], [batch * batch]), [batch, batch]);
}

/**
 * The mask with its diagonal set to 0: a pair is never its own negative.
 *
 * @param negativeMask `[B, B]`, 1 where pair k (column) may be a negative of pair i (row), else 0.
 */
export function otherPairs(negativeMask: Node): Node {
  return multiply(negativeMask, affine(identity(negativeMask.shape[0]), -1, 1));
}

/** The logits where `allowed`, of their shape, is 1, and a number whose exp is 0 where it is 0. */
export function maskLogits(logits: Node, allowed: Node): Node {
  return add(multiply(logits, allowed), affine(allowed, -excluded, excluded));
}
