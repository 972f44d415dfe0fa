/** Every operation of ONNX graphs, run by ONNX Runtime, against the float64 reference. */

import assert from "node:assert/strict";
import { onnxModel } from "../../../lib/export/onnx_model.ts";
import type { NetworkOfBatch } from "../../../lib/export/network_of_batch.ts";
import { Random } from "../../../lib/random.ts";
import { type Shape, sizeOf } from "../../../lib/shape.ts";
import type { Tensor } from "../../../lib/tensor/executor.ts";
import * as graph from "../../../lib/tensor/graph.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";
import { evaluateReference } from "../../../lib/tensor/reference.ts";
import { channelsFirst, relativeError, withOnnx } from "../../helpers/onnx_runtime.ts";
import { buildOperation, cases, networkCases } from "./network_cases.ts";

const tolerance = 1e-5;

function draw(name: string, shape: Shape, [low, high]: readonly [number, number] = [-2, 2]): Tensor {
  const random = new Random(5, name);
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(low, high)) };
}

/** Runs a network for some rows in ONNX Runtime and in the reference. */
async function compare(
  build: NetworkOfBatch,
  rows: readonly number[],
  range?: readonly [number, number],
): Promise<void> {
  const nodes = Object.values(build(2));
  const parameters = new Map(
    [...initializeParameters(nodes, 1)].map(([name, { shape }]) => [name, draw(name, shape, [0.5, 2])]),
  );
  await withOnnx(onnxModel({ name: "network", build, parameters }), async (session) => {
    for (const batch of rows) {
      const outputs = build(batch);
      const inputs = graph.inputsOf(Object.values(outputs));
      const feeds = new Map([...inputs].map(([name, { shape }]) => [name, draw(name, shape, range)]));
      const results = await session.run(new Map([...feeds].map(([name, x]) => [name, channelsFirst(x)])));
      const values = new Map([...feeds, ...parameters]);
      const expected = evaluateReference(Object.values(outputs), values, values);
      Object.keys(outputs).forEach((name, i) => {
        const { shape, data } = expected[i];
        const error = relativeError(
          results.get(name)!,
          channelsFirst({ shape, data: Float32Array.from(data) }),
        );
        assert.ok(error <= tolerance, `${name} of ${batch} rows: ${error}`);
      });
    }
  });
}

for (const one of cases) {
  Deno.test(`onnxModel() computes ${one.name} as the reference does`, () =>
    compare(() => ({ y: buildOperation(one) }), [1], one.range));
}

for (const [name, build] of networkCases) {
  Deno.test(`onnxModel() computes ${name} for one row and for four`, () => compare(build, [1, 4]));
}
