import assert from "node:assert/strict";
import { createNetworkContext, type NetworkMode } from "../../../lib/models/network_context.ts";
import {
  convolutionBlock,
  dense,
  globalAveragePool,
  normalize,
  squeezeExcitation,
} from "../../../lib/models/layers.ts";
import { input, type Node, parametersOf } from "../../../lib/tensor/graph.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";
import { assertClose, checkGradients, evaluateOne, normals } from "../losses/float64.ts";

const network = (mode: NetworkMode = "train") => createNetworkContext({ mode, batchNormMomentum: 0.9 });

function firstValues(outputs: readonly Node[]): Record<string, Float32Array> {
  return Object.fromEntries([...initializeParameters(outputs, 3)].map(([name, { data }]) => [name, data]));
}

Deno.test("NetworkContext gives one node for a name and refuses another shape", () => {
  const context = network();
  const x = input("x", [2, 5]);
  const [a, b] = [dense(context.scope("head"), x, 3), dense(context.scope("head"), x, 3)];
  assert.deepEqual([...parametersOf([a, b]).keys()], ["head.weight", "head.bias"]);
  assert.throws(() => dense(context.scope("head"), x, 4), /head\.weight: its shape must stay \[5,3\]/);
});

Deno.test("dense() is x · weight + bias", () => {
  const y = dense(network(), input("x", [2, 2]), 2);
  assertClose(evaluateOne(y, { x: [1, 2, 3, 4], weight: [1, 0, 10, 1], bias: [0.5, -1] }), [
    21.5,
    1,
    43.5,
    3,
  ]);
});

Deno.test("normalize() trains with the batch's moments and moves the running ones toward them", () => {
  const context = network();
  const x = input("x", [2, 2, 1, 2]);
  const y = normalize(context.scope("norm"), x, false);
  const given = {
    x: [1, 0, 3, 0, 1, 4, 3, 4],
    "norm.gamma": [1, 2],
    "norm.beta": [0, 1],
    "norm.moments": [0, 10, 1, 1],
  };
  const a = 1 / Math.sqrt(1 + 1e-5);
  const b = 4 / Math.sqrt(4 + 1e-5);
  assertClose(evaluateOne(y, given), [-a, 1 - b, a, 1 - b, -a, 1 + b, a, 1 + b]);
  const [update] = context.stateUpdates();
  assert.equal(update.parameter, parametersOf([update.value]).get("norm.moments"));
  // 0.9 · running + 0.1 · (means 2 and 2, variances 1 and 4).
  assertClose(evaluateOne(update.value, given), [0.2, 9.2, 1, 1.3]);
});

Deno.test("normalize() applied to parts of a batch moves the running moments once, by the parts' rows", () => {
  const context = network();
  normalize(context.scope("norm"), input("x", [2, 1]), false);
  normalize(context.scope("norm"), input("z", [6, 1]), false);
  const updates = context.stateUpdates();
  assert.equal(updates.length, 1);
  const given = { x: [1, 1], z: [0, 4, 0, 4, 0, 4], "norm.moments": [10, 1] };
  // Means 1 and 2, variances 0 and 4, a quarter and three quarters of the rows.
  assertClose(evaluateOne(updates[0].value, given), [0.9 * 10 + 0.1 * 1.75, 0.9 + 0.1 * 3]);
});

Deno.test("normalize() uses the running moments for inference and leaves them alone", () => {
  const context = network("inference");
  const y = normalize(context, input("x", [3, 1]), true);
  const given = { x: [2, 4, 8], gamma: [3], beta: [1], moments: [4, 9] };
  const scale = 3 / Math.sqrt(9 + 1e-5);
  assertClose(evaluateOne(y, given), [0, 1, 1 + 4 * scale]);
  assert.deepEqual(context.stateUpdates(), []);
});

Deno.test("normalize() starts from mean 0 and variance 1, outside the optimizer", () => {
  const context = network("inference");
  const y = normalize(context, input("x", [1, 3]), false);
  assert.deepEqual([...initializeParameters([y], 1).get("moments")!.data], [0, 0, 0, 1, 1, 1]);
  assert.equal(parametersOf([y]).get("moments")!.operation.trainable, false);
});

Deno.test("convolutionBlock() keeps the size at stride 1 whatever the dilation and halves it at stride 2", () => {
  const x = input("x", [2, 14, 18, 8]);
  const shapeOf = (options: { stride?: number; dilation?: number; groups?: number; kernel: number }) =>
    convolutionBlock(network(), x, "1", { width: 16, ...options }).shape;
  assert.deepEqual(shapeOf({ kernel: 3, dilation: 4 }), [2, 14, 18, 16]);
  assert.deepEqual(shapeOf({ kernel: 3, stride: 2, groups: 4 }), [2, 7, 9, 16]);
  assert.deepEqual(shapeOf({ kernel: 7, stride: 2 }), [2, 7, 9, 16]);
});

Deno.test("squeezeExcitation() halves every channel when its weights are 0", () => {
  const y = squeezeExcitation(network(), input("x", [1, 2, 2, 2]), 1);
  const zeros = (count: number) => new Array(count).fill(0);
  const given = {
    x: [1, 2, 3, 4, 5, 6, 7, 8],
    "squeeze.weight": zeros(2),
    "squeeze.bias": zeros(1),
    "excite.weight": zeros(2),
    "excite.bias": zeros(2),
  };
  assertClose(evaluateOne(y, given), given.x.map((value) => value / 2));
});

Deno.test("squeezeExcitation() after convolutionBlock() has the gradients of central differences", () => {
  const context = network();
  const x = input("x", [2, 4, 4, 4]);
  const y = squeezeExcitation(
    context,
    convolutionBlock(context, x, "1", { width: 8, kernel: 3, dilation: 2, groups: 2 }),
    3,
  );
  const pooled = globalAveragePool(y);
  const wrt = [x, ...parametersOf([pooled]).values()];
  const given = { x: normals("x", 128), ...firstValues([pooled]) };
  checkGradients(pooled, wrt, given, { step: 1e-6, tolerance: 1e-6 });
});
