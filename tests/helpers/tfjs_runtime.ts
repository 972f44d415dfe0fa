/** Graph models run by TensorFlow.js, a reader that is not ours. @module */

import "@tensorflow/tfjs-backend-cpu";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tfjs from "@tensorflow/tfjs-core";
import type { TfModelJson } from "../../lib/export/tfjs_model.ts";
import type { Tensor, Tensors } from "../../lib/tensor/executor.ts";

/** Loads a model, runs it once on the processor and lets it go. */
export async function runTfjs(
  { modelTopology, weightsManifest, signature }: TfModelJson,
  weights: Uint8Array,
  feeds: Tensors,
): Promise<Map<string, Tensor>> {
  await tfjs.setBackend("cpu");
  const before = tfjs.memory().numTensors;
  const model = await loadGraphModel({
    load: () =>
      Promise.resolve({
        modelTopology,
        signature,
        weightSpecs: weightsManifest[0].weights,
        weightData: Uint8Array.from(weights).buffer,
      }),
  });
  const tensors = [...feeds].map(([name, { data, shape }]) => [name, tfjs.tensor(data, [...shape])] as const);
  const names = Object.keys(signature.outputs);
  const results = [model.execute(Object.fromEntries(tensors), names)].flat() as tfjs.Tensor[];
  const out = new Map<string, Tensor>();
  for (const [i, name] of names.entries()) {
    out.set(name, { shape: results[i].shape, data: (await results[i].data()) as Float32Array });
  }
  for (const tensor of [...results, ...tensors.map(([, tensor]) => tensor)]) tensor.dispose();
  model.dispose();
  if (tfjs.memory().numTensors > before) throw new Error("TensorFlow.js kept tensors");
  return out;
}
