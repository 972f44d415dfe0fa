/**
 * Builders of the operations on images `[B, H, W, C]`: convolution, pooling, batch normalization, and their
 * gradients. Part of `graph.ts`, which exports them.
 *
 * @module
 */

import {
  type ConvolutionGeometry,
  convolutionOutputSize,
  type Padding,
  sameShape,
  type Shape,
} from "../shape.ts";
import { fail, type Node, node } from "./operation.ts";

/** Options of a convolution; strides and dilations default to 1, padding to "same" (as PyTorch's `k // 2 · d`). */
export interface ConvolutionOptions {
  /** Rows and columns from one output to the next; 1 by default. */
  stride?: number | readonly [number, number];
  /** Rows and columns from one tap of the filter to the next; 1 by default. */
  dilation?: number | readonly [number, number];
  /** Zeros around the picture; by default such that stride 1 keeps its size. */
  padding?: number | Padding;
  /** Groups that the channels fall into; 1 by default. */
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
  if (x.shape.length !== 4) fail("maxPool", "the operand must be [B, H, W, C]", x.shape);
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
  const fits = sameShape(moments.shape, [2, channels]) &&
    [gamma, beta].every(({ shape }) => sameShape(shape, [channels]));
  if (!fits) {
    fail(
      "batchNorm",
      "moments must be [2, C], gamma and beta [C]",
      ...[x, moments, gamma, beta].map(({ shape }) => shape),
    );
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

/**
 * Stored pictures as a network sees them: each moved, its border repeated, and every grey level replaced by its tone.
 * The pictures fall into G equal groups, which share both. It has no gradient.
 *
 * @param frames Grey levels `[N, H, W, 1]`, an input of type `u8`.
 * @param shifts Whole pixels down and right, `[G, 2]`.
 * @param tones What each grey level becomes, `[G, 256]`.
 * @returns `[N, H, W, 1]`: `tones[g, frames[n, y − down, x − right]]`.
 */
export function toneFrames(frames: Node, shifts: Node, tones: Node): Node {
  const { operation, shape } = frames;
  if (operation.kind !== "input" || operation.type !== "u8" || shape.length !== 4 || shape[3] !== 1) {
    fail("toneFrames", "frames must be an input [N, H, W, 1] of type u8", shape);
  }
  const groups = shifts.shape[0];
  if (
    shape[0] % groups !== 0 || !sameShape(shifts.shape, [groups, 2]) || !sameShape(tones.shape, [groups, 256])
  ) {
    fail("toneFrames", "shifts and tones must be [G, 2] and [G, 256]", shape, shifts.shape, tones.shape);
  }
  return node({ kind: "toneFrames" }, [frames, shifts, tones], shape);
}
