/**
 * Equation 2 as printed, with the one guard it needs to be a number.
 *
 * @module
 */

import {
  affine,
  clampMin,
  exp,
  log,
  matMul,
  multiply,
  type Node,
  reduceSum,
  subtract,
} from "../tensor/graph.ts";
import { otherPairs } from "./negatives.ts";
import { exceeds } from "./scores.ts";

/** What {@linkcode crossModalContrastive} compares. */
export interface CrossModalContrastiveOptions {
  /** Embeddings of the frames, `[B, D]`, of unit length or not: the paper states no normalization. */
  video: Node;
  /** Embeddings of the speech, `[B, D]`; row i belongs to frame i. */
  speech: Node;
  /** Embeddings of each frame's hard negative, `[B, D]`. */
  hardNegative: Node;
  /** `[B]`, 1 where that row is a hard negative, 0 where it must not count. */
  hardNegativeMask: Node;
  /** `[B, B]`, 1 where pair k (column) may be a negative of pair i (row), else 0; the diagonal is ignored. */
  negativeMask: Node;
  /** Smallest value of the numerator and of the denominator. */
  literalFloor: number;
}

/** What {@linkcode crossModalContrastive} gives. */
export interface CrossModalContrastive {
  /** One loss per pair, `[B]`, nats; it may be negative, as the positive is not in the denominator. */
  loss: Node;
  /** 1 where the floor took the numerator's place, `[B]`; report its mean, for such pairs are not pulled together. */
  guarded: Node;
}

/**
 * `−log[ max(e^(v·s) − e^(v·s'), literalFloor) / max(Σ_{k≠v} e^(v·s_k), literalFloor) ]`.
 *
 * As printed the numerator is negative whenever the hard negative s' scores higher than the positive s (half of
 * all pairs before training) and the loss is not a number. The floor replaces it then; its gradient is 0, so for
 * that pair only the denominator teaches. We read "k ≠ v" as: k runs over the speech of the other pairs of the
 * batch, neither the pair's own speech nor its own hard negative; of those we leave out near neighbours in the same
 * scan, which the paper does not mention. The denominator's floor only matters for a pair without any negative.
 *
 * A pair without a hard negative, on which the paper is silent, has the numerator e^(v·s).
 *
 * There is no temperature. Without unit length, e^(v·s) overflows float32 beyond v·s ≈ 88.
 *
 * @see Jiao et al., MICCAI 2020, equation 2.
 */
export function crossModalContrastive(options: CrossModalContrastiveOptions): CrossModalContrastive {
  const { video, speech, hardNegative, hardNegativeMask, negativeMask, literalFloor } = options;
  const score = (other: Node) => exp(reduceSum(multiply(video, other), [1]));
  const numerator = subtract(score(speech), multiply(score(hardNegative), hardNegativeMask));
  const all = exp(matMul(video, speech, { transposeB: true }));
  const denominator = reduceSum(multiply(all, otherPairs(negativeMask)), [1]);
  return {
    loss: subtract(log(clampMin(denominator, literalFloor)), log(clampMin(numerator, literalFloor))),
    guarded: affine(exceeds(numerator, literalFloor), -1, 1),
  };
}
