/** ONNX models run by ONNX Runtime, a reader that is not ours. @module */

import assert from "node:assert/strict";
import * as ort from "onnxruntime-web/wasm";
import { onnxModel } from "../../lib/export/onnx_model.ts";
import type { Tensor, Tensors } from "../../lib/tensor/executor.ts";
import { input, relu } from "../../lib/tensor/graph.ts";

// With more threads it starts workers, which the tests would have to wait for.
ort.env.wasm.numThreads = 1;
// What the first model starts stays: here, so that no test seems to leave it behind.
const first = onnxModel({
  name: "first",
  build: (rows) => ({ y: relu(input("x", [rows, 1])) }),
  parameters: new Map(),
});
await (await ort.InferenceSession.create(first)).release();

/** A loaded model. */
export interface OnnxSession {
  inputNames: readonly string[];
  outputNames: readonly string[];
  run(feeds: Tensors): Promise<Map<string, Tensor>>;
}

/** Loads a model, uses it and lets it go. */
export async function withOnnx<T>(bytes: Uint8Array, use: (session: OnnxSession) => Promise<T>): Promise<T> {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  try {
    return await use({
      inputNames: session.inputNames,
      outputNames: session.outputNames,
      run: async (feeds) => {
        const tensors = [...feeds].map(([name, { data, shape }]) =>
          [name, new ort.Tensor("float32", data, [...shape])] as const
        );
        const results = await session.run(Object.fromEntries(tensors));
        return new Map(
          Object.entries(results).map((
            [name, { data, dims }],
          ) => [name, { shape: [...dims], data: data as Float32Array }]),
        );
      },
    });
  } finally {
    await session.release();
  }
}

/** The largest difference of two tensors as a share of the largest value of the expected one. */
export function relativeError(actual: Tensor, expected: Tensor): number {
  assert.deepEqual(actual.shape, expected.shape);
  let [difference, largest] = [0, 0];
  expected.data.forEach((value, i) => {
    const found = Math.abs(actual.data[i] - value);
    difference = Number.isNaN(found) ? Infinity : Math.max(difference, found);
    largest = Math.max(largest, Math.abs(value));
  });
  return difference / largest;
}

/** A tensor of four axes with its channels second, as exported models have it; others as they are. */
export function channelsFirst(x: Tensor): Tensor {
  if (x.shape.length !== 4) return x;
  const [batch, height, width, channels] = x.shape;
  const data = new Float32Array(x.data.length);
  x.data.forEach((value, i) => {
    const [pixel, c] = [Math.floor(i / channels), i % channels];
    const [n, place] = [Math.floor(pixel / (height * width)), pixel % (height * width)];
    data[(n * channels + c) * height * width + place] = value;
  });
  return { shape: [batch, channels, height, width], data };
}
