/**
 * A network as a value: a directed acyclic graph of named operations with static shapes.
 *
 * The functions here build nodes and check shapes; nothing is computed. Executors (`executors/`), the float64
 * reference (`reference.ts`) and automatic differentiation (`autodiff.ts`) read the graph. The set of operations
 * is closed: adding one means adding it to {@linkcode Operation} and to every reader, and the type checker lists
 * the places.
 *
 * Images are channels-last: `[B, H, W, C]`; filters are `[KH, KW, C / groups, K]`.
 *
 * @module
 */

import { broadcastShapes, sameShape, type Shape, sizeOf } from "../shape.ts";
import {
  type BinaryFunction,
  fail,
  type InputType,
  type LastAxisFunction,
  type Node,
  node,
  type Operation,
  type ParameterInfo,
  type UnaryFunction,
} from "./operation.ts";

export type {
  BinaryFunction,
  Initializer,
  InputType,
  LastAxisFunction,
  Node,
  Operation,
  ParameterInfo,
  UnaryFunction,
} from "./operation.ts";
export {
  batchMoments,
  batchNorm,
  batchNormInputGradient,
  type BatchNormOptions,
  batchNormParameterGradient,
  conv2d,
  conv2dFilterGradient,
  conv2dInputGradient,
  type ConvolutionOptions,
  maxPool,
  maxPoolGradient,
  toneFrames,
} from "./graph_images.ts";

/**
 * A value fed at every run, by name.
 *
 * Of another type than `f32` it is unpacked by whatever reads it. {@linkcode stopGradient} in between lets it be
 * unpacked once where a convolution would do so over and over.
 */
export function input(name: string, shape: Shape, type: InputType = "f32"): Node {
  return node({ kind: "input", name, type }, [], shape);
}

/** A stored value. Two nodes with one name must be the same node: build a network once and share its nodes. */
export function parameter(info: ParameterInfo, shape: Shape): Node {
  return node({ kind: "parameter", ...info }, [], shape);
}

/** A tensor filled with one number. */
export function constant(value: number, shape: Shape = []): Node {
  return node({ kind: "constant", value }, [], shape);
}

/** An elementwise function. */
export function unary(name: UnaryFunction, x: Node): Node {
  return node({ kind: "unary", function: name }, [x], x.shape);
}

/** `max(x, 0)`. */
export const relu = (x: Node): Node => unary("relu", x);
/** `1 / (1 + e^−x)`. */
export const sigmoid = (x: Node): Node => unary("sigmoid", x);
/** `e^x`. */
export const exp = (x: Node): Node => unary("exp", x);
/** Natural logarithm. */
export const log = (x: Node): Node => unary("log", x);
/** Square root. */
export const sqrt = (x: Node): Node => unary("sqrt", x);
/** `x²`. */
export const square = (x: Node): Node => unary("square", x);
/** `1 / x`. */
export const reciprocal = (x: Node): Node => unary("reciprocal", x);

/** `dy` where `y > 0`, else 0; `y` is relu's output. */
export function reluGradient(y: Node, dy: Node): Node {
  if (!sameShape(y.shape, dy.shape)) fail("reluGradient", "shapes must be the same", y.shape, dy.shape);
  return node({ kind: "reluGradient" }, [y, dy], y.shape);
}

/** `max(x, minimum)`; the gradient is 0 where the minimum holds. */
export function clampMin(x: Node, minimum: number): Node {
  return node({ kind: "clampMin", minimum }, [x], x.shape);
}

/** `dy` where `x > minimum`, else 0. */
export function clampMinGradient(x: Node, dy: Node, minimum: number): Node {
  if (!sameShape(x.shape, dy.shape)) fail("clampMinGradient", "shapes must be the same", x.shape, dy.shape);
  return node({ kind: "clampMinGradient", minimum }, [x, dy], x.shape);
}

/** `scale · x + offset` with fixed numbers. */
export function affine(x: Node, scale: number, offset = 0): Node {
  return node({ kind: "affine", scale, offset }, [x], x.shape);
}

/** An elementwise function of two operands, with NumPy broadcasting. */
export function binary(name: BinaryFunction, a: Node, b: Node): Node {
  return node({ kind: "binary", function: name }, [a, b], broadcastShapes(a.shape, b.shape));
}

/** `a + b`, broadcasting. */
export const add = (a: Node, b: Node): Node => binary("add", a, b);
/** `a − b`, broadcasting. */
export const subtract = (a: Node, b: Node): Node => binary("subtract", a, b);
/** `a · b` elementwise, broadcasting. */
export const multiply = (a: Node, b: Node): Node => binary("multiply", a, b);
/** `a / b`, broadcasting. */
export const divide = (a: Node, b: Node): Node => binary("divide", a, b);

/** The product of two matrices, each transposed first if asked. */
export function matMul(
  a: Node,
  b: Node,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
): Node {
  if (a.shape.length !== 2 || b.shape.length !== 2) {
    fail("matMul", "operands must be matrices", a.shape, b.shape);
  }
  const [rows, inner] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const [innerB, columns] = transposeB ? [b.shape[1], b.shape[0]] : b.shape;
  if (inner !== innerB) fail("matMul", "inner sizes must agree", a.shape, b.shape);
  return node({ kind: "matMul", transposeA, transposeB }, [a, b], [rows, columns]);
}

/** The sum over some axes (all by default), which stay with size 1 when `keepDims`. */
export function reduceSum(
  x: Node,
  axes: readonly number[] = x.shape.map((_, axis) => axis),
  keepDims = false,
): Node {
  const sorted = [...axes].sort((a, b) => a - b);
  if (sorted.some((axis, i) => !(axis in x.shape) || axis === sorted[i - 1])) {
    fail("reduceSum", `axes must be different axes of the operand, not ${axes}`, x.shape);
  }
  const shape = x.shape.flatMap((size, axis) => sorted.includes(axis) ? (keepDims ? [1] : []) : [size]);
  return node({ kind: "reduceSum", axes: sorted, keepDims }, [x], shape);
}

/** The mean over some axes (all by default). */
export function reduceMean(x: Node, axes?: readonly number[], keepDims = false): Node {
  const sum = reduceSum(x, axes, keepDims);
  return affine(sum, sizeOf(sum.shape) / sizeOf(x.shape));
}

/** `x` stretched to a shape it broadcasts to. */
export function broadcastTo(x: Node, shape: Shape): Node {
  if (!sameShape(broadcastShapes(x.shape, shape), shape)) {
    fail("broadcastTo", "the operand must broadcast to the shape", x.shape, shape);
  }
  return node({ kind: "broadcastTo" }, [x], shape);
}

/** The same elements in row-major order under another shape. */
export function reshape(x: Node, shape: Shape): Node {
  if (sizeOf(x.shape) !== sizeOf(shape)) fail("reshape", "sizes must agree", x.shape, shape);
  return node({ kind: "reshape" }, [x], shape);
}

/** Axes reordered: output axis i is input axis `permutation[i]`. */
export function transpose(x: Node, permutation: readonly number[]): Node {
  const sorted = [...permutation].sort((a, b) => a - b);
  if (sorted.length !== x.shape.length || sorted.some((axis, i) => axis !== i)) {
    fail("transpose", `the permutation must name every axis once, not ${permutation}`, x.shape);
  }
  return node({ kind: "transpose", permutation }, [x], permutation.map((axis) => x.shape[axis]));
}

/** Tensors side by side along an axis. */
export function concat(parts: readonly Node[], axis: number): Node {
  const first = parts[0].shape;
  if (!(axis in first)) fail("concat", `axis ${axis} must be one of the operands'`, first);
  for (const { shape } of parts) {
    if (shape.length !== first.length || shape.some((size, i) => i !== axis && size !== first[i])) {
      fail("concat", `shapes must agree but for axis ${axis}`, first, shape);
    }
  }
  const shape = first.map((size, i) => i === axis ? parts.reduce((sum, p) => sum + p.shape[i], 0) : size);
  return node({ kind: "concat", axis }, parts, shape);
}

/** The box of the given size that starts at `begin`. */
export function slice(x: Node, begin: readonly number[], size: Shape): Node {
  if (
    begin.length !== x.shape.length || size.length !== x.shape.length ||
    begin.some((start, axis) => start < 0 || start + size[axis] > x.shape[axis])
  ) {
    fail("slice", `the box from ${begin} must lie inside the operand`, x.shape, size);
  }
  return node({ kind: "slice", begin }, [x], size);
}

/** Zeros of the given shape with `x` placed at `before`: the gradient of {@linkcode slice}. */
export function pad(x: Node, before: readonly number[], shape: Shape): Node {
  if (before.some((start, axis) => start < 0 || start + x.shape[axis] > shape[axis])) {
    fail("pad", `the operand placed at ${before} must lie inside the shape`, x.shape, shape);
  }
  return node({ kind: "pad", before }, [x], shape);
}

/** A function along the last axis. */
export function lastAxis(name: LastAxisFunction, x: Node): Node {
  if (x.shape.length === 0) fail(name, "the operand must have an axis", x.shape);
  return node(
    { kind: "lastAxis", function: name },
    [x],
    name === "logSumExp" ? x.shape.slice(0, -1) : x.shape,
  );
}

/** `e^x / Σ e^x` along the last axis. */
export const softmax = (x: Node): Node => lastAxis("softmax", x);
/** `x − log Σ e^x` along the last axis. */
export const logSoftmax = (x: Node): Node => lastAxis("logSoftmax", x);
/** `log Σ e^x` along the last axis, which it drops. */
export const logSumExp = (x: Node): Node => lastAxis("logSumExp", x);

/** Rows (last axis) divided by √(Σ x² + epsilon). */
export function l2Normalize(x: Node, epsilon = 1e-8): Node {
  return node({ kind: "l2Normalize", epsilon }, [x], x.shape);
}

/** Gradient of {@linkcode l2Normalize}: `(dy − y · Σ y·dy) / √(Σ x² + epsilon)` with `y` its output. */
export function l2NormalizeGradient(x: Node, dy: Node, epsilon: number): Node {
  if (!sameShape(x.shape, dy.shape)) {
    fail("l2NormalizeGradient", "shapes must be the same", x.shape, dy.shape);
  }
  return node({ kind: "l2NormalizeGradient", epsilon }, [x, dy], x.shape);
}

/** `x`, through which no gradient flows. */
export function stopGradient(x: Node): Node {
  return node({ kind: "stopGradient" }, [x], x.shape);
}

/**
 * Every node the outputs depend on, inputs before users, in an order that depends on the graph alone.
 * Iterative, so that depth is not limited by the call stack.
 */
export function topologicalOrder(outputs: readonly Node[]): Node[] {
  const done = new Set<Node>();
  const order: Node[] = [];
  for (const output of outputs) {
    const stack: { node: Node; next: number }[] = [{ node: output, next: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (done.has(top.node)) {
        stack.pop();
      } else if (top.next < top.node.inputs.length) {
        const child = top.node.inputs[top.next++];
        if (!done.has(child)) stack.push({ node: child, next: 0 });
      } else {
        done.add(top.node);
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/** A node that is a parameter. */
export type ParameterNode = Node & { readonly operation: { kind: "parameter" } & ParameterInfo };

/**
 * The parameters the outputs depend on, by name.
 *
 * @throws RangeError when two different nodes share a name.
 */
export function parametersOf(outputs: readonly Node[]): Map<string, ParameterNode> {
  const parameters = new Map<string, ParameterNode>();
  for (const n of topologicalOrder(outputs)) {
    if (n.operation.kind !== "parameter") continue;
    const { name } = n.operation;
    if (parameters.has(name)) {
      throw new RangeError(`Cannot collect parameters: names must be unique, received "${name}" twice`);
    }
    parameters.set(name, n as ParameterNode);
  }
  return parameters;
}

/** A node that is an input. */
export type InputNode = Node & { readonly operation: Extract<Operation, { kind: "input" }> };

/** The inputs the outputs depend on, by name. @throws RangeError when two different nodes share a name. */
export function inputsOf(outputs: readonly Node[]): Map<string, InputNode> {
  const inputs = new Map<string, InputNode>();
  for (const n of topologicalOrder(outputs)) {
    if (n.operation.kind !== "input") continue;
    if (inputs.has(n.operation.name)) {
      throw new RangeError(
        `Cannot collect inputs: names must be unique, received "${n.operation.name}" twice`,
      );
    }
    inputs.set(n.operation.name, n as InputNode);
  }
  return inputs;
}
