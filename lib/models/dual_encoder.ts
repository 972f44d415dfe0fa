/**
 * The dual encoder: two encoders and their heads over shared parameters.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import type { Node } from "../tensor/graph.ts";
import { correlationHead, orderHead, projectionHead } from "./heads.ts";
import { globalAveragePool } from "./layers.ts";
import { createNetworkContext, type NetworkMode, type StateUpdate } from "./network_context.ts";
import { speechFeatureMap, speechInput } from "./speech_encoder.ts";
import { framesInput, videoFeatureMap } from "./video_encoder.ts";

/** Functions from nodes to nodes; all calls share one set of parameter nodes. */
export interface DualEncoder {
  /** `[B, H, W, 1]` to the map `[B, H', W', E]`. */
  videoFeatureMap(frames: Node): Node;
  /** `[B, H, W, 1]` to features `[B, E]`. */
  videoFeatures(frames: Node): Node;
  /** `[B, M, F, 1]` to features `[B, E]`. */
  speechFeatures(speech: Node): Node;
  /** Features `[B, E]` to embeddings `[B, D]` of unit length. */
  videoEmbedding(features: Node): Node;
  /** Features `[B, E]` to embeddings `[B, D]` of unit length. */
  speechEmbedding(features: Node): Node;
  /** Features `[B, E]` of both to logits `[B, 2]`. */
  correlationLogits(videoFeatures: Node, speechFeatures: Node): Node;
  /** Features `[B, 4 E]` of four frames to logits `[B, 12]`. */
  orderLogits(features: Node): Node;
  /** What the calls so far do to the running moments; empty for inference. */
  stateUpdates(): StateUpdate[];
}

/** A dual encoder whose parameters have the same names in both modes. */
export function buildDualEncoder(model: RunConfig["model"], mode: NetworkMode): DualEncoder {
  const context = createNetworkContext({ mode, batchNormMomentum: model.batchNormMomentum });
  return {
    videoFeatureMap: (frames) => videoFeatureMap(context, model, frames),
    videoFeatures: (frames) => globalAveragePool(videoFeatureMap(context, model, frames)),
    speechFeatures: (speech) => globalAveragePool(speechFeatureMap(context, model, speech)),
    videoEmbedding: (features) => projectionHead(context, model, "video", features),
    speechEmbedding: (features) => projectionHead(context, model, "speech", features),
    correlationLogits: (video, speech) => correlationHead(context, model, video, speech),
    orderLogits: (features) => orderHead(context, model, features),
    stateUpdates: () => context.stateUpdates(),
  };
}

/** The trained dual encoder at work. A type, not an interface, so that it fits `Record<string, Node>`. */
export type EmbeddingGraph = {
  /** Embeddings of the input `frames` `[B, H, W, 1]`: `[B, D]`, unit length. */
  video: Node;
  /** Embeddings of the input `speech` `[B, M, F, 1]`: `[B, D]`, unit length. */
  speech: Node;
  /** `[B, E]`. */
  videoFeatures: Node;
  /** `[B, E]`. */
  speechFeatures: Node;
};

/**
 * The graph that embeds frames and speech, each from its own input.
 *
 * The projection heads are part of it. A run without the contrastive loss never trained them, and its state lacks
 * their values: give such a run the two features alone.
 *
 * @param batch Number of frames and of speech samples in one go, B.
 */
export function buildEmbeddingGraph(model: RunConfig["model"], batch: number): EmbeddingGraph {
  const encoder = buildDualEncoder(model, "inference");
  const videoFeatures = encoder.videoFeatures(framesInput(model, batch));
  const speechFeatures = encoder.speechFeatures(speechInput(model, batch));
  return {
    video: encoder.videoEmbedding(videoFeatures),
    speech: encoder.speechEmbedding(speechFeatures),
    videoFeatures,
    speechFeatures,
  };
}
