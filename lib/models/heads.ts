/**
 * What stands on the encoders' features: embeddings, the correlation question, the order question.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { correlationClasses } from "../losses/correlation.ts";
import { frameOrderClasses } from "../losses/frame_order.ts";
import { concat, l2Normalize, type Node } from "../tensor/graph.ts";
import { perceptron } from "./layers.ts";
import type { NetworkContext } from "./network_context.ts";

/**
 * h: features to an embedding of unit length.
 *
 * One hidden layer, as in the paper. Each modality has its own (`videoProjection.*`, `speechProjection.*`); the
 * paper leaves open whether they share one.
 *
 * @param features `[B, E]`.
 * @returns `[B, D]`, unit length, for both contrastive forms: without it e^(v·s) of the literal form overflows.
 */
export function projectionHead(
  context: NetworkContext,
  model: RunConfig["model"],
  modality: "video" | "speech",
  features: Node,
): Node {
  const { projectionHidden, embeddingDim } = model;
  const head = context.scope(`${modality}Projection`);
  return l2Normalize(perceptron(head, features, projectionHidden, embeddingDim));
}

/**
 * Is this speech of this frame's window? On the features, not on the embeddings (figure 2 of the paper).
 *
 * @param videoFeatures `[B, E]`.
 * @param speechFeatures `[B, E]`.
 * @returns logits `[B, 2]`: not correlated, correlated; parameters `correlation.*`.
 */
export function correlationHead(
  context: NetworkContext,
  model: RunConfig["model"],
  videoFeatures: Node,
  speechFeatures: Node,
): Node {
  const fused = concat([videoFeatures, speechFeatures], 1);
  return perceptron(context.scope("correlation"), fused, model.headHidden, correlationClasses);
}

/**
 * Which of the 12 orders are these four frames in?
 *
 * @param features `[B, 4 E]`: the features of a window's four shuffled frames side by side.
 * @returns logits `[B, 12]`; parameters `order.*`.
 */
export function orderHead(context: NetworkContext, model: RunConfig["model"], features: Node): Node {
  return perceptron(context.scope("order"), features, model.headHidden, frameOrderClasses.length);
}
