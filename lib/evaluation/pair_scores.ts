/**
 * What each window's pair of embeddings says by itself: how well picture and speech agree, and how hard they are told
 * from others.
 *
 * @module
 */

import type { SavedEmbeddings } from "./saved_embeddings.ts";

/** With how many other windows a pair is contrasted, at most. */
export const contrastedWindows = 128;

/** Scores of pairs, [N] each. */
export interface PairScores {
  /** Cosine of a window's two embeddings, −1 to 1. */
  affinity: Float32Array;
  /** Contrastive loss, nats; ln B when nothing was learned and B windows are contrasted. */
  loss: Float32Array;
  /** B: the window itself and the others. */
  contrasted: number;
}

/**
 * Affinity and contrastive loss of every pair. The loss is InfoNCE (van den Oord et al., arXiv 1807.03748), the mean
 * of both directions, of the pair among up to {@linkcode contrastedWindows} other windows spread evenly over all:
 * −ln(e^(s/T) / Σ e^(s'/T)). It is comparable from window to window and from epoch to epoch, but is not the loss of a
 * training batch, which has other negatives.
 *
 * @param temperature T.
 */
export function pairScores(
  { windowIds, dimension, video, speech }: Pick<
    SavedEmbeddings,
    "windowIds" | "dimension" | "video" | "speech"
  >,
  temperature: number,
): PairScores {
  const count = windowIds.length;
  const others = Math.min(contrastedWindows, count - 1);
  const [affinity, loss] = [new Float32Array(count), new Float32Array(count)];
  const similarity = (i: number, j: number) => {
    let sum = 0;
    for (let d = 0; d < dimension; d++) sum += video[i * dimension + d] * speech[j * dimension + d];
    return sum;
  };
  for (let i = 0; i < count; i++) {
    affinity[i] = similarity(i, i);
    let [toSpeech, toVideo] = [1, 1];
    for (let k = 1; k <= others; k++) {
      const j = (i + Math.floor((k * count) / (others + 1))) % count;
      toSpeech += Math.exp((similarity(i, j) - affinity[i]) / temperature);
      toVideo += Math.exp((similarity(j, i) - affinity[i]) / temperature);
    }
    loss[i] = (Math.log(toSpeech) + Math.log(toVideo)) / 2;
  }
  return { affinity, loss, contrasted: others + 1 };
}
