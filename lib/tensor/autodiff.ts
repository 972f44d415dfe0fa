/**
 * Reverse-mode automatic differentiation on the graph: gradients are ordinary nodes.
 *
 * Each operation that can stand in a network has one rule, from the gradient of its output to those of its inputs.
 * Nodes that no asked-for node feeds are left out, so that nothing is computed for images or labels. Operations
 * that are gradients themselves have no rule: second derivatives are refused.
 *
 * @see Griewank and Walther, Evaluating Derivatives, 2nd edition, SIAM 2008, chapter 3.
 * @module
 */

import {
  add,
  affine,
  batchNormInputGradient,
  batchNormParameterGradient,
  broadcastTo,
  clampMinGradient,
  constant,
  conv2dFilterGradient,
  conv2dInputGradient,
  divide,
  exp,
  l2NormalizeGradient,
  matMul,
  maxPoolGradient,
  multiply,
  type Node,
  type Operation,
  pad,
  reciprocal,
  reduceSum,
  reluGradient,
  reshape,
  slice,
  softmax,
  sqrt,
  square,
  subtract,
  topologicalOrder,
  transpose,
} from "./graph.ts";
import { sameShape, type Shape, sizeOf } from "../shape.ts";

type OperationOf<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;
type InputGradients = (Node | undefined)[];

/** Where a backward pass begins and ends, when not at a scalar and at what was asked for. */
export interface GradientOptions {
  /** The gradient of the objective itself, of its shape; then it need not be a scalar. 1 by default. */
  seed?: Node;
  /** Nodes that count as given: nothing passes through them. */
  leaves?: ReadonlySet<Node>;
}

/**
 * Gradients of a scalar for some nodes.
 *
 * @param objective A node of one element, unless a seed is given.
 * @param wrt Nodes (parameters, usually), in any order.
 * @returns One node for each of `wrt`, of its shape; the constant 0 where the objective does not depend on it.
 * @throws RangeError when the objective is no scalar, or when the path to a node leads through an operation that
 * is a gradient itself.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gradients } from "./autodiff.ts";
 * import { input, reduceSum, square } from "./graph.ts";
 * const x = input("x", [3]);
 * const [dx] = gradients(reduceSum(square(x)), [x]); // 2x
 * assert(dx.shape[0] === 3);
 * ```
 */
export function gradients(
  objective: Node,
  wrt: readonly Node[],
  { seed, leaves = new Set() }: GradientOptions = {},
): Node[] {
  if (seed === undefined && sizeOf(objective.shape) !== 1) {
    throw new RangeError(
      `Cannot differentiate: the objective must be a scalar, received [${objective.shape}]`,
    );
  }
  const order = topologicalOrder([objective]);
  const needed = new Set<Node>(wrt);
  for (const node of order) {
    const isPassed = node.operation.kind !== "stopGradient" && !leaves.has(node);
    if (isPassed && node.inputs.some((x) => needed.has(x))) needed.add(node);
  }
  const found = new Map<Node, Node>([[objective, seed ?? constant(1, objective.shape)]]);
  for (const node of order.reverse()) {
    const dy = found.get(node);
    if (dy === undefined || !needed.has(node) || leaves.has(node) || node.inputs.length === 0) continue;
    const parts = inputGradients(node, dy, needed);
    node.inputs.forEach((input, i) => {
      const part = parts[i];
      if (part === undefined || !needed.has(input)) return;
      const before = found.get(input);
      found.set(input, before === undefined ? part : add(before, part));
    });
  }
  return wrt.map((node) => needed.has(objective) && found.get(node) || constant(0, node.shape));
}

/** `dy` summed back to the shape that was broadcast. */
function sumTo(dy: Node, shape: Shape): Node {
  if (sameShape(dy.shape, shape)) return dy;
  const missing = dy.shape.length - shape.length;
  const axes = dy.shape.flatMap((size, axis) =>
    axis < missing || (shape[axis - missing] === 1 && size !== 1) ? [axis] : []
  );
  return reshape(axes.length > 0 ? reduceSum(dy, axes, true) : dy, shape);
}

function inputGradients(node: Node, dy: Node, needed: ReadonlySet<Node>): InputGradients {
  const { operation, inputs } = node;
  const [x] = inputs;
  switch (operation.kind) {
    case "unary":
      return [unaryGradient(operation, x, node, dy)];
    case "clampMin":
      return [clampMinGradient(x, dy, operation.minimum)];
    case "affine":
      return [affine(dy, operation.scale)];
    case "binary":
      return binaryGradients(operation, node, dy);
    case "matMul":
      return matMulGradients(operation, node, dy);
    case "reduceSum":
    case "broadcastTo":
    case "reshape":
    case "transpose":
    case "concat":
    case "slice":
    case "pad":
      return layoutGradients(operation, node, dy);
    case "lastAxis":
      return [lastAxisGradient(operation, x, node, dy)];
    case "l2Normalize":
      return [l2NormalizeGradient(x, dy, operation.epsilon)];
    case "conv2d":
      return [
        needed.has(x) ? conv2dInputGradient(dy, inputs[1], operation, x.shape) : undefined,
        needed.has(inputs[1]) ? conv2dFilterGradient(x, dy, operation, inputs[1].shape) : undefined,
      ];
    case "maxPool":
      return [maxPoolGradient(x, dy, operation.window, operation)];
    case "batchMoments":
      return [batchMomentsGradient(x, node, dy)];
    case "batchNorm":
      return batchNormGradients(operation, node, dy, needed);
    case "input":
    case "parameter":
    case "constant":
    case "stopGradient":
      return [];
    case "toneFrames":
      throw new RangeError(`Cannot differentiate: ${operation.kind} of stored pictures has no gradient`);
    case "reluGradient":
    case "clampMinGradient":
    case "l2NormalizeGradient":
    case "conv2dInputGradient":
    case "conv2dFilterGradient":
    case "maxPoolGradient":
    case "batchNormParameterGradient":
    case "batchNormInputGradient":
      throw new RangeError(`Cannot differentiate: ${operation.kind} is a gradient itself and has no rule`);
  }
}

function unaryGradient(operation: OperationOf<"unary">, x: Node, y: Node, dy: Node): Node {
  switch (operation.function) {
    case "relu":
      return reluGradient(y, dy);
    case "sigmoid":
      return multiply(dy, multiply(y, affine(y, -1, 1)));
    case "exp":
      return multiply(dy, y);
    case "log":
      return divide(dy, x);
    case "sqrt":
      return affine(divide(dy, y), 0.5);
    case "square":
      return affine(multiply(dy, x), 2);
    case "reciprocal":
      return affine(multiply(dy, square(y)), -1);
  }
}

function binaryGradients(operation: OperationOf<"binary">, y: Node, dy: Node): InputGradients {
  const [a, b] = y.inputs;
  const [da, db] = ((): [Node, Node] => {
    switch (operation.function) {
      case "add":
        return [dy, dy];
      case "subtract":
        return [dy, affine(dy, -1)];
      case "multiply":
        return [multiply(dy, b), multiply(dy, a)];
      case "divide":
        return [divide(dy, b), affine(divide(multiply(dy, y), b), -1)];
    }
  })();
  return [sumTo(da, a.shape), sumTo(db, b.shape)];
}

function matMulGradients(operation: OperationOf<"matMul">, y: Node, dy: Node): InputGradients {
  const [a, b] = y.inputs;
  const { transposeA, transposeB } = operation;
  const da = transposeA
    ? matMul(b, dy, { transposeA: transposeB, transposeB: true })
    : matMul(dy, b, { transposeB: !transposeB });
  const db = transposeB
    ? matMul(dy, a, { transposeA: true, transposeB: transposeA })
    : matMul(a, dy, { transposeA: !transposeA });
  return [da, db];
}

type LayoutKind = "reduceSum" | "broadcastTo" | "reshape" | "transpose" | "concat" | "slice" | "pad";

function layoutGradients(operation: OperationOf<LayoutKind>, y: Node, dy: Node): InputGradients {
  const [x] = y.inputs;
  switch (operation.kind) {
    case "reduceSum": {
      const kept = x.shape.map((size, axis) => operation.axes.includes(axis) ? 1 : size);
      return [broadcastTo(reshape(dy, kept), x.shape)];
    }
    case "broadcastTo":
      return [sumTo(dy, x.shape)];
    case "reshape":
      return [reshape(dy, x.shape)];
    case "transpose":
      return [transpose(dy, operation.permutation.map((_, axis) => operation.permutation.indexOf(axis)))];
    case "concat": {
      let start = 0;
      return y.inputs.map((part) => {
        const begin = part.shape.map((_, axis) => axis === operation.axis ? start : 0);
        start += part.shape[operation.axis];
        return slice(dy, begin, part.shape);
      });
    }
    case "slice":
      return [pad(dy, operation.begin, x.shape)];
    case "pad":
      return [slice(dy, operation.before, x.shape)];
  }
}

function lastAxisGradient(operation: OperationOf<"lastAxis">, x: Node, y: Node, dy: Node): Node {
  const last = [x.shape.length - 1];
  switch (operation.function) {
    case "softmax":
      return multiply(y, subtract(dy, reduceSum(multiply(dy, y), last, true)));
    case "logSoftmax":
      return subtract(dy, multiply(exp(y), reduceSum(dy, last, true)));
    case "logSumExp":
      return multiply(reshape(dy, [...y.shape, 1]), softmax(x));
  }
}

/** `(dMean + 2 (x − mean) dVariance) / count`. */
function batchMomentsGradient(x: Node, moments: Node, dy: Node): Node {
  const channels = moments.shape[1];
  const row = (of: Node, index: number) => slice(of, [index, 0], [1, channels]);
  const centred = subtract(x, reshape(row(moments, 0), [channels]));
  const sum = add(
    multiply(centred, reshape(affine(row(dy, 1), 2), [channels])),
    reshape(row(dy, 0), [channels]),
  );
  return affine(sum, channels / sizeOf(x.shape));
}

/**
 * With the moments of its own input the operation's gradient is total. With any other moments, running ones above
 * all, it is an affine map of its input.
 */
function batchNormGradients(
  operation: OperationOf<"batchNorm">,
  y: Node,
  dy: Node,
  needed: ReadonlySet<Node>,
): InputGradients {
  const [x, moments, gamma, beta] = y.inputs;
  const options = { epsilon: operation.epsilon, relu: operation.relu };
  const ownMoments = moments.operation.kind === "batchMoments" && moments.inputs[0] === x;
  if (!ownMoments && needed.has(moments)) {
    throw new RangeError(
      "Cannot differentiate: batchNorm's moments must be those of its own input or need no gradient",
    );
  }
  const channels = gamma.shape[0];
  const both = batchNormParameterGradient(x, moments, gamma, beta, dy, options);
  const dx = ownMoments
    ? batchNormInputGradient(x, moments, gamma, beta, dy, both, options)
    : multiply(operation.relu ? reluGradient(y, dy) : dy, fixedScale(moments, gamma, operation.epsilon));
  const row = (index: number) => reshape(slice(both, [index, 0], [1, channels]), [channels]);
  return [dx, undefined, row(0), row(1)];
}

/** `gamma / √(variance + epsilon)`, `[C]`. */
function fixedScale(moments: Node, gamma: Node, epsilon: number): Node {
  const variance = reshape(slice(moments, [1, 0], [1, gamma.shape[0]]), gamma.shape);
  return multiply(gamma, reciprocal(sqrt(affine(variance, 1, epsilon))));
}
