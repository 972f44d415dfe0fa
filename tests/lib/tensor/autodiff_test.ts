import assert from "node:assert/strict";
import { gradients } from "../../../lib/tensor/autodiff.ts";
import {
  batchMoments,
  batchNorm,
  exp,
  input,
  multiply,
  reduceSum,
  relu,
  square,
  stopGradient,
  topologicalOrder,
} from "../../../lib/tensor/graph.ts";
import { evaluateReference } from "../../../lib/tensor/reference.ts";
import { buildCase, operationCases } from "./operation_cases.ts";

const none = new Map();

for (const operationCase of operationCases) {
  if (operationCase.name === "stopGradient") continue; // central differences see through it: tested below
  Deno.test(`gradients() agrees with central differences: ${operationCase.name}`, () => {
    const { objective, gradients: nodes, inputs, feeds } = buildCase(operationCase);
    const analytic = evaluateReference(nodes, feeds, none);
    const values = new Map(
      [...feeds].map(([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data) }]),
    );
    const step = 1e-5;
    inputs.forEach((_, k) => {
      const { data } = values.get(`x${k}`)!;
      for (let i = 0; i < data.length; i += Math.ceil(data.length / 25)) {
        const original = data[i];
        const at = (x: number) => {
          data[i] = x;
          const [{ data: [y] }] = evaluateReference([objective], values, none);
          data[i] = original;
          return y;
        };
        const numeric = (at(original + step) - at(original - step)) / (2 * step);
        const difference = Math.abs(numeric - analytic[k].data[i]);
        assert(
          difference < 1e-6 * (1 + Math.abs(numeric)),
          `x${k}[${i}]: ${analytic[k].data[i]}, not ${numeric}`,
        );
      }
    });
  });
}

Deno.test("gradients() is the constant 0 for nodes that the objective does not depend on", () => {
  const x = input("x", [2]), other = input("other", [3]);
  const [dOther] = gradients(reduceSum(x), [other]);
  assert.deepEqual(dOther.operation, { kind: "constant", value: 0 });
  assert.deepEqual(dOther.shape, [3]);
});

Deno.test("gradients() does not pass stopGradient()", () => {
  const x = input("x", [2]);
  const feeds = new Map([["x", { shape: [2], data: [3, 5] }]]);
  const [dx] = evaluateReference(gradients(reduceSum(multiply(x, stopGradient(x))), [x]), feeds, none);
  assert.deepEqual([...dx.data], [3, 5]);
  const [blocked] = gradients(reduceSum(exp(stopGradient(x))), [x]);
  assert.equal(blocked.operation.kind, "constant");
});

Deno.test("gradients() computes nothing for inputs that were not asked for", () => {
  const { inputs, objective } = buildCase(operationCases.find(({ name }) => name === "conv2d, 3×3")!);
  const kinds = topologicalOrder(gradients(objective, [inputs[1]])).map(({ operation }) => operation.kind);
  assert(kinds.includes("conv2dFilterGradient"));
  assert(!kinds.includes("conv2dInputGradient"));
});

Deno.test("gradients() refuses objectives that are no scalars, and second derivatives through gradients", () => {
  const x = input("x", [2]);
  assert.throws(() => gradients(square(x), [x]), /the objective must be a scalar, received \[2\]/);
  const [dx] = gradients(reduceSum(relu(x)), [x]);
  assert.throws(() => gradients(reduceSum(dx), [x]), /reluGradient is a gradient itself/);
});

Deno.test("gradients() refuses batchNorm by the moments of something else that needs a gradient", () => {
  const x = input("x", [2, 3]), y = input("y", [2, 3]), gamma = input("gamma", [3]);
  const objective = reduceSum(batchNorm(x, batchMoments(y), gamma, gamma));
  assert.throws(() => gradients(objective, [y]), /moments must be those of its own input/);
});
