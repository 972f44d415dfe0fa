/**
 * Gaze prediction: the video encoder's map under a small decoder to a probability of every cell.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import type { Shape } from "../shape.ts";
import type { TrainingGraph } from "../tensor/executor.ts";
import {
  add,
  clampMin,
  input,
  log,
  logSoftmax,
  multiply,
  type Node,
  reduceMean,
  reduceSum,
  reshape,
  slice,
  softmax,
  subtract,
  transpose,
} from "../tensor/graph.ts";
import { convolutionBlock, dense } from "./layers.ts";
import type { NetworkContext } from "./network_context.ts";
import { buildTransferNetwork, type TransferNetwork, type TransferStep } from "./transfer_network.ts";
import { framesInput, videoFeatureMap } from "./video_encoder.ts";

/** Channels between the encoder's map and the cells. */
const decoderWidth = 64;

/** Sizes of a saliency network. */
export interface SaliencyNetworkOptions {
  /** The encoder's settings. */
  model: RunConfig["model"];
  /** Height and width of the predicted maps, cells. */
  mapSize: readonly [number, number];
  /** Frames in one go, B. */
  batch: number;
}

/**
 * The network at work: `saliency` `[B, height · width]`, each row a density over the cells, of the input `frames`
 * `[B, H, W, 1]`. Parameters `video.*` as in the dual encoder, and `saliency.*`.
 */
export function buildSaliencyNetwork(options: SaliencyNetworkOptions): { saliency: Node } {
  return { saliency: softmax(cellLogits(buildTransferNetwork(options.model, "inference"), options)) };
}

/**
 * The network's training step: the mean over frames of KL(g ‖ p) = Σ_c g_c (ln g_c − ln p_c).
 *
 * Inputs `frames` `[B, H, W, 1]`, `gazeMap` g `[B, height · width]`, rows that sum to 1. Output `klDivergence` `[B]`,
 * nats.
 */
export function buildSaliencyTraining(options: SaliencyNetworkOptions, step: TransferStep): TrainingGraph {
  const [height, width] = options.mapSize;
  const network = buildTransferNetwork(options.model, step.encoder);
  const logDensity = logSoftmax(cellLogits(network, options));
  const gaze = input("gazeMap", [options.batch, height * width]);
  // Cells that were not looked at add 0, whatever stands for the logarithm of their 0.
  const surprise = subtract(log(clampMin(gaze, 1e-12)), logDensity);
  const klDivergence = reduceSum(multiply(gaze, surprise), [1]);
  return {
    objective: reduceMean(klDivergence),
    outputs: { klDivergence },
    stateUpdates: network.stateUpdates(),
    optimizer: step.optimizer,
    clipNorm: step.clipNorm,
  };
}

/**
 * A 3×3 convolution over the encoder's map, then every place of it draws its own patch of cells (sub-pixel
 * convolution; the closed set of operations has no resizing), plus where people look in any picture.
 *
 * For the paper's encoder the map has the size of the gaze map, and a patch is one cell.
 *
 * @returns `[B, height · width]`.
 * @see Shi et al., CVPR 2016, section 3.2; Kümmerer et al., ICLR workshop 2015, add a fixed log-density of places to
 * the map before the softmax, as the first value of our `saliency.prior` may be.
 */
function cellLogits({ encoder, head }: TransferNetwork, options: SaliencyNetworkOptions): Node {
  const { model, mapSize: [height, width], batch } = options;
  const context = head.scope("saliency");
  const map = videoFeatureMap(encoder, model, framesInput(model, batch));
  const hidden = convolutionBlock(context, map, "1", { width: decoderWidth, kernel: 3 });
  const cells = spread(context.scope("cells"), hidden, [height, width]);
  const prior = context.parameter("prior", {
    initializer: { kind: "constant", value: 0 },
    trainable: true,
    isWeight: false,
  }, [height * width]);
  return add(reshape(cells, [batch, height * width]), prior);
}

/** `[B, H', W', C]` to `[B, height, width]`: patches that are just large enough, cut to size in the middle. */
function spread(context: NetworkContext, x: Node, [height, width]: Shape): Node {
  const [batch, rows, columns, channels] = x.shape;
  const [patchHeight, patchWidth] = [Math.ceil(height / rows), Math.ceil(width / columns)];
  const flat = reshape(x, [batch * rows * columns, channels]);
  const patches = dense(context, flat, patchHeight * patchWidth);
  const apart = reshape(patches, [batch * rows, columns, patchHeight, patchWidth]);
  const [allRows, allColumns] = [rows * patchHeight, columns * patchWidth];
  const together = reshape(transpose(apart, [0, 2, 1, 3]), [batch, allRows, allColumns]);
  const begin = [0, (allRows - height) >> 1, (allColumns - width) >> 1];
  return slice(together, begin, [batch, height, width]);
}
