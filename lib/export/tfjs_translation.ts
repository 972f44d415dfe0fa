/**
 * A network as a value becomes the nodes of a TensorFlow.js graph model.
 *
 * Both keep pictures channels-last, so that hardly anything is turned.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { type ConvolutionGeometry, type Shape, sizeOf } from "../shape.ts";
import type { Tensors } from "../tensor/executor.ts";
import type { BinaryFunction, Node, Operation, UnaryFunction } from "../tensor/graph.ts";
import type { OpenBatch } from "./network_of_batch.ts";
import { tf, type TfNodes } from "./tfjs_nodes.ts";

type Of<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;

const unaryOps: Record<Exclude<UnaryFunction, "square" | "reciprocal">, string> = {
  relu: "Relu",
  sigmoid: "Sigmoid",
  exp: "Exp",
  log: "Log",
  sqrt: "Sqrt",
};
const binaryOps: Record<BinaryFunction, string> = {
  add: "AddV2",
  subtract: "Sub",
  multiply: "Mul",
  divide: "RealDiv",
};

/** What pooling sees around a picture: the lowest float32, which never is the highest. */
export const beyondPicture = -3.4028234663852886e38;

/** Translates the nodes of one network. */
export class TfTranslation {
  readonly #network: OpenBatch;
  readonly #parameters: Tensors;
  readonly #out: TfNodes;
  readonly #names = new Map<Node, string>();
  readonly #users = new Map<Node, Node[]>();

  /** @param parameters Values of every parameter of the network; others are ignored. */
  constructor(network: OpenBatch, parameters: Tensors, out: TfNodes) {
    this.#network = network;
    this.#parameters = parameters;
    this.#out = out;
    for (const node of network.order) {
      for (const operand of node.inputs) {
        this.#users.set(operand, [...this.#users.get(operand) ?? [], node]);
      }
    }
  }

  /** Translates every node. @throws SonospeechError `input` for what inference never needs, or a missing parameter. */
  run(): void {
    for (const node of this.#network.order) {
      if (node.operation.kind === "parameter" || this.#isPartOfUser(node)) continue;
      this.#names.set(node, this.#translate(node));
    }
  }

  /** The name of a node's value. */
  get(node: Node): string {
    let name = this.#names.get(node);
    if (name === undefined && node.operation.kind === "parameter") {
      name = this.#out.floats(node.operation.name, node.shape, this.#value(node));
      this.#names.set(node, name);
    }
    return name!;
  }

  /** The shape of a node's value, with -1 where it follows the batch. */
  openShape(node: Node): number[] {
    return node.shape.map((size, axis) => this.#network.isOpen(node, axis) ? -1 : size);
  }

  /** A convolution whose only user normalizes it goes with the user. */
  #isPartOfUser(node: Node): boolean {
    const users = this.#users.get(node) ?? [];
    return node.operation.kind === "conv2d" && users.length === 1 &&
      users[0].operation.kind === "batchNorm" && users[0].inputs[0] === node &&
      !Object.values(this.#network.outputs).includes(node);
  }

  #translate(node: Node): string {
    const { operation, inputs: [a, b] } = node;
    const x = () => this.get(a);
    switch (operation.kind) {
      case "input":
        return operation.name;
      case "constant":
        return this.#constant(node, operation.value);
      case "unary":
        return this.#unary(x(), operation.function);
      case "clampMin":
        return this.#out.add("Maximum", [x(), this.#out.scalar("minimum", operation.minimum)]);
      case "affine":
        return this.#affine(x(), operation);
      case "binary":
        return this.#out.add(binaryOps[operation.function], [x(), this.get(b)]);
      case "matMul": {
        const [transpose_a, transpose_b] = [tf.bool(operation.transposeA), tf.bool(operation.transposeB)];
        return this.#out.add("MatMul", [x(), this.get(b)], { transpose_a, transpose_b });
      }
      case "reduceSum":
        return operation.axes.length === 0
          ? x()
          : this.#reduce("Sum", x(), operation.axes, operation.keepDims);
      case "broadcastTo":
        return this.#out.add("Mul", [x(), this.#ones(node)]);
      case "reshape":
        return this.#reshape(x(), node);
      case "transpose":
        return this.#out.add("Transpose", [x(), this.#out.wholeNumbers(operation.permutation)]);
      case "concat": {
        const parts = node.inputs.map((part) => this.get(part));
        return this.#concat(parts, operation.axis);
      }
      case "slice":
        return this.#slice(node, operation);
      case "pad": {
        const after = node.shape.map((size, axis) => size - a.shape[axis] - operation.before[axis]);
        return this.#pad(x(), operation.before, after, 0);
      }
      case "lastAxis":
        return this.#lastAxis(x(), operation, a.shape.length);
      case "l2Normalize":
        return this.#l2Normalize(x(), operation, a.shape.length);
      case "conv2d":
        return this.#convolution(node);
      case "maxPool":
        return this.#maxPool(x(), operation);
      case "batchNorm":
        return this.#batchNorm(node, operation);
      case "stopGradient":
        return x();
      default:
        return refuse("it must be a network at work, without operations of training", operation.kind);
    }
  }

  #value(node: Node): Float32Array {
    if (node.operation.kind !== "parameter") {
      return refuse("filters and moments must be parameters: the network must be in inference mode");
    }
    const { name } = node.operation;
    const tensor = this.#parameters.get(name);
    return tensor?.data.length === sizeOf(node.shape)
      ? tensor.data
      : refuse(`parameter ${name} must have shape [${node.shape}]`, tensor ? `[${tensor.shape}]` : "none");
  }

  #constant(node: Node, value: number): string {
    if (this.openShape(node).includes(-1)) {
      refuse("constants must not depend on the number of rows", `[${node.shape}]`);
    }
    return this.#out.floats("constant", node.shape, new Float32Array(sizeOf(node.shape)).fill(value));
  }

  #unary(x: string, name: UnaryFunction): string {
    if (name === "square") return this.#out.add("Mul", [x, x]);
    if (name === "reciprocal") return this.#out.add("RealDiv", [this.#out.scalar("one", 1), x]);
    return this.#out.add(unaryOps[name], [x]);
  }

  #affine(x: string, { scale, offset }: Of<"affine">): string {
    const scaled = scale === 1 ? x : this.#out.add("Mul", [x, this.#out.scalar("scale", scale)]);
    return offset === 0 ? scaled : this.#out.add("AddV2", [scaled, this.#out.scalar("offset", offset)]);
  }

  #reduce(op: "Sum" | "Mean", x: string, axes: readonly number[], keepDims: boolean): string {
    return this.#out.add(op, [x, this.#out.wholeNumbers(axes)], { keep_dims: tf.bool(keepDims) });
  }

  /** Ones that stretch a value when it is multiplied by them: TensorFlow.js stretches to no open shape. */
  #ones(node: Node): string {
    const [x] = node.inputs;
    const missing = node.shape.length - x.shape.length;
    const shape = node.shape.map((size, axis) => {
      if (axis >= missing && x.shape[axis - missing] === size) return 1;
      if (!this.#network.isOpen(node, axis)) return size;
      return refuse("nothing may be repeated for every row", `[${x.shape}] to [${node.shape}]`);
    });
    return this.#out.floats("ones", shape, new Float32Array(sizeOf(shape)).fill(1));
  }

  #reshape(x: string, node: Node): string {
    const shape = this.openShape(node);
    if (shape.filter((size) => size === -1).length > 1) {
      refuse("one axis at most may depend on the number of rows", `[${node.shape}]`);
    }
    return this.#out.add("Reshape", [x, this.#out.wholeNumbers(shape)]);
  }

  #concat(parts: readonly string[], axis: number): string {
    const axisName = this.#out.wholeNumbers([axis], []);
    return this.#out.add("ConcatV2", [...parts, axisName], { N: tf.int(parts.length) });
  }

  #slice(node: Node, { begin }: Of<"slice">): string {
    const [x] = node.inputs;
    const size = node.shape.map((size, axis) => {
      if (!this.#network.isOpen(x, axis)) return size;
      if (begin[axis] === 0 && size === x.shape[axis]) return -1;
      return refuse("rows must not be cut out", `[${x.shape}] to [${node.shape}]`);
    });
    return this.#out.add("Slice", [
      this.get(x),
      this.#out.wholeNumbers(begin),
      this.#out.wholeNumbers(size),
    ]);
  }

  #pad(x: string, before: readonly number[], after: readonly number[], value: number): string {
    const pairs = this.#out.wholeNumbers(before.flatMap((size, axis) => [size, after[axis]]), [
      before.length,
      2,
    ]);
    return this.#out.add("PadV2", [x, pairs, this.#out.scalar("padding", value)]);
  }

  #lastAxis(x: string, { function: name }: Of<"lastAxis">, rank: number): string {
    if (name !== "logSumExp") return this.#out.add(name === "softmax" ? "Softmax" : "LogSoftmax", [x]);
    // x less its log-softmax is the same for every element of the axis.
    const sums = this.#out.add("Sub", [x, this.#out.add("LogSoftmax", [x])]);
    return this.#reduce("Mean", sums, [rank - 1], false);
  }

  #l2Normalize(x: string, { epsilon }: Of<"l2Normalize">, rank: number): string {
    const sum = this.#reduce("Sum", this.#out.add("Mul", [x, x]), [rank - 1], true);
    const norm = this.#out.add("Sqrt", [
      this.#out.add("AddV2", [sum, this.#out.scalar("epsilon", epsilon)]),
    ]);
    return this.#out.add("RealDiv", [x, norm]);
  }

  /** @param factors One for each filter. TensorFlow.js knows no groups: each is a convolution of its own. */
  #convolution(node: Node, factors?: Float64Array): string {
    const [x, filter] = node.inputs;
    const { groups, ...geometry } = node.operation as Of<"conv2d">;
    const [height, width, channels, count] = filter.shape;
    const values = this.#value(filter).map((value, i) => value * (factors?.[i % count] ?? 1));
    const wish = filter.operation.kind === "parameter" ? filter.operation.name : "filter";
    const each = count / groups;
    const attributes = convolutionAttributes(geometry);
    const part = (input: string, group: number) => {
      const data = values.filter((_, i) => Math.floor((i % count) / each) === group);
      const name = this.#out.floats(wish, [height, width, channels, each], data);
      return this.#out.add("Conv2D", [input, name], attributes);
    };
    if (groups === 1) return part(this.get(x), 0);
    const split = this.#out.add("Split", [this.#out.wholeNumbers([3], []), this.get(x)], {
      num_split: tf.int(groups),
    });
    const parts = Array.from(
      { length: groups },
      (_, group) => part(group === 0 ? split : `${split}:${group}`, group),
    );
    return this.#concat(parts, 3);
  }

  #maxPool(x: string, { window, strides, dilations, padding }: Of<"maxPool">): string {
    if (dilations.some((step) => step !== 1)) refuse("pooling must not be dilated", dilations);
    const { top, left, bottom, right } = padding;
    const padded = top + left + bottom + right === 0
      ? x
      : this.#pad(x, [0, top, left, 0], [0, bottom, right, 0], beyondPicture);
    return this.#out.add("MaxPool", [padded], {
      ksize: tf.ints([1, ...window, 1]),
      strides: tf.ints([1, ...strides, 1]),
      padding: tf.text("VALID"),
      data_format: tf.text("NHWC"),
    });
  }

  /** By fixed moments it is one factor and one offset a channel; a convolution before it takes up the factor. */
  #batchNorm(node: Node, { epsilon, relu }: Of<"batchNorm">): string {
    const [x, ...statistics] = node.inputs;
    const [moments, gamma, beta] = statistics.map((statistic) => this.#value(statistic));
    const channels = gamma.length;
    const factors = Float64Array.from(gamma, (g, c) => g / Math.sqrt(moments[channels + c] + epsilon));
    const offsets = Float32Array.from(beta, (b, c) => b - moments[c] * factors[c]);
    const stored = (name: string, values: Float32Array) => this.#out.floats(name, [channels], values);
    const scaled = this.#isPartOfUser(x)
      ? this.#convolution(x, factors)
      : this.#out.add("Mul", [this.get(x), stored("factors", Float32Array.from(factors))]);
    const y = this.#out.add("AddV2", [scaled, stored("offsets", offsets)]);
    return relu ? this.#out.add("Relu", [y]) : y;
  }
}

function convolutionAttributes({ strides, dilations, padding }: Omit<ConvolutionGeometry, "groups">) {
  const { top, bottom, left, right } = padding;
  const explicit: Shape = [0, 0, top, bottom, left, right, 0, 0];
  if (strides.some((step) => step > 1) && dilations.some((step) => step > 1)) {
    refuse("a convolution may have steps between its outputs or between its taps, not both", {
      strides,
      dilations,
    });
  }
  const isPadded = explicit.some((size) => size > 0);
  return {
    strides: tf.ints([1, ...strides, 1]),
    dilations: tf.ints([1, ...dilations, 1]),
    padding: tf.text(isPadded ? "EXPLICIT" : "VALID"),
    ...(isPadded ? { explicit_paddings: tf.ints(explicit) } : {}),
    data_format: tf.text("NHWC"),
  };
}

function refuse(must: string, received?: unknown): never {
  throw new SonospeechError("input", { action: "export the network for TensorFlow.js", must, received });
}
