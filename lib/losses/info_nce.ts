/**
 * The stable form of the contrastive loss: InfoNCE with masked negatives, the hard negative among them.
 *
 * @module
 */

import {
  add,
  affine,
  concat,
  logSumExp,
  matMul,
  multiply,
  type Node,
  reciprocal,
  reduceSum,
  reshape,
  subtract,
  transpose,
} from "../tensor/graph.ts";
import { identity, maskLogits, otherPairs } from "./negatives.ts";

/** What {@linkcode infoNce} compares. */
export interface InfoNceOptions {
  /** Embeddings of the frames, `[B, D]`, unit length. */
  video: Node;
  /** Embeddings of the speech, `[B, D]`, unit length; row i belongs to frame i. */
  speech: Node;
  /** Embeddings of each frame's hard negative, `[B, D]`; without it there is no such column. */
  hardNegative?: Node;
  /** `[B]`, 1 where that row is a hard negative, 0 where it must not count; goes with `hardNegative`. */
  hardNegativeMask?: Node;
  /** The temperature T itself, a scalar; similarities are divided by it. */
  temperature: Node;
  /** `[B, B]`, 1 where pair k (column) may be a negative of pair i (row), else 0; the diagonal is ignored. */
  negativeMask: Node;
  /**
   * `[B, B]`, 1 where the speech of pair k (column) is in the bag of pair i (row) and a positive of it too, else 0; the
   * diagonal is ignored. Where it is 1, `negativeMask` must be 0. Without it, a pair's own speech is its one positive.
   */
  positiveMask?: Node;
  /** Whether each speech sample is also contrasted with all frames; the loss is then the mean of both. */
  symmetric: boolean;
}

/**
 * Cross-entropy of finding a frame's speech among the batch's (and the reverse).
 *
 * With `s(a, b) = a·b / T`: `log Σ e^s(v_i, s_k) − s(v_i, s_i)`, where k runs over i itself, the pairs the mask
 * allows and the hard negative of i, where it has one. The other direction, `log Σ e^s(v_k, s_i) − s(v_i, s_i)`, uses the same row
 * of the mask and has no hard negative, for that is speech.
 *
 * With a bag of positives P_i, to which i itself belongs, it is MIL-NCE: `log Σ_{P_i, negatives} e^s − log Σ_{P_i} e^s`,
 * so that one of the bag need fit, whichever does, and none of it is pushed away.
 *
 * This differs from equation 2 on purpose: the paper subtracts the hard negative in the numerator, which leaves
 * nothing to take the logarithm of whenever it scores higher (see `crossModalContrastive`).
 *
 * @returns one loss per pair, `[B]`, nats; {@linkcode infoNceChance} when all similarities are equal.
 * @see van den Oord et al., arXiv 1807.03748; Radford et al., ICML 2021 (symmetric form, learned temperature); Miech et
 * al., CVPR 2020, equation 1 (bags; theirs is of both directions in one quotient, ours the mean of two).
 */
export function infoNce(options: InfoNceOptions): Node {
  const { video, speech, temperature, negativeMask, positiveMask, symmetric } = options;
  const scale = reciprocal(temperature);
  const own = identity(video.shape[0]);
  const bag = positiveMask && add(otherPairs(positiveMask), own);
  const allowed = add(otherPairs(negativeMask), bag ?? own);
  const logits = multiply(matMul(video, speech, { transposeB: true }), scale);
  const ownLogits = multiply(reduceSum(multiply(video, speech), [1]), scale);
  const positiveOf = (rows: Node) => bag ? logSumExp(maskLogits(rows, bag)) : ownLogits;
  const speechRows = maskLogits(logits, allowed);
  const videoToSpeech = subtract(
    logSumExp(withHardNegative(speechRows, scale, options)),
    positiveOf(logits),
  );
  if (!symmetric) return videoToSpeech;
  const videoRows = transpose(logits, [1, 0]);
  const speechToVideo = subtract(logSumExp(maskLogits(videoRows, allowed)), positiveOf(videoRows));
  return affine(add(videoToSpeech, speechToVideo), 0.5);
}

function withHardNegative(logits: Node, scale: Node, options: InfoNceOptions): Node {
  const { video, hardNegative, hardNegativeMask } = options;
  if (!hardNegative) return logits;
  const similarity = reduceSum(multiply(video, hardNegative), [1], true);
  const column = multiply(similarity, reshape(scale, [1, 1]));
  const masked = hardNegativeMask && maskLogits(column, reshape(hardNegativeMask, column.shape));
  return concat([logits, masked ?? column], 1);
}

/** What {@linkcode infoNceChance} must know of the loss. */
export interface InfoNceChanceOptions {
  /** Number of pairs B. */
  batch: number;
  /** `[B, B]` row-major as fed to the loss; without it every other pair is a negative. */
  negativeMask?: ArrayLike<number>;
  /** `[B, B]` row-major as fed to the loss; without it there are no bags. */
  positiveMask?: ArrayLike<number>;
  /** `[B]`, 1 where the pair has a hard negative; without it the loss has no such column. */
  hardNegativeMask?: ArrayLike<number>;
  /** `[B]`, how much each pair's loss counts in the mean; without it all count alike. */
  weights?: ArrayLike<number>;
  /** Whether the loss is the mean of both directions. */
  symmetric: boolean;
}

/**
 * The loss when all similarities are equal: the weighted mean over pairs of
 * `ln((positives + allowed negatives) / positives)`.
 *
 * ln B with every other pair allowed and no hard negative; ln(B + 1) with it in the one direction that has it.
 *
 * @returns nats; NaN when no pair counts.
 */
export function infoNceChance(options: InfoNceChanceOptions): number {
  const { batch, negativeMask, positiveMask, hardNegativeMask, weights, symmetric } = options;
  let [sum, total] = [0, 0];
  for (let i = 0; i < batch; i++) {
    let [positives, negatives] = [1, 0];
    for (let k = 0; k < batch; k++) {
      if (k === i) continue;
      if ((negativeMask?.[i * batch + k] ?? 1) > 0) negatives++;
      if ((positiveMask?.[i * batch + k] ?? 0) > 0) positives++;
    }
    const level = (all: number) => Math.log((positives + all) / positives);
    const videoToSpeech = level(negatives + (hardNegativeMask?.[i] ?? 0));
    const weight = weights?.[i] ?? 1;
    sum += weight * (symmetric ? (videoToSpeech + level(negatives)) / 2 : videoToSpeech);
    total += weight;
  }
  return sum / total;
}
