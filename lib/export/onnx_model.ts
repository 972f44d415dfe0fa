/**
 * ONNX files of networks.
 *
 * @see https://github.com/onnx/onnx/blob/main/docs/IR.md
 * @module
 */

import proto from "onnx-proto";
import project from "../../deno.json" with { type: "json" };
import type { Tensors } from "../tensor/executor.ts";
import { inputsOf } from "../tensor/graph.ts";
import { type NetworkOfBatch, openBatch } from "./network_of_batch.ts";
import { float32Type, OnnxNodes } from "./onnx_nodes.ts";
import { OnnxTranslation } from "./onnx_translation.ts";

/** The version of the operators that is written: read by ONNX Runtime 1.6 (2020) and whatever is newer. */
export const onnxOpset = 13;
/** The version of the file format, that of the same ONNX releases. */
export const onnxIrVersion = 7;

/** The name of the axis whose size is left open. */
const batchName = "batch";

/** What is written. */
export interface OnnxModelOptions {
  /** Name of the graph, without blanks. */
  name: string;
  /** The network at work (inference mode). */
  build: NetworkOfBatch;
  /** Values of its parameters; others are ignored. */
  parameters: Tensors;
  /** What the model is for, in words. */
  description?: string;
  /** Texts that travel with the model, by name. */
  metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a network as an ONNX model in float32.
 *
 * The number of rows is left open (`batch`). Inputs and outputs keep their names; those of four axes are
 * channels-first, `[batch, C, H, W]`. Batch normalization is folded into the convolution before it.
 *
 * @returns The bytes of an `.onnx` file; they depend on the options alone.
 * @throws SonospeechError `input` when a parameter is missing or the network is one for training.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { input, relu } from "../tensor/graph.ts";
 * import { onnxModel } from "./onnx_model.ts";
 * const build = (batch: number) => ({ y: relu(input("x", [batch, 3])) });
 * const bytes = onnxModel({ name: "rectifier", build, parameters: new Map() });
 * assert(new TextDecoder().decode(bytes).includes("Relu"));
 * ```
 */
export function onnxModel(options: OnnxModelOptions): Uint8Array<ArrayBuffer> {
  const network = openBatch(options.build);
  const out = new OnnxNodes();
  const translation = new OnnxTranslation(network, options.parameters, out);
  const inputs = [...inputsOf(Object.values(network.outputs))].map(([name, node]) =>
    valueInfo(out.name(name), translation.outsideShape(node))
  );
  const outputs = Object.entries(network.outputs).map(([name, node]) => ({ name: out.name(name), node }));
  translation.run();
  nameOutputs(out, outputs.map(({ name, node }) => ({ name, value: translation.outside(node) })));
  const bytes = proto.onnx.ModelProto.encode({
    irVersion: onnxIrVersion,
    opsetImport: [{ domain: "", version: onnxOpset }],
    producerName: "sonospeech",
    producerVersion: project.version,
    docString: options.description ?? "",
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
    graph: {
      name: options.name,
      node: out.nodes,
      initializer: out.initializers,
      input: inputs,
      output: outputs.map(({ name, node }) => valueInfo(name, translation.outsideShape(node))),
    },
  }).finish();
  return Uint8Array.from(bytes);
}

/** Gives values their outside names; an input, a stored value or what is named already is passed on under the name. */
function nameOutputs(out: OnnxNodes, outputs: readonly { name: string; value: string }[]): void {
  const named = new Map<string, string>();
  for (const { name, value } of outputs) {
    const isComputed = out.nodes.some(({ output }) => output?.includes(value));
    if (isComputed && !named.has(value)) {
      out.rename(value, name);
      named.set(value, name);
    } else {
      out.nodes.push({ opType: "Identity", name, input: [named.get(value) ?? value], output: [name] });
    }
  }
}

function valueInfo(name: string, shape: readonly number[]): proto.onnx.IValueInfoProto {
  const dim = shape.map((size) => size === -1 ? { dimParam: batchName } : { dimValue: size });
  return { name, type: { tensorType: { elemType: float32Type, shape: { dim } } } };
}
