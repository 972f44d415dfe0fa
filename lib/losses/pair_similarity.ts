/**
 * How alike pictures and speech are: each pair's own, and those of other pairs. They are looked at, not trained on.
 *
 * @module
 */

import { affine, multiply, type Node, reduceSum, subtract } from "../tensor/graph.ts";

/**
 * The cosine of each pair's picture and speech, `v_i · s_i`.
 *
 * @param video `[B, D]`, unit length.
 * @param speech `[B, D]`, unit length; row i belongs to frame i.
 * @returns `[B]`, −1 to 1.
 */
export function ownSimilarity(video: Node, speech: Node): Node {
  return reduceSum(multiply(video, speech), [1]);
}

/**
 * The mean cosine of each pair's picture and the speech of all others, `Σ_{k ≠ i} v_i · s_k / (B − 1)`: what
 * {@linkcode ownSimilarity} is where picture and speech have nothing to do with each other.
 *
 * It is `(v_i · Σ_k s_k − v_i · s_i) / (B − 1)`, so that no matrix of all pairs is needed.
 *
 * @param video `[B, D]`, unit length; B is at least 2.
 * @param speech `[B, D]`, unit length; row i belongs to frame i.
 * @returns `[B]`, −1 to 1.
 */
export function otherSimilarity(video: Node, speech: Node): Node {
  const ofAll = reduceSum(multiply(video, reduceSum(speech, [0], true)), [1]);
  return affine(subtract(ofAll, ownSimilarity(video, speech)), 1 / (video.shape[0] - 1));
}
