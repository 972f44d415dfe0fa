/** Float64 values for graphs under test, and central differences of the reference evaluator. */

import assert from "node:assert/strict";
import { Random } from "../../../lib/random.ts";
import { type Shape, sizeOf } from "../../../lib/shape.ts";
import { gradients } from "../../../lib/tensor/autodiff.ts";
import { inputsOf, multiply, type Node, parametersOf, reduceSum } from "../../../lib/tensor/graph.ts";
import { evaluateReference } from "../../../lib/tensor/reference.ts";

export type Values = Map<string, { shape: Shape; data: Float64Array }>;

/** The values of some nodes; inputs and parameters are given by name. */
export function evaluate(outputs: readonly Node[], given: Record<string, ArrayLike<number>>): number[][] {
  const values = valuesFor(outputs, given);
  return evaluateReference(outputs, values, values).map(({ data }) => [...data]);
}

export function evaluateOne(output: Node, given: Record<string, ArrayLike<number>>): number[] {
  return evaluate([output], given)[0];
}

function valuesFor(outputs: readonly Node[], given: Record<string, ArrayLike<number>>): Values {
  const nodes = [...inputsOf(outputs), ...parametersOf(outputs)];
  return new Map(nodes.map(([name, { shape }]) => [name, { shape, data: Float64Array.from(given[name]) }]));
}

export function normals(seed: string, count: number, scale = 1): number[] {
  const random = new Random(1, seed);
  return Array.from({ length: count }, () => random.normal(0, scale));
}

/** Rows of unit length, row-major. */
export function unitRows(seed: string, rows: number, width: number): number[] {
  const values = normals(seed, rows * width);
  return values.map((value, i) => {
    const start = i - i % width;
    return value / Math.hypot(...values.slice(start, start + width));
  });
}

export function dot(a: readonly number[], i: number, b: readonly number[], k: number, width: number): number {
  let sum = 0;
  for (let d = 0; d < width; d++) sum += a[i * width + d] * b[k * width + d];
  return sum;
}

export function assertClose(actual: readonly number[], expected: readonly number[], tolerance = 1e-12): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    const allowed = tolerance * Math.max(1, Math.abs(expected[i]));
    assert.ok(Math.abs(value - expected[i]) <= allowed, `at ${i}: ${value} is not ${expected[i]}`);
  });
}

/**
 * Compares the gradients of a weighted sum of `output` with central differences, in float64, at up to `samples`
 * elements of each of `wrt`. The weights differ from element to element, so that no error cancels out.
 */
export function checkGradients(
  output: Node,
  wrt: readonly Node[],
  given: Record<string, ArrayLike<number>>,
  { step = 1e-5, tolerance = 1e-6, samples = 12 } = {},
): void {
  const size = sizeOf(output.shape);
  const weights: Node = {
    operation: { kind: "input", name: "check.weights", type: "f32" },
    inputs: [],
    shape: output.shape,
  };
  const all = { ...given, "check.weights": normals("check", size).map((x) => 1 + 0.3 * x) };
  const objective = reduceSum(multiply(output, weights));
  const values = valuesFor([objective], all);
  const analytic = evaluateReference(gradients(objective, wrt), values, values);
  wrt.forEach((node, n) => {
    const { operation } = node;
    assert.ok(operation.kind === "input" || operation.kind === "parameter");
    const { data } = values.get(operation.name)!;
    const stride = Math.max(1, Math.floor(data.length / samples));
    for (let i = 0; i < data.length; i += stride) {
      const at = (shift: number) => {
        const before = data[i];
        data[i] = before + shift;
        const [{ data: [value] }] = evaluateReference([objective], values, values);
        data[i] = before;
        return value;
      };
      const numeric = (at(step) - at(-step)) / (2 * step);
      const error = Math.abs(analytic[n].data[i] - numeric);
      assert.ok(
        error <= tolerance * Math.max(1, Math.abs(numeric)),
        `${operation.name}[${i}]: gradient ${analytic[n].data[i]} is not ${numeric}`,
      );
    }
  });
}
