/** What tests of the transfer tasks share. @module */

import assert from "node:assert/strict";
import { resolveRunConfig } from "../../lib/config.ts";
import { type FineTuneEvent, shortenedRecipe } from "../../lib/evaluation/fine_tune.ts";
import { createExecutor } from "../../lib/tensor/device.ts";
import type { Executor, Tensor } from "../../lib/tensor/executor.ts";
import { initializeParameters } from "../../lib/tensor/parameters.ts";
import { buildDualEncoder } from "../../lib/models/dual_encoder.ts";
import { framesInput } from "../../lib/models/video_encoder.ts";

/** A plain encoder for pictures of 16 × 16. */
export const smallModel = resolveRunConfig({
  file: { model: { frameSize: [16, 16], speechSize: [16, 16], widthMultiplier: 0.5 } },
}).model;

/** The paper's recipe in ten epochs. */
export const shortSettings = { ...shortenedRecipe(10), learningRate: 0.03 };

/** Work on an executor of its own. */
export async function inWasm<T>(work: (executor: Executor) => Promise<T>): Promise<T> {
  const executor = await createExecutor("wasm");
  try {
    return await work(executor);
  } finally {
    assert.equal(executor.tensorCount(), 0, "tensors left on the device");
    await executor.dispose();
  }
}

/** The result that a transfer task ends with. */
export async function finish<R>(events: AsyncIterable<FineTuneEvent<R>>): Promise<R> {
  const last = (await Array.fromAsync(events)).at(-1)!;
  assert.ok(last.kind === "finished", `ended with ${last.kind}`);
  return last.result;
}

/** Parameters as a run would leave them: the encoder's drawn with another seed, and the optimizer's. */
export function runParameters(seed: number): Map<string, Tensor> {
  const features = buildDualEncoder(smallModel, "train").videoFeatures(framesInput(smallModel, 1));
  const moment = { shape: [1], data: new Float32Array(1) };
  return new Map([...initializeParameters([features], seed), ["optimizer.momentum.x", moment]]);
}
