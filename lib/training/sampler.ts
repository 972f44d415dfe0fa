/**
 * From a run's settings to the order of its batches.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import type { WindowSource } from "../data/inputs.ts";
import { PairSampler } from "../data/pairs.ts";
import { hasHighAffinity } from "../pacing/pace.ts";

/** Draws the batches of a run. @throws SonospeechError `input` when there are too few training windows. */
export function createSampler(config: RunConfig, dataset: WindowSource): PairSampler {
  return new PairSampler(dataset.windows({ split: "train" }), {
    seed: config.seed,
    data: config.data,
    withOrder: config.losses.orderWeight > 0,
    windowSeconds: dataset.config.windowSeconds,
    hasSpeech: (window) => hasHighAffinity(window, config.pacing),
  });
}
