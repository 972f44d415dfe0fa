/**
 * A batch becomes the inputs of the training graph.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import type { Batch } from "../data/batches.ts";
import { planMasks } from "../data/pair_masks.ts";
import type { BatchPlan } from "../data/pairs.ts";
import { frameOrderClass, frameOrderClasses } from "../losses/frame_order.ts";
import { trainingNeeds } from "../models/train_graph.ts";
import { type Pace, voicedFractionOf } from "../pacing/pace.ts";
import type { Feed } from "../tensor/executor.ts";
import type { BatchFacts } from "./step_metrics.ts";

/** The inputs of a step, and how much its windows count. */
export interface StepFeeds extends BatchFacts {
  /** By the name of the graph's input. */
  feeds: Map<string, Feed>;
}

/**
 * What is known of a batch before it is read.
 *
 * Of a pair whose scan has no other window near, the column of its hard negative is masked; only where nothing stands
 * in for it either (a batch of one scan) does a pair count 0.
 */
export function batchFacts(plan: BatchPlan, pace: Pace, config: RunConfig): BatchFacts {
  const { samples } = plan;
  const { negatives } = trainingNeeds(config);
  const windowWeights = pace.weights(samples.map((sample) => sample.window));
  const pairWeights = Float32Array.from(
    samples.flatMap(({ pairs }, b) =>
      pairs.map(({ negative }) => !negatives || negative !== null ? windowWeights[b] : 0)
    ),
  );
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    admittedShare: mean(Array.from(windowWeights, (weight) => weight > 0 ? 1 : 0)),
    voicedShare: mean(samples.map(({ window }) => voicedFractionOf(window, config.pacing.detector))),
    ...planMasks(plan, pairWeights, config.data),
    pairWeights,
  };
}

/** Puts a batch, its pace weights and its masks under the names of the training graph's inputs. */
export function makeFeeds(batch: Batch, pace: Pace, config: RunConfig): StepFeeds {
  const { samples } = batch.plan;
  const facts = batchFacts(batch.plan, pace, config);
  const { pairWeights, negativeMask, hardNegativeMask, positiveMask } = facts;
  const pairCount = pairWeights.length;
  const [height, width] = config.model.frameSize;
  const [bands, columns] = config.model.speechSize;
  const feeds = new Map<string, Feed>([
    ["frames", {
      shape: [batch.frames.length / (height * width), height, width, 1],
      data: batch.frames,
    }],
    ["negativeMask", { shape: [pairCount, pairCount], data: negativeMask }],
    ["hardNegativeMask", { shape: [pairCount], data: hardNegativeMask }],
    ["pairWeights", { shape: [pairCount], data: pairWeights }],
    ["orderWeights", { shape: [samples.length], data: new Float32Array(samples.length).fill(1) }],
    ["orderOneHot", { shape: [samples.length, frameOrderClasses.length], data: orderOneHot(batch) }],
  ]);
  for (
    const [name, data] of [
      ["speech", batch.speech],
      ["negativeSpeech", batch.negativeSpeech],
    ] as const
  ) {
    if (data) feeds.set(name, { shape: [pairCount, bands, columns, 1], data });
  }
  const { frameShifts, frameTones } = batch;
  if (frameShifts) feeds.set("frameShifts", { shape: [samples.length, 2], data: frameShifts });
  if (frameTones) feeds.set("frameTones", { shape: [samples.length, 256], data: frameTones });
  if (positiveMask) feeds.set("positiveMask", { shape: [pairCount, pairCount], data: positiveMask });
  return { feeds, ...facts };
}

function orderOneHot({ plan }: Batch): Float32Array {
  const out = new Float32Array(plan.samples.length * frameOrderClasses.length);
  plan.samples.forEach(({ permutation }, b) => {
    if (permutation.length > 0) out[b * frameOrderClasses.length + frameOrderClass(permutation)] = 1;
  });
  return out;
}
