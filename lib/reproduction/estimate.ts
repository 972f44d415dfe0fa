/**
 * How long a comparison will take, said before it begins.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { fineTuneDefaults, transferStep } from "../evaluation/fine_tune.ts";
import { buildPlaneTraining } from "../models/plane_classifier.ts";
import { Random } from "../random.ts";
import { sizeOf } from "../shape.ts";
import type { Executor } from "../tensor/executor.ts";
import { initializeParameters } from "../tensor/parameters.ts";

const classes = 14, batch = 16, steps = 6;

/**
 * Seconds in which a device takes one picture through the encoder and back: the unit of {@linkcode Cell} costs, as
 * the fastest of a few fine-tuning steps on noise.
 */
export async function secondsPerPicture(executor: Executor, model: RunConfig["model"]): Promise<number> {
  const graph = buildPlaneTraining({ model, classes, batch }, transferStep(fineTuneDefaults));
  const nodes = [graph.objective, ...graph.stateUpdates.map(({ value }) => value)];
  const program = await executor.compileTraining(graph, initializeParameters(nodes, 1));
  const random = new Random(1, "estimate");
  const shape = [batch, ...model.frameSize, 1];
  const oneHot = new Float32Array(batch * classes);
  for (let row = 0; row < batch; row++) oneHot[row * classes + random.integer(classes)] = 1;
  const feeds = new Map([
    ["frames", { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => random.normal()) }],
    ["classOneHot", { shape: [batch, classes], data: oneHot }],
    ["itemWeights", { shape: [batch], data: new Float32Array(batch).fill(1) }],
  ]);
  try {
    let best = Infinity;
    for (let step = 0; step < steps; step++) {
      const began = performance.now();
      await program.step(feeds, { learningRate: 1e-3, step });
      best = Math.min(best, performance.now() - began);
    }
    return best / 1000 / batch;
  } finally {
    program.dispose();
  }
}
