/**
 * The numbers of a step: losses over the admitted pairs, accuracies, pace and speed.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import type { PairMasks } from "../data/pair_masks.ts";
import { infoNceChance } from "../losses/info_nce.ts";
import type { StepResult } from "../tensor/executor.ts";
import type { Metrics } from "./events.ts";

/** What is known of a batch besides its tensors. */
export interface BatchFacts extends PairMasks {
  /** Share of the batch's windows with a weight above 0. */
  admittedShare: number;
  /** Mean voicedFraction of the batch's windows, by the detector that paces the run. */
  voicedShare: number;
  /** Weights of the pairs `[B · K]`. */
  pairWeights: Float32Array;
}

/** Metric names of the training graph's outputs that hold one number per pair. */
const pairOutputs: Record<string, string> = {
  lossCorrelation: "loss.correlation",
  lossContrastive: "loss.contrastive",
  correlationAccuracy: "accuracy.correlation",
  similarity: "similarity.positive",
  otherSimilarity: "similarity.other",
  guarded: "guardedShare",
};

/** Metric names of the outputs that hold one number per window. */
const windowOutputs: Record<string, string> = {
  lossOrder: "loss.order",
  orderAccuracy: "accuracy.order",
};

/** A step's metrics. A batch without admitted pairs has no pair metrics: nothing was measured. */
export function stepMetrics(result: StepResult, facts: BatchFacts): Metrics {
  const metrics: Metrics = {
    "loss.total": result.objective,
    gradientNorm: result.gradientNorm,
    admittedShare: facts.admittedShare,
    voicedShare: facts.voicedShare,
  };
  const bagSize = weightedMean(bagSizes(facts), facts.pairWeights);
  if (facts.positiveMask && bagSize !== null) metrics.bagSize = bagSize;
  for (const [name, { data }] of result.outputs) {
    if (name in pairOutputs) {
      const mean = weightedMean(data, facts.pairWeights);
      if (mean !== null) metrics[pairOutputs[name]] = mean;
    } else if (name in windowOutputs) {
      metrics[windowOutputs[name]] = weightedMean(data, new Float32Array(data.length).fill(1)) ?? NaN;
    } else if (data.length === 1) metrics[name] = data[0];
  }
  return metrics;
}

/** Positives of each pair, its own speech among them. */
function bagSizes({ positiveMask, pairWeights }: BatchFacts): Float32Array {
  const sizes = new Float32Array(pairWeights.length).fill(1);
  positiveMask?.forEach((value, place) => sizes[Math.floor(place / sizes.length)] += value);
  return sizes;
}

function weightedMean(values: Float32Array, weights: Float32Array): number | null {
  let sum = 0;
  let total = 0;
  values.forEach((value, i) => {
    if (weights[i] > 0) sum += weights[i] * value;
    total += weights[i];
  });
  return total > 0 ? sum / total : null;
}

/**
 * What each loss and accuracy of {@linkcode stepMetrics} is when nothing was learned, for the losses that are on. A batch
 * without admitted pairs gives no level of the contrastive loss.
 */
export function chanceOf(
  config: RunConfig,
  facts: PairMasks & Pick<BatchFacts, "pairWeights">,
): Metrics {
  const { correlationWeight, contrastiveWeight, contrastiveForm, hardNegatives, orderWeight } = config.losses;
  const chance: Metrics = {};
  if (correlationWeight > 0) {
    chance["loss.correlation"] = Math.log(2);
    chance["accuracy.correlation"] = 1 / 2;
  }
  // The literal form's value at chance is its floor's logarithm, which says nothing about learning.
  if (contrastiveWeight > 0 && contrastiveForm === "stable") {
    const level = infoNceChance({
      batch: facts.pairWeights.length,
      weights: facts.pairWeights,
      negativeMask: facts.negativeMask,
      positiveMask: facts.positiveMask ?? undefined,
      hardNegativeMask: hardNegatives ? facts.hardNegativeMask : undefined,
      symmetric: config.losses.symmetric,
    });
    if (!Number.isNaN(level)) chance["loss.contrastive"] = level;
  }
  if (orderWeight > 0) {
    chance["loss.order"] = Math.log(12);
    chance["accuracy.order"] = 1 / 12;
  }
  return chance;
}

/** Measures steps a second and the share of the time spent waiting for data. */
export class StepMeter {
  readonly #now: () => number;
  #last: number;
  #waited = 0;

  /**
   * Starts measuring.
   *
   * @param now A clock in seconds.
   */
  constructor(now: () => number) {
    this.#now = now;
    this.#last = now();
  }

  /** Reports seconds spent waiting for a batch. */
  waited(seconds: number): void {
    this.#waited += seconds;
  }

  /** Reports the end of that many steps. */
  stepped(steps: number): { stepsPerSecond: number; dataStallShare: number } {
    const now = this.#now();
    const seconds = Math.max(1e-9, now - this.#last);
    const metrics = { stepsPerSecond: steps / seconds, dataStallShare: Math.min(1, this.#waited / seconds) };
    this.#last = now;
    this.#waited = 0;
    return metrics;
  }

  /** Leaves out what happened since the last step, such as an evaluation or a checkpoint. */
  restart(): void {
    this.#last = this.#now();
    this.#waited = 0;
  }
}
