/**
 * The closed set of operations, and the nodes they make. Use it through `graph.ts`, which builds and checks nodes.
 *
 * @module
 */

import type { ConvolutionGeometry, Shape } from "../shape.ts";

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
  /** How its first values are drawn. */
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

/** How an input's elements are stored on their way to the device; a graph computes with their values in float32. */
export type InputType = "f32" | "f16" | "u8";

/** Every operation an executor must know; the doc of each builder function below gives its meaning. */
export type Operation =
  | { kind: "input"; name: string; type: InputType }
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
  | { kind: "toneFrames" }
  | { kind: "batchMoments" }
  | { kind: "batchNorm"; epsilon: number; relu: boolean }
  | { kind: "batchNormParameterGradient"; epsilon: number; relu: boolean }
  | { kind: "batchNormInputGradient"; epsilon: number; relu: boolean }
  | { kind: "stopGradient" };

/** One value of a network: an operation applied to other nodes. Nodes are compared by identity. */
export interface Node {
  /** What is computed. */
  readonly operation: Operation;
  /** What it is computed from, in the operation's order. */
  readonly inputs: readonly Node[];
  /** The result's shape. */
  readonly shape: Shape;
}

/** Makes a node; the builders check shapes first. */
export function node(operation: Operation, inputs: readonly Node[], shape: Shape): Node {
  return Object.freeze({ operation, inputs, shape });
}

/** Refuses shapes. */
export function fail(operation: string, must: string, ...shapes: Shape[]): never {
  const received = shapes.map((shape) => `[${shape}]`).join(" and ");
  throw new RangeError(`Cannot build ${operation}: ${must}, received ${received}`);
}
