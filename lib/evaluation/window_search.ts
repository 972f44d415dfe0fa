/**
 * Finding moments: the windows of a dataset that are most like a sound or a picture.
 *
 * @module
 */

import type { PrepareConfig, RunConfig } from "../config.ts";
import type { WindowRecord } from "../data/dataset_store.ts";
import type { InputSource } from "../data/inputs.ts";
import type { Split } from "../data/split.ts";
import { SonospeechError } from "../errors.ts";
import { affinityLevel } from "../pacing/affinity.ts";
import { voicedFractionOf } from "../pacing/pace.ts";
import { embedModality, type EmbedOptions } from "./embed.ts";
import type { LooseInput } from "../data/loose_input.ts";

/** What is asked with, or looked at. */
export type Modality = "video" | "speech";

/** A window that was found. */
export interface SearchHit {
  /** From 1. */
  rank: number;
  /** Cosine of query and window, −1 to 1. */
  similarity: number;
  /** The window. */
  window: WindowRecord;
}

/** What a search found. */
export interface SearchResult {
  /** The most similar windows, the best first; equals in the order of their ids. */
  hits: SearchHit[];
  /** Windows that were searched. */
  searched: number;
  /** Similarity of the window in the middle: what an arbitrary one has. */
  medianSimilarity: number;
}

/**
 * Refuses a run whose embeddings cannot be compared, or a dataset that it would hear otherwise than its own.
 *
 * @param trainedOn Settings of the run's own dataset, where it can still be asked.
 * @throws SonospeechError `input`.
 */
export function refuseUnsearchable(
  config: RunConfig,
  dataset: Pick<PrepareConfig, "spectrogram">,
  trainedOn?: Pick<PrepareConfig, "spectrogram">,
): void {
  if (config.losses.contrastiveWeight === 0) {
    refuse("the run must have trained its projections, with losses.contrastiveWeight above 0", 0);
  }
  if (trainedOn === undefined) return;
  const [ours, theirs] = [trainedOn, dataset].map(({ spectrogram }) => JSON.stringify(spectrogram));
  if (ours !== theirs) {
    refuse(`its spectrograms must be as the run heard them, ${ours}`, dataset.spectrogram);
  }
}

/**
 * The windows that a search looks at: all, or, where speech is searched, those with speech as the run counts it.
 *
 * @throws SonospeechError `input` when there are none.
 */
export function windowsToSearch(
  dataset: Pick<InputSource, "windows">,
  { among, split, pacing }: { among: Modality; split?: Split; pacing: RunConfig["pacing"] },
): WindowRecord[] {
  const windows = dataset.windows({ split }).filter((window) => {
    const voiced = voicedFractionOf(window, pacing.detector);
    return among === "video" || affinityLevel(voiced, pacing.voicedFractionThreshold) === "high";
  });
  if (windows.length === 0) {
    refuse("there must be a window to search, with speech where speech is searched", 0);
  }
  return windows;
}

function refuse(must: string, received: unknown): never {
  throw new SonospeechError("input", { action: "search the dataset", must, received });
}

/** Embeds one or more ways of saying or showing the same as their mean. @returns `[D]`, unit length. */
export async function embedQuery(
  modality: Modality,
  inputs: readonly LooseInput[],
  options: Omit<EmbedOptions, "source" | "windows" | "onProgress">,
): Promise<Float32Array> {
  const sum = new Float32Array(options.config.model.embeddingDim);
  for (const { source, window } of inputs) {
    const one = await embedModality(modality, { ...options, source, windows: [window] });
    one.forEach((value, d) => sum[d] += value);
  }
  const length = Math.hypot(...sum);
  return sum.map((value) => length > 0 ? value / length : 0);
}

/** Cosines of a query `[D]` and embeddings `[N, D]`, all of unit length. @returns `[N]`. */
export function similaritiesTo(query: Float32Array, embeddings: Float32Array): Float32Array {
  const dimension = query.length;
  return Float32Array.from({ length: embeddings.length / dimension }, (_, i) => {
    let similarity = 0;
    for (let d = 0; d < dimension; d++) similarity += query[d] * embeddings[i * dimension + d];
    return similarity;
  });
}

/** How the similarities of all windows lie. */
export interface SimilaritySpread {
  /** Mean over the windows. */
  mean: number;
  /** Standard deviation over the windows. */
  deviation: number;
  /** The least and the greatest; 0 without any. */
  low: number;
  /** See `low`. */
  high: number;
  /** Windows in even bins from the least to the greatest. */
  histogram: number[];
}

/** Describes similarities, so that it can be seen whether the best of them stand out. */
export function similaritySpread(similarities: Float32Array, bins = 40): SimilaritySpread {
  const histogram = new Array<number>(bins).fill(0);
  const low = similarities.reduce((least, value) => Math.min(least, value), similarities[0] ?? 0);
  const high = similarities.reduce((most, value) => Math.max(most, value), low);
  let [sum, squares] = [0, 0];
  for (const value of similarities) {
    sum += value;
    squares += value * value;
    const bin = high > low ? Math.floor(((value - low) / (high - low)) * bins) : 0;
    histogram[Math.min(bins - 1, bin)]++;
  }
  const mean = sum / Math.max(1, similarities.length);
  const variance = squares / Math.max(1, similarities.length) - mean * mean;
  return { mean, deviation: Math.sqrt(Math.max(0, variance)), low, high, histogram };
}

/**
 * Ranks windows by their similarity to a query.
 *
 * @param similarities Of the windows, in their order, see {@linkcode similaritiesTo}.
 */
export function rankWindows(
  similarities: Float32Array,
  windows: readonly WindowRecord[],
  top: number,
): SearchResult {
  const scored = windows.map((window, i) => ({ similarity: similarities[i], window }))
    .sort((a, b) => b.similarity - a.similarity || a.window.id - b.window.id);
  return {
    hits: scored.slice(0, top).map((hit, i) => ({ rank: i + 1, ...hit })),
    searched: scored.length,
    medianSimilarity: scored[scored.length >> 1]?.similarity ?? 0,
  };
}
