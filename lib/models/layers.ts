/**
 * Layers: functions from nodes to nodes that take their parameters from a {@linkcode NetworkContext}.
 *
 * @module
 */

import {
  add,
  batchMoments,
  batchNorm,
  conv2d,
  matMul,
  multiply,
  type Node,
  reduceMean,
  relu as rectify,
  reshape,
  sigmoid,
} from "../tensor/graph.ts";
import type { NetworkContext } from "./network_context.ts";

/** Options of {@linkcode convolutionBlock}. */
export interface ConvolutionBlockOptions {
  /** Output channels. */
  width: number;
  /** Height and width of the filters; padding keeps the size at stride 1. */
  kernel: number;
  /** 1 by default. */
  stride?: number;
  /** 1 by default. */
  dilation?: number;
  /** Groups the channels are split into; 1 by default. */
  groups?: number;
  /** Whether `max(·, 0)` follows; true by default. */
  relu?: boolean;
}

/**
 * Convolution without bias, batch normalization, ReLU.
 *
 * Parameters `conv<suffix>.weight` and `norm<suffix>.{gamma,beta,moments}`.
 *
 * @param x `[B, H, W, C]`.
 * @param suffix Tells a block's convolutions apart, as "1".
 * @returns `[B, H', W', width]`.
 */
export function convolutionBlock(
  context: NetworkContext,
  x: Node,
  suffix: string,
  options: ConvolutionBlockOptions,
): Node {
  const { width, kernel, stride = 1, dilation = 1, groups = 1, relu = true } = options;
  const channels = x.shape[3] / groups;
  const filter = context.scope(`conv${suffix}`).parameter("weight", {
    initializer: { kind: "heNormal", fanIn: kernel * kernel * channels },
    trainable: true,
    isWeight: true,
  }, [kernel, kernel, channels, width]);
  return normalize(context.scope(`norm${suffix}`), conv2d(x, filter, { stride, dilation, groups }), relu);
}

/**
 * Batch normalization with learned `gamma` and `beta` and running `moments` (mean, variance), then ReLU if asked.
 *
 * The running variance is the biased one that the batch is normalized with, as in TensorFlow; PyTorch multiplies
 * it by n / (n − 1), which for the n = B·H·W values of a channel here is within a percent of 1.
 *
 * @param x `[B, …, C]`.
 * @see Ioffe and Szegedy, ICML 2015.
 */
export function normalize(context: NetworkContext, x: Node, relu: boolean): Node {
  const channels = x.shape[x.shape.length - 1];
  const vector = (name: string, value: number) =>
    context.parameter(name, {
      initializer: { kind: "constant", value },
      trainable: true,
      isWeight: false,
    }, [channels]);
  const gamma = vector("gamma", 1);
  const beta = vector("beta", 0);
  const running = context.parameter("moments", {
    initializer: { kind: "runningMoments" },
    trainable: false,
    isWeight: false,
  }, [2, channels]);
  if (context.mode === "inference") return batchNorm(x, running, gamma, beta, { relu });
  const moments = batchMoments(x);
  context.updateRunning(running, moments, x.shape[0]);
  return batchNorm(x, moments, gamma, beta, { relu });
}

/**
 * `x · weight + bias`, parameters `weight` `[I, O]` (Glorot uniform) and `bias` `[O]`.
 *
 * @param x `[B, I]`.
 * @returns `[B, width]`.
 */
export function dense(context: NetworkContext, x: Node, width: number): Node {
  const fanIn = x.shape[1];
  const weight = context.parameter("weight", {
    initializer: { kind: "glorotUniform", fanIn, fanOut: width },
    trainable: true,
    isWeight: true,
  }, [fanIn, width]);
  const bias = context.parameter("bias", {
    initializer: { kind: "constant", value: 0 },
    trainable: true,
    isWeight: false,
  }, [width]);
  return add(matMul(x, weight), bias);
}

/** Dense, ReLU, dense: parameters `hidden.*` and `out.*`; `[B, I]` to `[B, width]`. */
export function perceptron(context: NetworkContext, x: Node, hidden: number, width: number): Node {
  return dense(context.scope("out"), rectify(dense(context.scope("hidden"), x, hidden)), width);
}

/** The mean over height and width: `[B, H, W, C]` to `[B, C]`. */
export function globalAveragePool(x: Node): Node {
  return reduceMean(x, [1, 2]);
}

/**
 * Squeeze and excitation: channels scaled by `sigmoid(W₂ · relu(W₁ · mean(x)))`, parameters `squeeze.*`, `excite.*`.
 *
 * @param x `[B, H, W, C]`.
 * @param hidden Width of the bottleneck.
 * @see Hu et al., CVPR 2018, equation 3.
 */
export function squeezeExcitation(context: NetworkContext, x: Node, hidden: number): Node {
  const [batch, , , channels] = x.shape;
  const squeezed = rectify(dense(context.scope("squeeze"), globalAveragePool(x), hidden));
  const gate = sigmoid(dense(context.scope("excite"), squeezed, channels));
  return multiply(x, reshape(gate, [batch, 1, 1, channels]));
}
