/**
 * One small graph or more for every operation, on odd sizes, for the gradient checks and the parity tests.
 *
 * @module
 */

import { gradients } from "../../../lib/tensor/autodiff.ts";
import {
  affine,
  batchMoments,
  batchNorm,
  binary,
  broadcastTo,
  clampMin,
  concat,
  constant,
  conv2d,
  input,
  l2Normalize,
  lastAxis,
  matMul,
  maxPool,
  multiply,
  type Node,
  pad,
  reduceMean,
  reduceSum,
  reshape,
  slice,
  stopGradient,
  transpose,
  unary,
} from "../../../lib/tensor/graph.ts";
import { Random } from "../../../lib/random.ts";
import { type Shape, sizeOf } from "../../../lib/shape.ts";

/** A graph of inputs `x0`, `x1`, … */
export interface OperationCase {
  name: string;
  shapes: readonly Shape[];
  /** Range of the inputs' values; ±2 without. */
  range?: readonly [number, number];
  build: (...inputs: Node[]) => Node;
}

const unaryCases = ["relu", "sigmoid", "exp", "log", "sqrt", "square", "reciprocal"] as const;
const binaryCases = ["add", "subtract", "multiply", "divide"] as const;
const lastAxisCases = ["softmax", "logSoftmax", "logSumExp"] as const;

/** Shapes of images and filters with the geometry that goes with them. */
const convolutions: { name: string; x: Shape; filter: Shape; options: Parameters<typeof conv2d>[2] }[] = [
  { name: "3×3", x: [2, 5, 7, 4], filter: [3, 3, 4, 8], options: {} },
  { name: "3×3, one channel in, three out", x: [2, 6, 5, 1], filter: [3, 3, 1, 3], options: {} },
  { name: "stride 2, odd channels", x: [2, 7, 6, 3], filter: [3, 3, 3, 5], options: { stride: 2 } },
  { name: "stride 2, channels in fours", x: [3, 8, 9, 8], filter: [3, 3, 8, 12], options: { stride: 2 } },
  { name: "dilation 2", x: [1, 9, 8, 4], filter: [3, 3, 4, 4], options: { dilation: 2 } },
  {
    name: "stride 2 with dilation 2",
    x: [1, 9, 8, 4],
    filter: [3, 3, 4, 4],
    options: { stride: 2, dilation: 2 },
  },
  { name: "groups", x: [2, 5, 5, 8], filter: [3, 3, 2, 12], options: { groups: 4 } },
  { name: "groups of 4, stride 2", x: [2, 6, 5, 8], filter: [3, 3, 4, 8], options: { groups: 2, stride: 2 } },
  { name: "groups, dilation 2", x: [1, 7, 6, 6], filter: [3, 3, 3, 4], options: { groups: 2, dilation: 2 } },
  { name: "1×1", x: [2, 4, 3, 8], filter: [1, 1, 8, 4], options: {} },
  { name: "1×1, stride 2", x: [2, 5, 4, 4], filter: [1, 1, 4, 8], options: { stride: 2 } },
  { name: "7×7, stride 2, one channel", x: [1, 11, 9, 1], filter: [7, 7, 1, 4], options: { stride: 2 } },
  { name: "2×3, unequal strides", x: [1, 6, 7, 4], filter: [2, 3, 4, 4], options: { stride: [1, 2] } },
  {
    name: "padding on one side",
    x: [1, 5, 6, 4],
    filter: [3, 3, 4, 4],
    options: { padding: { top: 0, bottom: 2, left: 1, right: 0 } },
  },
  { name: "no padding", x: [1, 5, 6, 4], filter: [3, 3, 4, 4], options: { padding: 0 } },
];

const scaled = (x: Node) => affine(x, 0.3, 1); // keeps scales of normalizations away from 0

/** Every operation that has a gradient. */
export const operationCases: readonly OperationCase[] = [
  ...unaryCases.map((f): OperationCase => ({
    name: f,
    shapes: [[3, 5]],
    range: f === "log" || f === "sqrt" || f === "reciprocal" ? [0.3, 2] : undefined,
    build: (x) => unary(f, x),
  })),
  ...binaryCases.flatMap((f): OperationCase[] =>
    [[[3, 4], [3, 4]], [[3, 4], [4]], [[3, 1], [1, 5]], [[2, 3, 4], []], [[], [3]], [[2, 3, 2, 4], [
      2,
      1,
      1,
      4,
    ]]]
      .map((shapes) => ({
        name: `${f} of [${shapes[0]}] and [${shapes[1]}]`,
        shapes,
        range: f === "divide" ? [0.5, 2] : undefined,
        build: (a, b) => binary(f, a, b),
      }))
  ),
  { name: "clampMin", shapes: [[3, 5]], build: (x) => clampMin(x, 0.2) },
  { name: "affine", shapes: [[3, 5]], build: (x) => affine(x, -1.5, 0.25) },
  ...[[false, false], [false, true], [true, false], [true, true]].map((
    [transposeA, transposeB],
  ): OperationCase => ({
    name: `matMul, transposed ${transposeA} and ${transposeB}`,
    shapes: [transposeA ? [3, 5] : [5, 3], transposeB ? [7, 3] : [3, 7]],
    build: (a, b) => matMul(a, b, { transposeA, transposeB }),
  })),
  { name: "matMul of larger matrices", shapes: [[33, 20], [20, 17]], build: (a, b) => matMul(a, b) },
  { name: "reduceSum of all", shapes: [[3, 4, 5]], build: (x) => reduceSum(x) },
  { name: "reduceSum of the last axis", shapes: [[3, 4, 5]], build: (x) => reduceSum(x, [2]) },
  { name: "reduceSum of the first and last", shapes: [[3, 4, 5]], build: (x) => reduceSum(x, [0, 2], true) },
  { name: "reduceMean of pixels", shapes: [[2, 3, 5, 4]], build: (x) => reduceMean(x, [1, 2]) },
  { name: "broadcastTo", shapes: [[3, 1]], build: (x) => broadcastTo(x, [2, 3, 4]) },
  { name: "broadcastTo of a scalar", shapes: [[]], build: (x) => broadcastTo(x, [3, 2]) },
  { name: "reshape", shapes: [[3, 4]], build: (x) => reshape(x, [2, 6]) },
  { name: "transpose", shapes: [[2, 3, 4]], build: (x) => transpose(x, [2, 0, 1]) },
  { name: "transpose of a matrix", shapes: [[5, 3]], build: (x) => transpose(x, [1, 0]) },
  { name: "concat", shapes: [[2, 3, 2], [2, 1, 2], [2, 4, 2]], build: (...parts) => concat(parts, 1) },
  { name: "slice", shapes: [[4, 5, 3]], build: (x) => slice(x, [1, 0, 1], [2, 5, 2]) },
  { name: "pad", shapes: [[2, 3]], build: (x) => pad(x, [1, 2], [4, 6]) },
  ...lastAxisCases.map((f): OperationCase => ({
    name: f,
    shapes: [[3, 4, 5]],
    build: (x) => lastAxis(f, affine(x, 3)),
  })),
  { name: "l2Normalize", shapes: [[4, 6]], build: (x) => l2Normalize(x, 1e-3) },
  ...convolutions.map(({ name, x, filter, options }): OperationCase => ({
    name: `conv2d, ${name}`,
    shapes: [x, filter],
    build: (images, weights) => conv2d(images, weights, options),
  })),
  { name: "maxPool", shapes: [[2, 4, 6, 3]], build: (x) => maxPool(x, 2) },
  {
    name: "maxPool, overlapping and padded",
    shapes: [[2, 7, 6, 5]],
    build: (x) => maxPool(x, 3, { stride: 2, padding: 1 }),
  },
  {
    name: "maxPool of channels in fours, padded on one side",
    shapes: [[2, 5, 6, 8]],
    build: (x) => maxPool(x, [3, 2], { stride: [2, 1], padding: { top: 1, bottom: 0, left: 0, right: 1 } }),
  },
  { name: "batchMoments", shapes: [[2, 3, 3, 5]], build: (x) => batchMoments(x) },
  { name: "batchMoments, channels in fours", shapes: [[2, 3, 3, 8]], build: (x) => batchMoments(x) },
  ...[false, true].flatMap((relu): OperationCase[] => [
    {
      name: `batchNorm of its batch${relu ? " with ReLU" : ""}`,
      shapes: [[3, 3, 4, 5], [5], [5]],
      build: (x, gamma, beta) => batchNorm(x, batchMoments(x), scaled(gamma), beta, { relu }),
    },
    {
      name: `batchNorm of its batch${relu ? " with ReLU" : ""}, channels in fours`,
      shapes: [[2, 3, 2, 12], [12], [12]],
      build: (x, gamma, beta) => batchNorm(x, batchMoments(x), scaled(gamma), beta, { relu }),
    },
    {
      name: `batchNorm by fixed moments${relu ? " with ReLU" : ""}`,
      shapes: [[3, 3, 4, 8], [8], [8]],
      build: (x, gamma, beta) => batchNorm(x, fixedMoments(8), gamma, beta, { relu }),
    },
  ]),
  { name: "stopGradient", shapes: [[3, 2]], build: (x) => multiply(x, stopGradient(x)) },
  {
    name: "a node used three times",
    shapes: [[3, 2]],
    build: (x) => multiply(multiply(x, x), unary("exp", x)),
  },
];

function fixedMoments(channels: number): Node {
  return concat([constant(0.25, [1, channels]), constant(1.5, [1, channels])], 0);
}

/** A case's graph with a scalar objective `Σ y · w` and its gradients. */
export interface BuiltCase {
  inputs: Node[];
  output: Node;
  objective: Node;
  gradients: Node[];
  feeds: Map<string, { shape: Shape; data: Float32Array }>;
}

/** Builds a case and draws its inputs, all of them float32 numbers that are not 0. */
export function buildCase({ name, shapes, range = [-2, 2], build }: OperationCase): BuiltCase {
  const inputs = shapes.map((shape, i) => input(`x${i}`, shape));
  const output = build(...inputs);
  const weights = input("w", output.shape);
  const objective = reduceSum(multiply(output, weights));
  const random = new Random(11, name);
  const draw = (shape: Shape, [low, high]: readonly [number, number]) => ({
    shape,
    data: Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(low, high) || 1),
  });
  const feeds = new Map(inputs.map((node, i) => [`x${i}`, draw(node.shape, range)]));
  feeds.set("w", draw(output.shape, [-1, 1]));
  return { inputs, output, objective, gradients: gradients(objective, inputs), feeds };
}
