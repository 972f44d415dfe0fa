/**
 * Networks as TensorFlow.js graph models, for browsers.
 *
 * @module
 */

import project from "../../deno.json" with { type: "json" };
import type { Tensors } from "../tensor/executor.ts";
import { inputsOf, type Node } from "../tensor/graph.ts";
import { type NetworkOfBatch, openBatch } from "./network_of_batch.ts";
import { tf, type TfNode, TfNodes, type TfShape, type TfWeight } from "./tfjs_nodes.ts";
import { TfTranslation } from "./tfjs_translation.ts";

/** An input or output. */
export interface TfTensorInfo {
  name: string;
  dtype: "DT_FLOAT";
  tensorShape: TfShape;
}

/** The JSON of a graph model. */
export interface TfModelJson {
  format: "graph-model";
  generatedBy: string;
  convertedBy: null;
  signature: { inputs: Record<string, TfTensorInfo>; outputs: Record<string, TfTensorInfo> };
  modelTopology: { node: TfNode[]; versions: { producer: number } };
  weightsManifest: { paths: string[]; weights: TfWeight[] }[];
  userDefinedMetadata?: Record<string, string>;
}

/** What is written. */
export interface TfModelOptions {
  /** The network at work (inference mode). */
  build: NetworkOfBatch;
  /** Values of its parameters; others are ignored. */
  parameters: Tensors;
  /** Name of the file of values, beside the JSON. */
  weightsFile: string;
  /** Texts that travel with the model, by name. */
  metadata?: Record<string, string>;
}

/**
 * Writes a network as a TensorFlow.js graph model in float32.
 *
 * The number of rows is left open. Inputs and outputs keep their names; pictures are channels-last, `[batch, H, W, C]`.
 * Batch normalization is folded into the convolution before it.
 *
 * @returns The JSON and the bytes of the file of values; both depend on the options alone.
 * @throws SonospeechError `input` when a parameter is missing or the network is one for training.
 */
export function tfjsModel(options: TfModelOptions): { json: TfModelJson; weights: Uint8Array } {
  const network = openBatch(options.build);
  const out = new TfNodes();
  const translation = new TfTranslation(network, options.parameters, out);
  const told = (name: string, node: Node): TfTensorInfo => ({
    name: `${name}:0`,
    dtype: "DT_FLOAT",
    tensorShape: tf.shape(translation.openShape(node)),
  });
  const inputs: Record<string, TfTensorInfo> = {};
  for (const [name, node] of inputsOf(Object.values(network.outputs))) {
    out.input(name, translation.openShape(node));
    inputs[name] = told(name, node);
  }
  translation.run();
  const outputs: Record<string, TfTensorInfo> = {};
  for (const [name, node] of Object.entries(network.outputs)) {
    outputs[name] = told(out.add("Identity", [translation.get(node)], {}, name), node);
  }
  return {
    json: {
      format: "graph-model",
      generatedBy: `sonospeech ${project.version}`,
      convertedBy: null,
      signature: { inputs, outputs },
      // The version of TensorFlow's graphs that knows explicit paddings.
      modelTopology: { node: out.nodes, versions: { producer: 1087 } },
      weightsManifest: [{ paths: [options.weightsFile], weights: out.weights }],
      ...(options.metadata ? { userDefinedMetadata: options.metadata } : {}),
    },
    weights: out.data(),
  };
}
