/**
 * The networks of a run that are worth exporting, each as a function of the number of rows.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { buildEmbeddingGraph, type EmbeddingGraph } from "../models/dual_encoder.ts";
import { buildPlaneClassifier } from "../models/plane_classifier.ts";
import { buildSaliencyNetwork } from "../models/saliency_network.ts";
import type { Tensors } from "../tensor/executor.ts";
import { parametersOf } from "../tensor/graph.ts";
import type { NetworkOfBatch } from "./network_of_batch.ts";

/** A network with one input and one output. */
export interface ExportableNetwork {
  /** Names its file, as `video_encoder`. */
  name: string;
  /** What it does, in words. */
  description: string;
  /** Name of its input. */
  input: "frames" | "speech";
  /** Name of its output. */
  output: string;
  /** The network at work. */
  build: NetworkOfBatch;
  /** Facts of this network alone, as the names of its classes. */
  facts?: Readonly<Record<string, unknown>>;
}

/** Whether a run trained what a network needs; a run without the contrastive loss has no projection heads. */
export function isTrained(network: ExportableNetwork, parameters: Tensors): boolean {
  return [...parametersOf(Object.values(network.build(1))).keys()].every((name) => parameters.has(name));
}

/** The two encoders of a dual encoder, each with and without its projection head. */
export function encoderNetworks(model: RunConfig["model"]): ExportableNetwork[] {
  const part = (output: string, node: keyof EmbeddingGraph): NetworkOfBatch => (batch) => ({
    [output]: buildEmbeddingGraph(model, batch)[node],
  });
  return [
    {
      name: "video_encoder",
      description: "frames to features [batch, E]",
      input: "frames",
      output: "features",
      build: part("features", "videoFeatures"),
    },
    {
      name: "video_embedding",
      description: "frames to embeddings [batch, D] of unit length, comparable with those of speech",
      input: "frames",
      output: "embedding",
      build: part("embedding", "video"),
    },
    {
      name: "speech_encoder",
      description: "spectrograms to features [batch, E]",
      input: "speech",
      output: "features",
      build: part("features", "speechFeatures"),
    },
    {
      name: "speech_embedding",
      description: "spectrograms to embeddings [batch, D] of unit length, comparable with those of frames",
      input: "speech",
      output: "embedding",
      build: part("embedding", "speech"),
    },
  ];
}

/**
 * A standard plane classifier, as fine-tuned by `detectPlanes`.
 *
 * @param classes Names of the classes, in the order of the outputs.
 */
export function planeClassifierNetwork(
  model: RunConfig["model"],
  classes: readonly string[],
): ExportableNetwork {
  return {
    name: "plane_classifier",
    description: `frames to probabilities [batch, ${classes.length}] of standard planes`,
    input: "frames",
    output: "probabilities",
    build: (batch) => buildPlaneClassifier({ model, classes: classes.length, batch }),
    facts: { classes },
  };
}

/** A gaze predictor. @param mapSize Height and width of its maps, cells. */
export function saliencyNetwork(
  model: RunConfig["model"],
  mapSize: readonly [number, number],
): ExportableNetwork {
  return {
    name: "saliency",
    description: `frames to densities [batch, ${mapSize[0]} · ${mapSize[1]}] of gaze, row by row`,
    input: "frames",
    output: "saliency",
    build: (batch) => buildSaliencyNetwork({ model, mapSize, batch }),
    facts: { mapSize },
  };
}
