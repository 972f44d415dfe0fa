/**
 * The peer jax-js: a training graph as a function of arrays, with the gradient by its own `valueAndGrad`, Adam written
 * out, and all of it in one `jit`.
 *
 * Arrays of jax-js are counted references that every use consumes, so a value is passed on as `.ref` and given back
 * when the function has been traced. Pictures are turned from NHWC to NCHW and back around convolutions and pooling:
 * transposing is a change of view in jax-js and moves no data.
 *
 * @module
 */

import { defaultDevice, init, jit, lax, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import type { Tensor, Tensors, TrainingGraph } from "../../lib/tensor/executor.ts";
import {
  inputsOf,
  type Node,
  type Operation,
  parametersOf,
  topologicalOrder,
} from "../../lib/tensor/graph.ts";
import { sizeOf } from "../../lib/shape.ts";

type OperationOf<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;
type Arrays = Record<string, np.Array>;

/** What Adam keeps; a type, for an interface is no tree of arrays to jax-js. */
type TrainingState = { parameters: Arrays; moment1: Arrays; moment2: Arrays };

/** A training step on jax-js's WebGPU backend. */
export class JaxProgram {
  readonly #inputs: readonly string[];
  readonly #learningRate: number;
  readonly #fixed: Arrays;
  readonly #step: (
    state: TrainingState,
    fixed: Arrays,
    feeds: Arrays,
    rates: np.Array,
  ) => [np.Array, TrainingState];
  #state: TrainingState;
  #count = 0;

  private constructor(graph: TrainingGraph, parameters: Tensors, learningRate: number) {
    const trainable = parametersOf([graph.objective]);
    const fixed = [...trainable].filter(([, node]) => !node.operation.trainable).map(([name]) => name);
    const arrays = (names: Iterable<string>, make: (tensor: Tensor) => np.Array): Arrays =>
      Object.fromEntries([...names].map((name) => [name, make(parameters.get(name)!)]));
    for (const name of fixed) trainable.delete(name);
    this.#inputs = [...inputsOf([graph.objective]).keys()];
    this.#learningRate = learningRate;
    this.#fixed = arrays(fixed, toArray);
    this.#state = {
      parameters: arrays(trainable.keys(), toArray),
      moment1: arrays(trainable.keys(), ({ shape }) => np.zeros([...shape])),
      moment2: arrays(trainable.keys(), ({ shape }) => np.zeros([...shape])),
    };
    this.#step = jit(stepFunction(graph));
  }

  /** Starts the backend. @throws Error when there is no adapter. */
  static async create(graph: TrainingGraph, parameters: Tensors, learningRate: number): Promise<JaxProgram> {
    const found = await init("webgpu");
    if (!found.includes("webgpu")) throw new Error("jax-js finds no graphics adapter");
    defaultDevice("webgpu");
    return new JaxProgram(graph, parameters, learningRate);
  }

  /** One step: forward, backward, update. @returns the objective before the update, unless it is not read. */
  async step(feeds: Tensors, isRead: boolean): Promise<number | undefined> {
    const t = ++this.#count;
    const rates = np.array([this.#learningRate / (1 - beta1 ** t), 1 / (1 - beta2 ** t)]);
    const arrays = Object.fromEntries(this.#inputs.map((name) => [name, toArray(feeds.get(name)!)]));
    const fixed = mapValues(this.#fixed, (value) => value.ref);
    const [objective, state] = this.#step(this.#state, fixed, arrays, rates);
    this.#state = state;
    if (isRead) return (await objective.data())[0];
    objective.dispose();
  }
}

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

function toArray({ shape, data }: Tensor): np.Array {
  return np.array(data as Float32Array<ArrayBuffer>).reshape([...shape]);
}

function mapValues(arrays: Arrays, map: (value: np.Array, name: string) => np.Array): Arrays {
  return Object.fromEntries(Object.entries(arrays).map(([name, value]) => [name, map(value, name)]));
}

function stepFunction(graph: TrainingGraph) {
  return (
    { parameters, moment1, moment2 }: TrainingState,
    fixed: Arrays,
    feeds: Arrays,
    rates: np.Array,
  ): [np.Array, TrainingState] => {
    const objectiveOf = (trained: Arrays) => evaluate(graph.objective, { ...feeds, ...fixed }, trained);
    const [objective, gradients] = valueAndGrad(objectiveOf)(mapValues(parameters, (value) => value.ref)) as [
      np.Array,
      Arrays,
    ];
    const [stepSize, correction2] = [rates.ref.slice(0), rates.slice(1)];
    const average = (old: np.Array, value: np.Array, beta: number) => old.mul(beta).add(value.mul(1 - beta));
    const next: TrainingState = {
      moment1: mapValues(moment1, (m, name) => average(m, gradients[name].ref, beta1)),
      moment2: mapValues(moment2, (v, name) => average(v, np.square(gradients[name]), beta2)),
      parameters: {},
    };
    next.parameters = mapValues(parameters, (value, name) => {
      const root = np.sqrt(next.moment2[name].ref.mul(correction2.ref)).add(epsilon);
      return value.sub(next.moment1[name].ref.mul(stepSize.ref).div(root));
    });
    stepSize.dispose();
    correction2.dispose();
    return [objective, next];
  };
}

/** The objective of named inputs, fixed and trained parameters. */
function evaluate(objective: Node, given: Arrays, trained: Arrays): np.Array {
  const values = new Map<Node, np.Array>();
  for (const node of topologicalOrder([objective])) {
    const { operation } = node;
    if (operation.kind === "input") values.set(node, given[operation.name].ref);
    else if (operation.kind === "parameter") {
      values.set(node, (trained[operation.name] ?? given[operation.name]).ref);
    } else if (operation.kind === "constant") values.set(node, np.full([...node.shape], operation.value));
    else if (operation.kind !== "batchMoments") { // batchNorm takes them itself.
      values.set(node, compute(node, node.inputs.map((input) => values.get(input)!)));
    }
  }
  const result = values.get(objective)!.ref.reshape([]);
  for (const value of values.values()) value.dispose();
  return result;
}

const unaryOperations = {
  relu: nn.relu,
  sigmoid: nn.sigmoid,
  exp: np.exp,
  log: np.log,
  sqrt: np.sqrt,
  square: np.square,
  reciprocal: np.reciprocal,
};

const binaryOperations = { add: np.add, subtract: np.subtract, multiply: np.multiply, divide: np.divide };

const lastAxisOperations = {
  softmax: (x: np.Array) => nn.softmax(x, -1),
  logSoftmax: (x: np.Array) => nn.logSoftmax(x, -1),
  logSumExp: (x: np.Array) => nn.logsumexp(x, -1),
};

/** A node's value; what is passed on is consumed, so every operand goes as a reference of its own. */
function compute({ operation, shape }: Node, operands: readonly (np.Array | undefined)[]): np.Array {
  const a = () => operands[0]!.ref;
  const b = () => operands[1]!.ref;
  switch (operation.kind) {
    case "unary":
      return unaryOperations[operation.function](a());
    case "binary":
      return binaryOperations[operation.function](a(), b());
    case "lastAxis":
      return lastAxisOperations[operation.function](a());
    case "affine":
      return operation.offset === 0
        ? a().mul(operation.scale)
        : a().mul(operation.scale).add(operation.offset);
    case "clampMin":
      return np.maximum(a(), operation.minimum);
    case "matMul":
      return np.matmul(
        operation.transposeA ? np.transpose(a()) : a(),
        operation.transposeB ? np.transpose(b()) : b(),
      );
    case "reduceSum":
      return operation.axes.length === 0
        ? a()
        : np.sum(a(), [...operation.axes], { keepdims: operation.keepDims });
    case "broadcastTo":
      return np.broadcastTo(a(), [...shape]);
    case "reshape":
      return np.reshape(a(), [...shape]);
    case "transpose":
      return np.transpose(a(), [...operation.permutation]);
    case "concat":
      return np.concatenate(operands.map((operand) => operand!.ref), operation.axis);
    case "slice":
      return a().slice(
        ...operation.begin.map((begin, axis): [number, number] => [begin, begin + shape[axis]]),
      );
    case "pad":
      return np.pad(
        a(),
        operation.before.map((n, axis): [number, number] => [n, shape[axis] - n - operands[0]!.shape[axis]]),
      );
    case "l2Normalize": {
      const squares = np.sum(np.square(a()), -1, { keepdims: true });
      return a().div(np.sqrt(squares.add(operation.epsilon)));
    }
    case "conv2d":
      return convolve(operation, a(), b());
    case "maxPool":
      return pool(operation, a());
    case "batchNorm":
      return normalize(operation, operands);
    case "stopGradient":
      return lax.stopGradient(a());
    default:
      throw new RangeError(
        `Cannot run ${operation.kind} on jax-js: the presets' objectives have no such operation`,
      );
  }
}

const toNchw = (x: np.Array) => np.transpose(x, [0, 3, 1, 2]);
const toNhwc = (x: np.Array) => np.transpose(x, [0, 2, 3, 1]);

function convolve(operation: OperationOf<"conv2d">, x: np.Array, filter: np.Array): np.Array {
  const { strides, dilations, padding: { top, bottom, left, right }, groups } = operation;
  return toNhwc(lax.convGeneralDilated(
    toNchw(x),
    np.transpose(filter, [3, 2, 0, 1]),
    [...strides],
    [[top, bottom], [left, right]],
    { rhsDilation: [...dilations], featureGroupCount: groups },
  ));
}

/** Padding is with zeros, which never win over what a ReLU gave: the presets pool nothing else. */
function pool({ window, strides, padding }: OperationOf<"maxPool">, x: np.Array): np.Array {
  const { top, bottom, left, right } = padding;
  const isPadded = sizeOf([top + 1, bottom + 1, left + 1, right + 1]) > 1;
  const padded = isPadded ? np.pad(toNchw(x), [[0, 0], [0, 0], [top, bottom], [left, right]]) : toNchw(x);
  return toNhwc(lax.reduceWindow(padded, (values) => np.max(values), [...window], [...strides]));
}

function normalize(
  { epsilon, relu }: OperationOf<"batchNorm">,
  [x, , gamma, beta]: readonly (np.Array | undefined)[],
): np.Array {
  const axes = x!.shape.slice(0, -1).map((_, axis) => axis);
  const mean = np.mean(x!.ref, axes, { keepdims: true });
  const centred = x!.ref.sub(mean);
  const variance = np.mean(np.square(centred.ref), axes, { keepdims: true });
  const scale = gamma!.ref.div(np.sqrt(variance.add(epsilon)));
  const y = centred.mul(scale).add(beta!.ref);
  return relu ? nn.relu(y) : y;
}
