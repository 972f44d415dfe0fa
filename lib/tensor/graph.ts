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

import {
  broadcastShapes,
  type ConvolutionGeometry,
  convolutionOutputSize,
  type Padding,
  sameShape,
  type Shape,
  sizeOf,
} from "../shape.ts";

/** How a parameter's first values are drawn. */
export type Initializer =
  | { kind: "constant"; value: number }
  /** Normal with mean 0. */
  | { kind: "normal"; standardDeviation: number }
  /** Normal with standard deviation √(2 / fanIn): He et al., ICCV 2015. */
  | { kind: "heNormal"; fanIn: number }
  /** Uniform in ±√(6 / (fanIn + fanOut)): Glorot and Bengio, AISTATS 2010. */
  | { kind: "glorotUniform"; fanIn: number; fanOut: number }
  /** Of shape `[2, C]`: means (row 0) 0 and variances (row 1) 1, what batch normalization starts from. */
  | { kind: "runningMoments" };

/** What distinguishes one parameter from another. */
export interface ParameterInfo {
  /** Dotted path, unique in a network, as `video.stage1.0.conv1.weight`. */
  name: string;
  initializer: Initializer;
  /** False for state that the step updates by rule instead of by gradient (running moments). */
  trainable: boolean;
  /** Whether it is a weight (true) or a bias, scale or temperature (false), which weight decay may spare. */
  isWeight: boolean;
}

/** Elementwise functions of one operand. */
export type UnaryFunction = "relu" | "sigmoid" | "exp" | "log" | "sqrt" | "square" | "reciprocal";

/** Elementwise functions of two operands, with NumPy broadcasting. */
export type BinaryFunction = "add" | "subtract" | "multiply" | "divide";

/** Functions along the last axis. Softmax and logSoftmax keep the shape; logSumExp drops the axis. */
export type LastAxisFunction = "softmax" | "logSoftmax" | "logSumExp";

/** Every operation an executor must know; the doc of each builder function below gives its meaning. */
export type Operation =
  | { kind: "input"; name: string }
  | ({ kind: "parameter" } & ParameterInfo)
  | { kind: "constant"; value: number }
  | { kind: "unary"; function: UnaryFunction }
  | { kind: "reluGradient" }
  | { kind: "clampMin"; minimum: number }
  | { kind: "clampMinGradient"; minimum: number }
  | { kind: "affine"; scale: number; offset: number }
  | { kind: "binary"; function: BinaryFunction }
  | { kind: "matMul"; transposeA: boolean; transposeB: boolean }
  | { kind: "reduceSum"; axes: readonly number[]; keepDims: boolean }
  | { kind: "broadcastTo" }
  | { kind: "reshape" }
  | { kind: "transpose"; permutation: readonly number[] }
  | { kind: "concat"; axis: number }
  | { kind: "slice"; begin: readonly number[] }
  | { kind: "pad"; before: readonly number[] }
  | { kind: "lastAxis"; function: LastAxisFunction }
  | { kind: "l2Normalize"; epsilon: number }
  | { kind: "l2NormalizeGradient"; epsilon: number }
  | ({ kind: "conv2d" } & ConvolutionGeometry)
  | ({ kind: "conv2dInputGradient" } & ConvolutionGeometry)
  | ({ kind: "conv2dFilterGradient" } & ConvolutionGeometry)
  | ({ kind: "maxPool"; window: readonly [number, number] } & ConvolutionGeometry)
  | ({ kind: "maxPoolGradient"; window: readonly [number, number] } & ConvolutionGeometry)
  | { kind: "batchMoments" }
  | { kind: "batchNorm"; epsilon: number; relu: boolean }
  | { kind: "batchNormParameterGradient"; epsilon: number; relu: boolean }
  | { kind: "batchNormInputGradient"; epsilon: number; relu: boolean }
  | { kind: "stopGradient" };

/** One value of a network: an operation applied to other nodes. Nodes are compared by identity. */
export interface Node {
  readonly operation: Operation;
  readonly inputs: readonly Node[];
  readonly shape: Shape;
}

function node(operation: Operation, inputs: readonly Node[], shape: Shape): Node {
  return Object.freeze({ operation, inputs, shape });
}

function fail(operation: string, must: string, ...shapes: Shape[]): never {
  const received = shapes.map((shape) => `[${shape}]`).join(" and ");
  throw new RangeError(`Cannot build ${operation}: ${must}, received ${received}`);
}

/** A value fed at every run, by name. */
export function input(name: string, shape: Shape): Node {
  return node({ kind: "input", name }, [], shape);
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
  return node({ kind: "l2NormalizeGradient", epsilon }, [x, dy], x.shape);
}

/** Options of a convolution; strides and dilations default to 1, padding to "same" (as PyTorch's `k // 2 · d`). */
export interface ConvolutionOptions {
  stride?: number | readonly [number, number];
  dilation?: number | readonly [number, number];
  padding?: number | Padding;
  groups?: number;
}

function pair(value: number | readonly [number, number] | undefined): readonly [number, number] {
  return value === undefined ? [1, 1] : typeof value === "number" ? [value, value] : value;
}

function geometry(kernel: readonly [number, number], options: ConvolutionOptions): ConvolutionGeometry {
  const dilations = pair(options.dilation);
  const [vertical, horizontal] = kernel.map((k, i) => Math.floor((dilations[i] * (k - 1)) / 2));
  const p = options.padding;
  const padding = typeof p === "object"
    ? p
    : { top: p ?? vertical, bottom: p ?? vertical, left: p ?? horizontal, right: p ?? horizontal };
  return { strides: pair(options.stride), dilations, padding, groups: options.groups ?? 1 };
}

/**
 * Cross-correlation of images `[B, H, W, C]` with filters `[KH, KW, C / groups, K]`, to `[B, H', W', K]`.
 * Output channels `[g · K / groups, (g + 1) · K / groups)` see input channels of group g only.
 */
export function conv2d(x: Node, filter: Node, options: ConvolutionOptions = {}): Node {
  if (x.shape.length !== 4 || filter.shape.length !== 4) {
    fail("conv2d", "operands must be [B, H, W, C] and [KH, KW, C / groups, K]", x.shape, filter.shape);
  }
  const [batch, height, width, channels] = x.shape;
  const [kernelHeight, kernelWidth, groupChannels, filters] = filter.shape;
  const g = geometry([kernelHeight, kernelWidth], options);
  if (channels !== groupChannels * g.groups || filters % g.groups !== 0) {
    fail("conv2d", `channels and filters must fit ${g.groups} groups`, x.shape, filter.shape);
  }
  const { top, bottom, left, right } = g.padding;
  return node({ kind: "conv2d", ...g }, [x, filter], [
    batch,
    convolutionOutputSize(height, kernelHeight, g.strides[0], g.dilations[0], top + bottom),
    convolutionOutputSize(width, kernelWidth, g.strides[1], g.dilations[1], left + right),
    filters,
  ]);
}

/** Gradient of {@linkcode conv2d} with respect to its input, of the given shape. */
export function conv2dInputGradient(dy: Node, filter: Node, g: ConvolutionGeometry, inputShape: Shape): Node {
  return node({ ...geometryOf(g), kind: "conv2dInputGradient" }, [dy, filter], inputShape);
}

/** Gradient of {@linkcode conv2d} with respect to its filter, of the given shape. */
export function conv2dFilterGradient(x: Node, dy: Node, g: ConvolutionGeometry, filterShape: Shape): Node {
  return node({ ...geometryOf(g), kind: "conv2dFilterGradient" }, [x, dy], filterShape);
}

function geometryOf({ strides, dilations, padding, groups }: ConvolutionGeometry): ConvolutionGeometry {
  return { strides, dilations, padding, groups };
}

/** The largest value in each window; padding never wins. */
export function maxPool(
  x: Node,
  window: number | readonly [number, number],
  options: Omit<ConvolutionOptions, "groups" | "dilation"> = {},
): Node {
  const size = pair(window);
  const g = geometry(size, { stride: size, padding: 0, ...options });
  const [batch, height, width, channels] = x.shape;
  return node({ kind: "maxPool", window: size, ...g }, [x], [
    batch,
    convolutionOutputSize(height, size[0], g.strides[0], 1, g.padding.top + g.padding.bottom),
    convolutionOutputSize(width, size[1], g.strides[1], 1, g.padding.left + g.padding.right),
    channels,
  ]);
}

/** Gradient of {@linkcode maxPool}: `dy` goes to the first largest value of each window, in row-major order. */
export function maxPoolGradient(
  x: Node,
  dy: Node,
  window: readonly [number, number],
  g: ConvolutionGeometry,
): Node {
  return node({ ...geometryOf(g), kind: "maxPoolGradient", window }, [x, dy], x.shape);
}

/** Mean (row 0) and biased variance (row 1) of each channel over all other axes: `[2, C]`. */
export function batchMoments(x: Node): Node {
  return node({ kind: "batchMoments" }, [x], [2, x.shape.at(-1)!]);
}

/** Options of {@linkcode batchNorm}. */
export interface BatchNormOptions {
  /** Added to the variance. */
  epsilon?: number;
  /** Whether `max(·, 0)` follows, in the same operation. */
  relu?: boolean;
}

/**
 * `gamma · (x − mean) / √(variance + epsilon) + beta` per channel, then ReLU if asked.
 *
 * `moments` is `[2, C]`: `batchMoments(x)` while training (its gradient is then part of this operation's own) or
 * the running moments otherwise.
 */
export function batchNorm(
  x: Node,
  moments: Node,
  gamma: Node,
  beta: Node,
  options: BatchNormOptions = {},
): Node {
  const channels = x.shape.at(-1)!;
  if (!sameShape(moments.shape, [2, channels]) || !sameShape(gamma.shape, [channels])) {
    fail("batchNorm", "moments must be [2, C] and gamma [C]", x.shape, moments.shape, gamma.shape);
  }
  const { epsilon = 1e-5, relu = false } = options;
  return node({ kind: "batchNorm", epsilon, relu }, [x, moments, gamma, beta], x.shape);
}

/** Gradients of {@linkcode batchNorm} for gamma (row 0) and beta (row 1): `[2, C]`. */
export function batchNormParameterGradient(
  x: Node,
  moments: Node,
  gamma: Node,
  beta: Node,
  dy: Node,
  options: Required<BatchNormOptions>,
): Node {
  return node(
    { kind: "batchNormParameterGradient", ...options },
    [x, moments, gamma, beta, dy],
    [2, x.shape.at(-1)!],
  );
}

/**
 * Gradient of {@linkcode batchNorm} for its input, the dependence of the batch moments on it included.
 * `parameterGradient` is the node of {@linkcode batchNormParameterGradient}, whose sums it uses.
 */
export function batchNormInputGradient(
  x: Node,
  moments: Node,
  gamma: Node,
  beta: Node,
  dy: Node,
  parameterGradient: Node,
  options: Required<BatchNormOptions>,
): Node {
  return node(
    { kind: "batchNormInputGradient", ...options },
    [x, moments, gamma, beta, dy, parameterGradient],
    x.shape,
  );
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

/** The inputs the outputs depend on, by name. @throws RangeError when two different nodes share a name. */
export function inputsOf(outputs: readonly Node[]): Map<string, Node> {
  const inputs = new Map<string, Node>();
  for (const n of topologicalOrder(outputs)) {
    if (n.operation.kind !== "input") continue;
    if (inputs.has(n.operation.name)) {
      throw new RangeError(
        `Cannot collect inputs: names must be unique, received "${n.operation.name}" twice`,
      );
    }
    inputs.set(n.operation.name, n);
  }
  return inputs;
}
