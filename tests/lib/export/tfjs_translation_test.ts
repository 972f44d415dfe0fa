/** Every operation of graph models, run by TensorFlow.js, against the float64 reference. */

import assert from "node:assert/strict";
import type { NetworkOfBatch } from "../../../lib/export/network_of_batch.ts";
import { tfjsModel } from "../../../lib/export/tfjs_model.ts";
import { Random } from "../../../lib/random.ts";
import { type Shape, sizeOf } from "../../../lib/shape.ts";
import type { Tensor } from "../../../lib/tensor/executor.ts";
import * as graph from "../../../lib/tensor/graph.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";
import { evaluateReference } from "../../../lib/tensor/reference.ts";
import { relativeError } from "../../helpers/onnx_runtime.ts";
import { runTfjs } from "../../helpers/tfjs_runtime.ts";
import { buildOperation, cases, networkCases, weights } from "./network_cases.ts";

const tolerance = 1e-5;

function draw(name: string, shape: Shape, [low, high]: readonly [number, number] = [-2, 2]): Tensor {
  const random = new Random(5, name);
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(low, high)) };
}

/** Runs a network for some rows in TensorFlow.js and in the reference. */
async function compare(
  build: NetworkOfBatch,
  rows: readonly number[],
  range?: readonly [number, number],
): Promise<void> {
  const parameters = new Map(
    [...initializeParameters(Object.values(build(2)), 1)].map((
      [name, { shape }],
    ) => [name, draw(name, shape, [0.5, 2])]),
  );
  const model = tfjsModel({ build, parameters, weightsFile: "network.bin" });
  const json = JSON.parse(JSON.stringify(model.json));
  for (const batch of rows) {
    const outputs = build(batch);
    const inputs = graph.inputsOf(Object.values(outputs));
    const feeds = new Map([...inputs].map(([name, { shape }]) => [name, draw(name, shape, range)]));
    const results = await runTfjs(json, model.weights, feeds);
    const values = new Map([...feeds, ...parameters]);
    const expected = evaluateReference(Object.values(outputs), values, values);
    Object.keys(outputs).forEach((name, i) => {
      const { shape, data } = expected[i];
      const error = relativeError(results.get(name)!, { shape, data: Float32Array.from(data) });
      assert.ok(error <= tolerance, `${name} of ${batch} rows: ${error}`);
    });
  }
}

/** TensorFlow.js has no convolution that leaves out both outputs and taps. */
const both = "conv2d, stride 2 with dilation 2";

for (const one of cases.filter(({ name }) => name !== both)) {
  Deno.test(`tfjsModel() computes ${one.name} as the reference does`, () =>
    compare(() => ({ y: buildOperation(one) }), [1], one.range));
}

for (const [name, build] of networkCases) {
  Deno.test(`tfjsModel() computes ${name} for one row and for four`, () => compare(build, [1, 4]));
}

Deno.test("tfjsModel() computes padded pooling of negative pictures", () =>
  compare(
    (batch) => ({ y: graph.maxPool(graph.input("x", [batch, 5, 5, 2]), 3, { stride: 2, padding: 1 }) }),
    [1, 3],
    [-9, -5],
  ));

Deno.test("tfjsModel() writes the same bytes again, and what batches cannot be open in is refused", () => {
  const build = (batch: number) => ({ y: graph.relu(graph.input("x", [batch, 3])) });
  const model = () => tfjsModel({ build, parameters: new Map(), weightsFile: "w.bin" });
  assert.deepEqual(JSON.stringify(model().json), JSON.stringify(model().json));
  const refusal = (build: NetworkOfBatch, message: RegExp) =>
    assert.throws(() => tfjsModel({ build, parameters: new Map(), weightsFile: "w.bin" }), {
      code: "input",
      message,
    });
  refusal((b) => ({ y: graph.constant(1, [b, 2]) }), /constants must not depend on the number of rows/);
  refusal(
    (b) => ({ y: graph.slice(graph.input("x", [b, 3]), [0, 0], [1, 3]) }),
    /rows must not be cut out/,
  );
  refusal(
    (b) => ({ y: graph.broadcastTo(graph.input("x", [1, 3]), [b, 3]) }),
    /nothing may be repeated for every row/,
  );
  const strided = buildOperation(cases.find(({ name }) => name === both)!);
  assert.throws(() =>
    tfjsModel({
      build: () => ({ y: strided }),
      parameters: initializeParameters([strided], 1),
      weightsFile: "w.bin",
    }), /steps between its outputs or between its taps, not both/);
  refusal(() => ({ y: graph.relu(weights("w", [2])) }), /parameter w must have shape \[2\], received "none"/);
});
