/**
 * Reads a TensorFlow.js graph model back as a graph of ours, operation by operation as TensorFlow defines them: the check
 * that a written file is the network it was written from.
 *
 * It knows what {@linkcode tfjsModel} writes for encoders and heads, and nothing of how that was made.
 *
 * @see https://www.tensorflow.org/api_docs/python/tf/raw_ops
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor/executor.ts";
import * as graph from "../tensor/graph.ts";
import type { Node } from "../tensor/graph.ts";
import type { ReadModel } from "./onnx_reader.ts";
import type { TfModelJson } from "./tfjs_model.ts";
import type { TfNode } from "./tfjs_nodes.ts";
import { beyondPicture } from "./tfjs_translation.ts";

/**
 * Builds the graph of a model for some number of rows.
 *
 * @param text The JSON file. @param weights The file of values.
 * @throws SonospeechError `input` when the model holds what {@linkcode tfjsModel} never writes.
 */
export function readTfjs(text: string, weights: Uint8Array, batch: number): ReadModel {
  const json = JSON.parse(text) as TfModelJson;
  const reader = new GraphReader(json, weights, batch);
  const outputs = Object.entries(json.signature.outputs).map(([key, { name }]) => [key, reader.value(name)]);
  const metadata = json.userDefinedMetadata ?? {};
  return { outputs: Object.fromEntries(outputs), parameters: reader.parameters, metadata };
}

class GraphReader {
  readonly parameters = new Map<string, Tensor>();
  readonly #values = new Map<string, Node>();
  readonly #wholes = new Map<string, number[]>();
  /** Pictures with the lowest number around them, which pooling alone may read. */
  readonly #framed = new Map<string, { x: Node; sizes: number[] }>();

  constructor(
    { weightsManifest: [{ weights }], modelTopology, signature }: TfModelJson,
    bytes: Uint8Array,
    batch: number,
  ) {
    let at = 0;
    for (const { name, shape, dtype } of weights) {
      const piece = bytes.slice(at, at += 4 * sizeOf(shape)).buffer;
      if (dtype === "int32") this.#wholes.set(name, [...new Int32Array(piece)]);
      else this.#store(name, { shape, data: new Float32Array(piece) });
    }
    for (const [name, { tensorShape }] of Object.entries(signature.inputs)) {
      const shape = tensorShape.dim.map(({ size }) => size === "-1" ? batch : Number(size));
      this.#values.set(name, graph.input(name, shape));
    }
    for (const node of modelTopology.node) {
      if (node.op !== "Const" && node.op !== "Placeholder") this.#take(node);
    }
  }

  value(name: string): Node {
    return this.#values.get(name.replace(/:0$/, "")) ??
      refuse("every value must be computed before it is used", name);
  }

  #store(name: string, tensor: Tensor): void {
    this.parameters.set(name, tensor);
    const initializer = { kind: "constant", value: 0 } as const;
    const info = { name, initializer, trainable: false, isWeight: true };
    this.#values.set(name, graph.parameter(info, tensor.shape));
  }

  #take(node: TfNode): void {
    const { name, op, input } = node;
    const whole = (place: number) => this.#wholes.get(input[place])!;
    if (op === "Split") {
      const x = this.value(input[1]);
      const [axis, count] = [whole(0)[0], intsOf(node, "num_split")[0]];
      const size = x.shape.map((size, at) => at === axis ? size / count : size);
      for (let part = 0; part < count; part++) {
        const begin = size.map((size, at) => at === axis ? part * size : 0);
        this.#values.set(part === 0 ? name : `${name}:${part}`, graph.slice(x, begin, size));
      }
    } else if (op === "PadV2" && this.#scalar(input[2]) !== 0) {
      if (this.#scalar(input[2]) !== Math.fround(beyondPicture)) {
        refuse("padding must be 0 or the lowest number", op);
      }
      this.#framed.set(name, { x: this.value(input[0]), sizes: whole(1) });
    } else this.#values.set(name, this.#node(node, whole));
  }

  #scalar(name: string): number {
    return this.parameters.get(name)!.data[0];
  }

  #node(node: TfNode, whole: (place: number) => number[]): Node {
    const { op, input } = node;
    const x = () => this.value(input[0]), y = () => this.value(input[1]);
    switch (op) {
      case "Identity":
        return x();
      case "Relu":
        return graph.relu(x());
      case "Sigmoid":
        return graph.sigmoid(x());
      case "Sqrt":
        return graph.sqrt(x());
      case "Softmax":
        return graph.softmax(x());
      case "AddV2":
        return graph.add(x(), y());
      case "Mul":
        return graph.multiply(x(), y());
      case "RealDiv":
        return graph.divide(x(), y());
      case "MatMul":
        return graph.matMul(x(), y(), {
          transposeA: boolOf(node, "transpose_a"),
          transposeB: boolOf(node, "transpose_b"),
        });
      case "Transpose":
        return graph.transpose(x(), whole(1));
      case "Reshape": {
        const known = whole(1).reduce((product, size) => size === -1 ? product : product * size, 1);
        return graph.reshape(x(), whole(1).map((size) => size === -1 ? sizeOf(x().shape) / known : size));
      }
      case "Sum":
        return graph.reduceSum(x(), whole(1), boolOf(node, "keep_dims"));
      case "ConcatV2":
        return graph.concat(input.slice(0, -1).map((name) => this.value(name)), whole(input.length - 1)[0]);
      case "Slice": {
        const size = whole(2).map((size, axis) => size === -1 ? x().shape[axis] : size);
        return graph.slice(x(), whole(1), size);
      }
      case "Conv2D":
        return graph.conv2d(x(), y(), window(node));
      case "MaxPool": {
        const [, height, width] = intsOf(node, "ksize");
        const framed = this.#framed.get(input[0]);
        const [, , top, bottom, left, right] = framed?.sizes ?? [0, 0, 0, 0, 0, 0];
        const padding = { top, bottom, left, right };
        return graph.maxPool(framed?.x ?? x(), [height, width], { ...window(node), padding });
      }
      default:
        return refuse("it must hold operations of encoders and heads only", op);
    }
  }
}

function intsOf({ attr }: TfNode, name: string): number[] {
  const value = attr[name];
  if (value === undefined) return [];
  return "list" in value ? value.list.i.map(Number) : "i" in value ? [Number(value.i)] : [];
}

function boolOf({ attr }: TfNode, name: string): boolean {
  const value = attr[name];
  return value !== undefined && "b" in value && value.b;
}

function window(node: TfNode) {
  const [, ...steps] = intsOf(node, "strides");
  const [, ...taps] = intsOf(node, "dilations");
  const [, , top = 0, bottom = 0, left = 0, right = 0] = intsOf(node, "explicit_paddings");
  return {
    stride: [steps[0], steps[1]] as const,
    dilation: [taps[0] ?? 1, taps[1] ?? 1] as const,
    padding: { top, left, bottom, right },
  };
}

function refuse(must: string, received: unknown): never {
  throw new SonospeechError("input", { action: "read the TensorFlow.js model back", must, received });
}
