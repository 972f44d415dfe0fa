/**
 * A network as a value becomes the nodes of an ONNX graph.
 *
 * Our pictures are channels-last, ONNX's are channels-first. A value of four axes is held in whichever order it was
 * made in, and turned only when a user needs the other one: between input and pooling nothing is.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { type ConvolutionGeometry, type Shape, sizeOf } from "../shape.ts";
import type { Tensors } from "../tensor/executor.ts";
import type { BinaryFunction, Node, Operation, UnaryFunction } from "../tensor/graph.ts";
import type { OpenBatch } from "./network_of_batch.ts";
import type { OnnxNodes } from "./onnx_nodes.ts";

/** Order of the axes of a value: as in our graphs, or with the channels (of four axes) second. */
export type Layout = "ours" | "channelsFirst";

const toFirst = [0, 3, 1, 2], toOurs = [0, 2, 3, 1];

type Of<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;

const unaryOps: Record<Exclude<UnaryFunction, "square">, string> = {
  relu: "Relu",
  sigmoid: "Sigmoid",
  exp: "Exp",
  log: "Log",
  sqrt: "Sqrt",
  reciprocal: "Reciprocal",
};
const binaryOps: Record<BinaryFunction, string> = {
  add: "Add",
  subtract: "Sub",
  multiply: "Mul",
  divide: "Div",
};

/** Translates the nodes of one network. */
export class OnnxTranslation {
  readonly #network: OpenBatch;
  readonly #parameters: Tensors;
  readonly #out: OnnxNodes;
  readonly #names = new Map<Node, Partial<Record<Layout, string>>>();
  readonly #users = new Map<Node, Node[]>();

  /** @param parameters Values of every parameter of the network; others are ignored. */
  constructor(network: OpenBatch, parameters: Tensors, out: OnnxNodes) {
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
      if (this.#isPartOfUser(node)) continue;
      const made = this.#translate(node);
      if (made) this.#names.set(node, { [made[0]]: made[1] });
    }
  }

  /** The name of a node's value in the order of axes in which it is told to the outside. */
  outside(node: Node): string {
    return this.#get(node, node.shape.length === 4 ? "channelsFirst" : "ours");
  }

  /** The shape of a node's value as the outside sees it, with -1 where it follows the batch. */
  outsideShape(node: Node): number[] {
    const shape = node.shape.map((size, axis) => this.#network.isOpen(node, axis) ? -1 : size);
    return node.shape.length === 4 ? toFirst.map((axis) => shape[axis]) : shape;
  }

  /** A convolution whose only user normalizes it, and a sum whose only user divides it into a mean, go with the user. */
  #isPartOfUser(node: Node): boolean {
    const users = this.#users.get(node) ?? [];
    if (users.length !== 1 || Object.values(this.#network.outputs).includes(node)) return false;
    const { kind } = node.operation;
    if (kind === "conv2d") return users[0].operation.kind === "batchNorm" && users[0].inputs[0] === node;
    return kind === "reduceSum" && isMeanOf(users[0], node);
  }

  #translate(node: Node): [Layout, string] | undefined {
    const { operation, inputs: [a, b] } = node;
    switch (operation.kind) {
      case "input":
        return [node.shape.length === 4 ? "channelsFirst" : "ours", operation.name];
      case "parameter":
        return undefined; // Stored in the form its user needs.
      case "constant":
        return ["ours", this.#constant(node, operation.value)];
      case "unary": {
        const { layout, name } = this.#any(a);
        return [
          layout,
          operation.function === "square"
            ? this.#out.add("Mul", [name, name])
            : this.#out.add(unaryOps[operation.function], [name]),
        ];
      }
      case "clampMin": {
        const { layout, name } = this.#any(a);
        return [layout, this.#out.add("Clip", [name, this.#out.scalar("minimum", operation.minimum)])];
      }
      case "affine":
        return this.#isPartOfUser(a) ? this.#reduce("ReduceMean", a) : this.#affine(a, operation);
      case "binary": {
        const together = [a, b].every((operand) => operand.shape.length === 4);
        const layout = together && [a, b].some((x) => this.#any(x).layout === "channelsFirst")
          ? "channelsFirst"
          : "ours";
        return [
          layout,
          this.#out.add(binaryOps[operation.function], [this.#get(a, layout), this.#get(b, layout)]),
        ];
      }
      case "matMul": {
        const transposed = { transA: Number(operation.transposeA), transB: Number(operation.transposeB) };
        return ["ours", this.#out.add("Gemm", [this.#get(a, "ours"), this.#get(b, "ours")], transposed)];
      }
      case "reduceSum":
        return this.#reduce("ReduceSum", node);
      case "broadcastTo":
        return ["ours", this.#out.add("Expand", [this.#get(a, "ours"), this.#stretchedShape(node)])];
      case "reshape":
        return ["ours", this.#out.add("Reshape", [this.#get(a, "ours"), this.#openShape(node)])];
      case "transpose":
        return ["ours", this.#out.add("Transpose", [this.#get(a, "ours")], { perm: operation.permutation })];
      case "concat": {
        const names = node.inputs.map((part) => this.#get(part, "ours"));
        return ["ours", this.#out.add("Concat", names, { axis: operation.axis })];
      }
      case "slice":
        return ["ours", this.#slice(node, operation)];
      case "pad":
        return ["ours", this.#pad(node, operation)];
      case "lastAxis":
        return ["ours", this.#lastAxis(a, operation)];
      case "l2Normalize":
        return ["ours", this.#l2Normalize(a, operation)];
      case "conv2d":
        return ["channelsFirst", this.#convolution(node)];
      case "maxPool":
        return ["channelsFirst", this.#maxPool(a, operation)];
      case "batchNorm":
        return this.#batchNorm(node, operation);
      case "stopGradient": {
        const { layout, name } = this.#any(a);
        return [layout, name];
      }
      default:
        return refuse("it must be a network at work, without operations of training", operation.kind);
    }
  }

  /** The value in the layout it was made in. */
  #any(node: Node): { layout: Layout; name: string } {
    const names = this.#names.get(node);
    return names?.channelsFirst === undefined
      ? { layout: "ours", name: this.#get(node, "ours") }
      : { layout: "channelsFirst", name: names.channelsFirst };
  }

  #get(node: Node, layout: Layout): string {
    const names = this.#names.get(node) ?? {};
    this.#names.set(node, names);
    if (node.operation.kind === "parameter") names.ours ??= this.#stored(node, node.operation.name);
    return names[layout] ??= layout === "ours"
      ? this.#out.add("Transpose", [names.channelsFirst!], { perm: toOurs })
      : this.#out.add("Transpose", [names.ours!], { perm: toFirst });
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

  #stored(node: Node, name: string): string {
    return this.#out.floats(name, node.shape, this.#value(node));
  }

  #constant(node: Node, value: number): string {
    if (node.shape.some((_, axis) => this.#network.isOpen(node, axis))) {
      refuse("constants must not depend on the number of rows", `[${node.shape}]`);
    }
    return this.#out.floats("constant", node.shape, new Float32Array(sizeOf(node.shape)).fill(value));
  }

  #affine(x: Node, { scale, offset }: Of<"affine">): [Layout, string] {
    const { layout, name } = this.#any(x);
    const scaled = scale === 1 ? name : this.#out.add("Mul", [name, this.#out.scalar("scale", scale)]);
    return [
      layout,
      offset === 0 ? scaled : this.#out.add("Add", [scaled, this.#out.scalar("offset", offset)]),
    ];
  }

  /** A sum or mean; channels-first where the order of the axes that are left does not tell the difference. */
  #reduce(opType: "ReduceSum" | "ReduceMean", sum: Node): [Layout, string] {
    const { axes, keepDims } = sum.operation as Of<"reduceSum">;
    const [x] = sum.inputs;
    const held = this.#any(x);
    const isIndifferent = keepDims || axes.includes(3) || (axes.includes(1) && axes.includes(2));
    const layout = held.layout === "channelsFirst" && isIndifferent ? "channelsFirst" : "ours";
    const name = this.#get(x, layout);
    const places = layout === "ours" ? axes : axes.map((axis) => toFirst.indexOf(axis)).sort();
    const keepdims = Number(keepDims);
    // Until opset 18 means take their axes as an attribute, sums since 13 as an input.
    const result = axes.length === 0
      ? name
      : opType === "ReduceSum"
      ? this.#out.add(opType, [name, this.#out.wholeNumbers(places)], { keepdims })
      : this.#out.add(opType, [name], { axes: places, keepdims });
    return [sum.shape.length === 4 ? layout : "ours", result];
  }

  /** The shape as an input of Reshape: -1 for the axis that follows the batch. */
  #openShape(node: Node): string {
    const shape = node.shape.map((size, axis) => this.#network.isOpen(node, axis) ? -1 : size);
    if (shape.filter((size) => size === -1).length > 1) {
      refuse("one axis at most may depend on the number of rows", `[${node.shape}]`);
    }
    return this.#out.wholeNumbers(shape);
  }

  /** The shape as an input of Expand: 1 for axes that keep their size. */
  #stretchedShape(node: Node): string {
    const [x] = node.inputs;
    const missing = node.shape.length - x.shape.length;
    return this.#out.wholeNumbers(node.shape.map((size, axis) => {
      const isKept = axis >= missing && x.shape[axis - missing] === size;
      if (!isKept && this.#network.isOpen(node, axis)) {
        refuse("nothing may be repeated for every row", `[${x.shape}] to [${node.shape}]`);
      }
      return isKept ? 1 : size;
    }));
  }

  #slice(node: Node, { begin }: Of<"slice">): string {
    const [x] = node.inputs;
    const axes = begin.flatMap((start, axis) => start === 0 && this.#hasSize(node, x, axis) ? [] : [axis]);
    if (axes.some((axis) => this.#network.isOpen(x, axis))) {
      refuse("rows must not be cut out", `[${x.shape}] to [${node.shape}]`);
    }
    const list = (of: (axis: number) => number) => this.#out.wholeNumbers(axes.map(of));
    const ends = list((axis) => begin[axis] + node.shape[axis]);
    return this.#out.add("Slice", [
      this.#get(x, "ours"),
      list((axis) => begin[axis]),
      ends,
      list((axis) => axis),
    ]);
  }

  #hasSize(node: Node, x: Node, axis: number): boolean {
    return node.shape[axis] === x.shape[axis];
  }

  #pad(node: Node, { before }: Of<"pad">): string {
    const [x] = node.inputs;
    const after = node.shape.map((size, axis) => size - x.shape[axis] - before[axis]);
    return this.#out.add("Pad", [this.#get(x, "ours"), this.#out.wholeNumbers([...before, ...after])]);
  }

  #lastAxis(x: Node, { function: name }: Of<"lastAxis">): string {
    const input = [this.#get(x, "ours")];
    if (name === "logSumExp") return this.#out.add("ReduceLogSumExp", input, { axes: [-1], keepdims: 0 });
    return this.#out.add(name === "softmax" ? "Softmax" : "LogSoftmax", input, { axis: -1 });
  }

  #l2Normalize(x: Node, { epsilon }: Of<"l2Normalize">): string {
    const name = this.#get(x, "ours");
    const squares = this.#out.add("Mul", [name, name]);
    const sum = this.#out.add("ReduceSum", [squares, this.#out.wholeNumbers([-1])], { keepdims: 1 });
    const norm = this.#out.add("Sqrt", [this.#out.add("Add", [sum, this.#out.scalar("epsilon", epsilon)])]);
    return this.#out.add("Div", [name, norm]);
  }

  /** @param factors One for each filter. @param bias One for each filter. */
  #convolution(node: Node, factors?: Float64Array, bias?: Float64Array): string {
    const [x, filter] = node.inputs;
    const [height, width, channels, count] = filter.shape;
    const values = this.#value(filter);
    const turned = new Float32Array(values.length);
    for (let tap = 0; tap < height * width; tap++) {
      for (let c = 0; c < channels; c++) {
        for (let k = 0; k < count; k++) {
          const value = values[(tap * channels + c) * count + k];
          turned[(k * channels + c) * height * width + tap] = value * (factors?.[k] ?? 1);
        }
      }
    }
    const name = filter.operation.kind === "parameter" ? filter.operation.name : "filter";
    const inputs = [
      this.#get(x, "channelsFirst"),
      this.#out.floats(name, [count, channels, height, width], turned),
      ...(bias ? [this.#out.floats(name.replace(/weight$/, "bias"), [count], Float32Array.from(bias))] : []),
    ];
    const geometry = node.operation as Of<"conv2d">;
    return this.#out.add("Conv", inputs, { ...window([height, width], geometry), group: geometry.groups });
  }

  #maxPool(x: Node, operation: Of<"maxPool">): string {
    return this.#out.add("MaxPool", [this.#get(x, "channelsFirst")], window(operation.window, operation));
  }

  /** By fixed moments it is one factor and one offset a channel, which a convolution before it takes up. */
  #batchNorm(node: Node, { epsilon, relu }: Of<"batchNorm">): [Layout, string] {
    const [x, ...statistics] = node.inputs;
    const [moments, gamma, beta] = statistics.map((statistic) => this.#value(statistic));
    const channels = gamma.length;
    const factors = Float64Array.from(gamma, (g, c) => g / Math.sqrt(moments[channels + c] + epsilon));
    const offsets = Float64Array.from(beta, (b, c) => b - moments[c] * factors[c]);
    let layout: Layout = "channelsFirst";
    let y: string;
    if (this.#isPartOfUser(x)) y = this.#convolution(x, factors, offsets);
    else {
      const held = this.#any(x);
      layout = held.layout;
      const shape: Shape = layout === "ours" ? [channels] : [channels, 1, 1];
      const store = (name: string, data: Float64Array) =>
        this.#out.floats(name, shape, Float32Array.from(data));
      y = this.#out.add("Mul", [held.name, store("factors", factors)]);
      y = this.#out.add("Add", [y, store("offsets", offsets)]);
    }
    return [layout, relu ? this.#out.add("Relu", [y]) : y];
  }
}

/** Whether `node` divides the sum by the number of what is summed. */
function isMeanOf(node: Node, sum: Node): boolean {
  const { operation } = node;
  if (operation.kind !== "affine" || operation.offset !== 0) return false;
  const count = sizeOf(sum.inputs[0].shape) / sizeOf(sum.shape);
  return Math.abs(operation.scale * count - 1) < 1e-12;
}

/** Attributes of Conv and MaxPool. */
function window(kernel: readonly number[], { strides, dilations, padding }: ConvolutionGeometry) {
  const { top, left, bottom, right } = padding;
  return { kernel_shape: kernel, strides, dilations, pads: [top, left, bottom, right] };
}

function refuse(must: string, received?: unknown): never {
  throw new SonospeechError("input", { action: "export the network as ONNX", must, received });
}
