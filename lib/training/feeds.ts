/**
 * A batch becomes the inputs of the training graph.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { type Batch, planNegativeMask } from "../data/batches.ts";
import { frameOrderClass, frameOrderClasses } from "../losses/frame_order.ts";
import { type Pace, voicedFractionOf } from "../pacing/pace.ts";
import type { Tensor } from "../tensor/executor.ts";
import type { BatchFacts } from "./step_metrics.ts";

/** The inputs of a step, and how much its windows count. */
export interface StepFeeds extends BatchFacts {
  /** Tensors by the name of the graph's input. */
  feeds: Map<string, Tensor>;
}

/**
 * Puts a batch, its pace weights and its mask under the names of the training graph's inputs.
 *
 * A pair without a hard negative (its scan has no other window near) counts 0 where hard negatives are needed.
 */
export function makeFeeds(batch: Batch, pace: Pace, config: RunConfig): StepFeeds {
  const { samples } = batch.plan;
  const groups = config.data.samplingGroups;
  const pairCount = samples.length * groups;
  const windowWeights = pace.weights(samples.map((sample) => sample.window));
  const pairWeights = Float32Array.from({ length: pairCount }, (_, i) => {
    const usable = batch.hardNegativeSpeech === null || batch.hasHardNegative[i];
    return usable ? windowWeights[Math.floor(i / groups)] : 0;
  });
  const [height, width] = config.model.frameSize;
  const [bands, columns] = config.model.speechSize;
  const negativeMask = planNegativeMask(batch.plan, pairWeights, config.data.neighbourSeconds);
  const feeds = new Map<string, Tensor>([
    ["frames", {
      shape: [batch.frames.length / (height * width), height, width, 1],
      data: batch.frames,
    }],
    ["negativeMask", { shape: [pairCount, pairCount], data: negativeMask }],
    ["pairWeights", { shape: [pairCount], data: pairWeights }],
    ["orderWeights", { shape: [samples.length], data: new Float32Array(samples.length).fill(1) }],
    ["orderOneHot", { shape: [samples.length, frameOrderClasses.length], data: orderOneHot(batch) }],
  ]);
  for (
    const [name, data] of [
      ["speech", batch.speech],
      ["hardNegativeSpeech", batch.hardNegativeSpeech],
    ] as const
  ) {
    if (data) feeds.set(name, { shape: [pairCount, bands, columns, 1], data });
  }
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    feeds,
    admittedShare: mean(Array.from(windowWeights, (weight) => weight > 0 ? 1 : 0)),
    voicedShare: mean(samples.map(({ window }) => voicedFractionOf(window, config.pacing.detector))),
    negativeMask,
    pairWeights,
  };
}

function orderOneHot({ plan }: Batch): Float32Array {
  const out = new Float32Array(plan.samples.length * frameOrderClasses.length);
  plan.samples.forEach(({ permutation }, b) => {
    if (permutation.length > 0) out[b * frameOrderClasses.length + frameOrderClass(permutation)] = 1;
  });
  return out;
}
