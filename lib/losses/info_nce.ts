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
  /** The temperature T itself, a scalar; similarities are divided by it. */
  temperature: Node;
  /** `[B, B]`, 1 where pair k (column) may be a negative of pair i (row), else 0; the diagonal is ignored. */
  negativeMask: Node;
  /** Whether each speech sample is also contrasted with all frames; the loss is then the mean of both. */
  symmetric: boolean;
}

/**
 * Cross-entropy of finding a frame's speech among the batch's (and the reverse).
 *
 * With `s(a, b) = a·b / T`: `log Σ e^s(v_i, s_k) − s(v_i, s_i)`, where k runs over i itself, the pairs the mask
 * allows and the hard negative of i. The other direction, `log Σ e^s(v_k, s_i) − s(v_i, s_i)`, uses the same row
 * of the mask and has no hard negative, for that is speech.
 *
 * This differs from equation 2 on purpose: the paper subtracts the hard negative in the numerator, which leaves
 * nothing to take the logarithm of whenever it scores higher (see `crossModalContrastive`).
 *
 * @returns one loss per pair, `[B]`, nats; {@linkcode infoNceChance} when all similarities are equal.
 * @see van den Oord et al., arXiv 1807.03748; Radford et al., ICML 2021 (symmetric form, learned temperature).
 */
export function infoNce(options: InfoNceOptions): Node {
  const { video, speech, hardNegative, temperature, negativeMask, symmetric } = options;
  const scale = reciprocal(temperature);
  const allowed = add(otherPairs(negativeMask), identity(video.shape[0]));
  const logits = multiply(matMul(video, speech, { transposeB: true }), scale);
  const positive = multiply(reduceSum(multiply(video, speech), [1]), scale);
  const speechRows = maskLogits(logits, allowed);
  const videoToSpeech = subtract(
    logSumExp(hardNegative ? withHardNegative(speechRows, video, hardNegative, scale) : speechRows),
    positive,
  );
  if (!symmetric) return videoToSpeech;
  const speechToVideo = subtract(logSumExp(maskLogits(transpose(logits, [1, 0]), allowed)), positive);
  return affine(add(videoToSpeech, speechToVideo), 0.5);
}

function withHardNegative(logits: Node, video: Node, hardNegative: Node, scale: Node): Node {
  const similarity = reduceSum(multiply(video, hardNegative), [1], true);
  return concat([logits, multiply(similarity, reshape(scale, [1, 1]))], 1);
}

/** What {@linkcode infoNceChance} must know of the loss. */
export interface InfoNceChanceOptions {
  /** Number of pairs B. */
  batch: number;
  /** `[B, B]` row-major as fed to the loss; without it every other pair is a negative. */
  negativeMask?: ArrayLike<number>;
  /** Whether the loss has the column of hard negatives. */
  hardNegatives: boolean;
  /** Whether the loss is the mean of both directions. */
  symmetric: boolean;
}

/**
 * The loss when all similarities are equal: the mean over pairs of `ln(1 + allowed negatives)`.
 *
 * ln B with every other pair allowed and no hard negative; ln(B + 1) with it in the one direction that has it.
 *
 * @returns nats.
 */
export function infoNceChance(options: InfoNceChanceOptions): number {
  const { batch, negativeMask, hardNegatives, symmetric } = options;
  let sum = 0;
  for (let i = 0; i < batch; i++) {
    let negatives = 0;
    for (let k = 0; k < batch; k++) {
      if (k !== i && (negativeMask?.[i * batch + k] ?? 1) > 0) negatives++;
    }
    const videoToSpeech = Math.log(1 + negatives + (hardNegatives ? 1 : 0));
    sum += symmetric ? (videoToSpeech + Math.log(1 + negatives)) / 2 : videoToSpeech;
  }
  return sum / batch;
}
