/**
 * The benchmark's models S and P: two encoders of 4 × [convolution 3×3, batch norm, ReLU], widths 16, 32, 64 and 128,
 * on 64×64×1 pictures, the mean over the picture, dense 64, InfoNCE both ways, batch 32. Convolutions have stride 2 in
 * S; in P they have stride 1 and a 2×2 max-pool follows, which is about four times the arithmetic.
 *
 * @module
 */

import type { OptimizerRule, Tensor, TrainingGraph } from "../../lib/tensor/executor.ts";
import {
  add,
  affine,
  batchMoments,
  batchNorm,
  conv2d,
  exp,
  input,
  l2Normalize,
  logSoftmax,
  matMul,
  maxPool,
  multiply,
  type Node,
  parameter,
  reduceMean,
  reduceSum,
  transpose,
} from "../../lib/tensor/graph.ts";
import { Random } from "../../lib/random.ts";
import { sizeOf } from "../../lib/shape.ts";

const adamw: OptimizerRule = {
  kind: "adamw",
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  decayBiasAndNorm: false,
};

function weight(name: string, shape: number[], fanIn: number): Node {
  return parameter(
    { name, initializer: { kind: "heNormal", fanIn }, trainable: true, isWeight: true },
    shape,
  );
}

function scalars(name: string, value: number, size: number): Node {
  const initializer = { kind: "constant", value } as const;
  return parameter({ name, initializer, trainable: true, isWeight: false }, [size]);
}

/** The numbers of models S and P that may be changed. */
export interface SpotModelOptions {
  /** Pairs of a batch. */
  batch?: number;
  /** Rows and columns of a picture. */
  size?: number;
  /** Channels of each convolution. */
  widths?: readonly number[];
  /** Length of an embedding. */
  embeddingDim?: number;
  /** True for model P: max-pools instead of strides. */
  pooled?: boolean;
}

function encode(
  name: string,
  pictures: Node,
  { widths, embeddingDim, pooled }: Required<SpotModelOptions>,
): Node {
  let x = pictures;
  widths.forEach((width, i) => {
    const channels = x.shape[3];
    const filter = weight(`${name}.${i}.conv`, [3, 3, channels, width], 9 * channels);
    x = conv2d(x, filter, { stride: pooled ? 1 : 2 });
    const [gamma, beta] = [scalars(`${name}.${i}.gamma`, 1, width), scalars(`${name}.${i}.beta`, 0, width)];
    x = batchNorm(x, batchMoments(x), gamma, beta, { relu: true });
    if (pooled) x = maxPool(x, 2);
  });
  const features = reduceMean(x, [1, 2]);
  const width = widths[widths.length - 1];
  return l2Normalize(matMul(features, weight(`${name}.dense`, [width, embeddingDim], width)));
}

/** The training step, for a batch of pairs of pictures `[batch, size, size, 1]` named `video` and `speech`. */
export function modelS(
  { batch = 32, size = 64, widths = [16, 32, 64, 128], embeddingDim = 64, pooled = false }: SpotModelOptions =
    {},
): TrainingGraph {
  const options = { batch, size, widths, embeddingDim, pooled };
  const [video, speech] = ["video", "speech"].map((name) => {
    return encode(name, input(name, [batch, size, size, 1]), options);
  });
  const temperature = exp(scalars("temperature", Math.log(10), 1));
  const scores = multiply(matMul(video, speech, { transposeB: true }), temperature);
  const target = input("identity", [batch, batch]);
  const both = add(logSoftmax(scores), transpose(logSoftmax(transpose(scores, [1, 0])), [1, 0]));
  const objective = affine(reduceSum(multiply(both, target)), -0.5 / batch);
  return { objective, outputs: { scores }, stateUpdates: [], optimizer: adamw, clipNorm: Infinity };
}

/** Pairs of blurred spots: where the speech picture's bars stand says where the video's spot is. */
export function spotPairs(batch: number, size: number, seed: number): Map<string, Tensor> {
  const random = new Random(seed, "spots");
  const shape = [batch, size, size, 1];
  const video = new Float32Array(sizeOf(shape));
  const speech = new Float32Array(sizeOf(shape));
  for (let b = 0, at = 0; b < batch; b++) {
    const [x, y] = [random.uniform(0.1, 0.9) * size, random.uniform(0.1, 0.9) * size];
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++, at++) {
        video[at] = Math.exp(-((i - y) ** 2 + (j - x) ** 2) / 50) + random.uniform(-0.05, 0.05);
        speech[at] = Math.exp(-((i - x) ** 2) / 18) + Math.exp(-((j - y) ** 2) / 18) +
          random.uniform(-0.05, 0.05);
      }
    }
  }
  const identity = new Float32Array(batch * batch);
  for (let b = 0; b < batch; b++) identity[b * batch + b] = 1;
  return new Map([
    ["video", { shape, data: video }],
    ["speech", { shape, data: speech }],
    ["identity", { shape: [batch, batch], data: identity }],
  ]);
}
