import assert from "node:assert/strict";
import {
  batchMoments,
  batchNorm,
  clampMin,
  concat,
  conv2d,
  input,
  l2Normalize,
  logSoftmax,
  logSumExp,
  matMul,
  maxPool,
  type Node,
  pad,
  parameter,
  reduceSum,
  slice,
  softmax,
  transpose,
} from "../../../lib/tensor/graph.ts";
import { evaluateReference } from "../../../lib/tensor/reference.ts";

/** The values of a graph of inputs filled with 1, 2, 3, … or the numbers given. */
function evaluate(shapes: number[][], build: (...inputs: Node[]) => Node, values: number[][] = []): number[] {
  const inputs = shapes.map((shape, i) => input(`${i}`, shape));
  const feeds = new Map(shapes.map((shape, i) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return [`${i}`, { shape, data: values[i] ?? Array.from({ length: size }, (_, k) => k + 1) }];
  }));
  return [...evaluateReference([build(...inputs)], feeds, new Map())[0].data];
}

const close = (actual: number[], expected: number[]) => {
  assert.equal(actual.length, expected.length);
  actual.forEach((x, i) => assert(Math.abs(x - expected[i]) < 1e-12, `[${i}]: ${x}, not ${expected[i]}`));
};

Deno.test("evaluateReference() multiplies matrices, transposed or not", () => {
  assert.deepEqual(evaluate([[2, 2], [2, 2]], (a, b) => matMul(a, b)), [7, 10, 15, 22]);
  assert.deepEqual(evaluate([[2, 2], [2, 2]], (a, b) => matMul(a, b, { transposeA: true })), [
    10,
    14,
    14,
    20,
  ]);
  assert.deepEqual(evaluate([[2, 2], [2, 2]], (a, b) => matMul(a, b, { transposeB: true })), [5, 11, 11, 25]);
});

Deno.test("evaluateReference() moves elements", () => {
  assert.deepEqual(evaluate([[2, 3]], (x) => transpose(x, [1, 0])), [1, 4, 2, 5, 3, 6]);
  assert.deepEqual(evaluate([[2, 3]], (x) => slice(x, [0, 1], [2, 2])), [2, 3, 5, 6]);
  assert.deepEqual(evaluate([[1, 2]], (x) => pad(x, [1, 0], [2, 3])), [0, 0, 0, 1, 2, 0]);
  assert.deepEqual(evaluate([[2, 1], [2, 2]], (a, b) => concat([a, b], 1)), [1, 1, 2, 2, 3, 4]);
  assert.deepEqual(evaluate([[2, 3]], (x) => reduceSum(x, [0])), [5, 7, 9]);
  assert.deepEqual(evaluate([[3]], (x) => clampMin(x, 2)), [2, 2, 3]);
});

Deno.test("evaluateReference() convolves by hand-computed sums", () => {
  const ones = [Array(9).fill(1)];
  // A 3×3 box over 1…9: each output is the sum of what the box covers.
  const box = evaluate([[1, 3, 3, 1], [3, 3, 1, 1]], (x, f) => conv2d(x, f), [
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
    ...ones,
  ]);
  assert.deepEqual(box, [12, 21, 16, 27, 45, 33, 24, 39, 28]);
  const corners = evaluate(
    [[1, 3, 3, 1], [2, 2, 1, 1]],
    (x, f) => conv2d(x, f, { dilation: 2, padding: 0 }),
    [
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [1, 10, 100, 1000],
    ],
  );
  assert.deepEqual(corners, [1 + 30 + 700 + 9000]);
  const strided = evaluate([[1, 4, 1, 1], [1, 1, 1, 1]], (x, f) => conv2d(x, f, { stride: 2 }));
  assert.deepEqual(strided, [1, 3]);
});

Deno.test("evaluateReference() keeps groups of channels apart", () => {
  const grouped = evaluate([[1, 1, 1, 4], [1, 1, 2, 2]], (x, f) => conv2d(x, f, { groups: 2 }), [
    [1, 2, 3, 4],
    [1, 1000, 10, 10000],
  ]);
  assert.deepEqual(grouped, [1 + 20, 3000 + 40000]);
});

Deno.test("evaluateReference() pools, padding never winning", () => {
  assert.deepEqual(evaluate([[1, 2, 2, 1]], (x) => maxPool(x, 2), [[-4, -1, -3, -2]]), [-1]);
  assert.deepEqual(evaluate([[1, 1, 2, 1]], (x) => maxPool(x, 3, { stride: 1, padding: 1 }), [[-4, -1]]), [
    -1,
    -1,
  ]);
});

Deno.test("evaluateReference() normalizes along the last axis without overflow", () => {
  close(evaluate([[2]], (x) => softmax(x), [[1000, 1000]]), [0.5, 0.5]);
  close(evaluate([[4]], (x) => logSoftmax(x), [[5, 5, 5, 5]]), Array(4).fill(-Math.log(4)));
  close(evaluate([[2]], (x) => logSumExp(x), [[-1000, -1000]]), [-1000 + Math.log(2)]);
  close(evaluate([[2]], (x) => l2Normalize(x, 0), [[3, -4]]), [0.6, -0.8]);
});

Deno.test("evaluateReference() normalizes batches to mean beta and variance gamma²", () => {
  const values = [[1, -2, 3, 5, 8, 4], [2], [7]];
  const y = evaluate(
    [[6, 1], [1], [1]],
    (x, g, b) => batchNorm(x, batchMoments(x), g, b, { epsilon: 0 }),
    values,
  );
  const mean = y.reduce((sum, v) => sum + v, 0) / 6;
  close([mean, y.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 6], [7, 4]);
});

Deno.test("evaluateReference() refuses missing and misshapen values by name", () => {
  const w = parameter({
    name: "w",
    initializer: { kind: "constant", value: 1 },
    trainable: true,
    isWeight: true,
  }, [2]);
  assert.throws(
    () => evaluateReference([w], new Map(), new Map()),
    /"w" must have shape \[2\], received nothing/,
  );
  const wrong = new Map([["x", { shape: [3], data: [1, 2, 3] }]]);
  assert.throws(() => evaluateReference([input("x", [2])], wrong, new Map()), /"x" must have shape \[2\]/);
});
