/**
 * Reads an ONNX model back as a graph of ours, operation by operation as the format defines them: the check that a
 * written file is the network it was written from.
 *
 * It knows what {@linkcode onnxModel} writes for encoders and heads, and nothing of how that was made.
 *
 * @see https://github.com/onnx/onnx/blob/main/docs/Operators.md
 * @module
 */

import proto from "onnx-proto";
import { SonospeechError } from "../errors.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor/executor.ts";
import * as graph from "../tensor/graph.ts";
import type { Node } from "../tensor/graph.ts";

/** A model as a graph. */
export interface ReadModel {
  /** Outputs by name, for the asked number of rows. */
  outputs: Record<string, Node>;
  /** Values of the graph's parameters. */
  parameters: Map<string, Tensor>;
  /** The texts that came with the model. */
  metadata: Record<string, string>;
}

/**
 * Builds the graph of a model for some number of rows.
 *
 * @throws SonospeechError `input` when the model holds what {@linkcode onnxModel} never writes.
 */
export function readOnnx(bytes: Uint8Array, batch: number): ReadModel {
  const model = proto.onnx.ModelProto.decode(bytes);
  const reader = new GraphReader(model.graph!, batch);
  return {
    outputs: Object.fromEntries(model.graph!.output!.map(({ name }) => [name, reader.value(name!)])),
    parameters: reader.parameters,
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
  };
}

class GraphReader {
  readonly parameters = new Map<string, Tensor>();
  readonly #values = new Map<string, Node>();
  readonly #floats = new Map<string, Tensor>();
  readonly #wholes = new Map<string, number[]>();

  constructor(net: proto.onnx.IGraphProto, batch: number) {
    for (const { name, dims, dataType, rawData } of net.initializer!) {
      const { buffer } = Uint8Array.from(rawData!);
      if (dataType === proto.onnx.TensorProto.DataType.INT64) {
        this.#wholes.set(name!, Array.from(new BigInt64Array(buffer), Number));
      } else this.#floats.set(name!, { shape: dims!.map(Number), data: new Float32Array(buffer) });
    }
    for (const { name, type } of net.input!) {
      const shape = type!.tensorType!.shape!.dim!.map(({ dimParam, dimValue }) =>
        dimParam ? batch : Number(dimValue)
      );
      this.#values.set(name!, graph.input(name!, shape));
    }
    for (const node of net.node!) this.#values.set(node.output![0], this.#node(new NodeReader(node)));
  }

  value(name: string): Node {
    let value = this.#values.get(name);
    if (!value) {
      const tensor = this.#floats.get(name);
      if (!tensor) return refuse("every value must be computed before it is used", name);
      this.#values.set(name, value = this.#parameter(name, tensor));
    }
    return value;
  }

  #parameter(name: string, tensor: Tensor): Node {
    this.parameters.set(name, tensor);
    const initializer = { kind: "constant", value: 0 } as const;
    return graph.parameter({ name, initializer, trainable: false, isWeight: true }, tensor.shape);
  }

  #node(node: NodeReader): Node {
    const [x, y] = node.inputs.map((name) => this.#wholes.has(name) ? undefined : this.value(name));
    const whole = (place: number) => this.#wholes.get(node.inputs[place])!;
    switch (node.opType) {
      case "Identity":
        return x!;
      case "Relu":
        return graph.relu(x!);
      case "Sigmoid":
        return graph.sigmoid(x!);
      case "Sqrt":
        return graph.sqrt(x!);
      case "Softmax":
        return graph.softmax(x!);
      case "Add":
        return graph.add(x!, y!);
      case "Mul":
        return graph.multiply(x!, y!);
      case "Div":
        return graph.divide(x!, y!);
      case "Gemm": {
        const [transposeA, transposeB] = [node.int("transA") === 1, node.int("transB") === 1];
        return graph.matMul(x!, y!, { transposeA, transposeB });
      }
      case "Transpose":
        return graph.transpose(x!, node.ints("perm"));
      case "Reshape":
        return graph.reshape(x!, completed(whole(1), x!.shape));
      case "ReduceMean":
        return graph.reduceMean(x!, counted(node.ints("axes"), x!), node.int("keepdims") === 1);
      case "ReduceSum":
        return graph.reduceSum(x!, counted(whole(1), x!), node.int("keepdims") === 1);
      case "Slice":
        return slice(x!, whole(1), whole(2), whole(3));
      case "MaxPool":
        return channelsFirst(graph.maxPool(channelsLast(x!), pair(node.ints("kernel_shape")), node.window()));
      case "Conv":
        return this.#convolution(x!, node);
      default:
        return refuse("it must hold operations of encoders and heads only", node.opType);
    }
  }

  #convolution(x: Node, node: NodeReader): Node {
    const [, filterName, biasName] = node.inputs;
    const filter = this.#floats.get(filterName)!;
    const [count, channels, height, width] = filter.shape;
    const data = new Float32Array(filter.data.length);
    filter.data.forEach((value, i) => {
      const [k, rest] = [Math.floor(i / (channels * height * width)), i % (channels * height * width)];
      const [c, tap] = [Math.floor(rest / (height * width)), rest % (height * width)];
      data[(tap * channels + c) * count + k] = value;
    });
    const turned = this.#parameter(`${filterName} turned`, { shape: [height, width, channels, count], data });
    const y = graph.conv2d(channelsLast(x), turned, { ...node.window(), groups: node.int("group") });
    return channelsFirst(biasName === undefined ? y : graph.add(y, this.value(biasName)));
  }
}

/** One node's inputs and attributes. */
class NodeReader {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly #attributes: Map<string, proto.onnx.IAttributeProto>;

  constructor({ opType, input, attribute }: proto.onnx.INodeProto) {
    this.opType = opType!;
    this.inputs = input!;
    this.#attributes = new Map(attribute!.map((one) => [one.name!, one]));
  }

  int(name: string): number {
    return Number(this.#attributes.get(name)?.i ?? 0);
  }

  ints(name: string): number[] {
    return (this.#attributes.get(name)?.ints ?? []).map(Number);
  }

  window() {
    const [top, left, bottom, right] = this.ints("pads");
    return {
      stride: pair(this.ints("strides")),
      dilation: pair(this.ints("dilations")),
      padding: { top, left, bottom, right },
    };
  }
}

const channelsLast = (x: Node) => graph.transpose(x, [0, 2, 3, 1]);
const channelsFirst = (x: Node) => graph.transpose(x, [0, 3, 1, 2]);
const pair = (values: readonly number[]) => [values[0], values[1]] as const;

/** Axes that may be counted from the end, counted from the start. */
function counted(axes: readonly number[], x: Node): number[] {
  return axes.map((axis) => axis < 0 ? axis + x.shape.length : axis);
}

/** A shape whose one -1 takes what is left. */
function completed(shape: readonly number[], from: Shape): number[] {
  const known = shape.reduce((product, size) => size === -1 ? product : product * size, 1);
  return shape.map((size) => size === -1 ? sizeOf(from) / known : size);
}

function slice(x: Node, starts: readonly number[], ends: readonly number[], axes: readonly number[]): Node {
  const begin = x.shape.map((_, axis) => axes.includes(axis) ? starts[axes.indexOf(axis)] : 0);
  const size = x.shape.map((whole, axis) =>
    axes.includes(axis) ? ends[axes.indexOf(axis)] - begin[axis] : whole
  );
  return graph.slice(x, begin, size);
}

function refuse(must: string, received: unknown): never {
  throw new SonospeechError("input", { action: "read the ONNX model back", must, received });
}
