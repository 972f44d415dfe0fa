/**
 * Standard plane detection: the video encoder under a linear classifier.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import type { TrainingGraph } from "../tensor/executor.ts";
import {
  affine,
  divide,
  input,
  logSoftmax,
  multiply,
  type Node,
  reduceSum,
  softmax,
} from "../tensor/graph.ts";
import { dense, globalAveragePool } from "./layers.ts";
import { buildTransferNetwork, type TransferStep } from "./transfer_network.ts";
import { framesInput, videoFeatureMap } from "./video_encoder.ts";

/** Sizes of a plane classifier. */
export interface PlaneClassifierOptions {
  /** The encoder's settings. */
  model: RunConfig["model"];
  /** Number of classes K, background included. */
  classes: number;
  /** Frames in one go, B. */
  batch: number;
}

/**
 * The classifier at work: `probabilities` `[B, K]` of the input `frames` `[B, H, W, 1]`. Parameters `video.*` as in
 * the dual encoder, and `planes.weight` `[E, K]`, `planes.bias` `[K]`.
 */
export function buildPlaneClassifier({ model, classes, batch }: PlaneClassifierOptions): {
  probabilities: Node;
} {
  const { encoder, head } = buildTransferNetwork(model, "inference");
  const features = globalAveragePool(videoFeatureMap(encoder, model, framesInput(model, batch)));
  return { probabilities: softmax(dense(head.scope("planes"), features, classes)) };
}

/**
 * The classifier's training step: `Σ_i w_i · (−Σ_k t_ik log p_ik) / Σ_i w_i`.
 *
 * Inputs `frames` `[B, H, W, 1]`, `classOneHot` t `[B, K]`, `itemWeights` w `[B]`. Outputs `loss` `[B]`, without
 * weights, and `logProbabilities` `[B, K]`.
 */
export function buildPlaneTraining(
  { model, classes, batch }: PlaneClassifierOptions,
  step: TransferStep,
): TrainingGraph {
  const { encoder, head, stateUpdates } = buildTransferNetwork(model, step.encoder);
  const features = globalAveragePool(videoFeatureMap(encoder, model, framesInput(model, batch)));
  const logProbabilities = logSoftmax(dense(head.scope("planes"), features, classes));
  const loss = affine(reduceSum(multiply(input("classOneHot", [batch, classes]), logProbabilities), [1]), -1);
  const weights = input("itemWeights", [batch]);
  return {
    objective: divide(reduceSum(multiply(weights, loss)), reduceSum(weights)),
    outputs: { loss, logProbabilities },
    stateUpdates: stateUpdates(),
    optimizer: step.optimizer,
    clipNorm: step.clipNorm,
  };
}
