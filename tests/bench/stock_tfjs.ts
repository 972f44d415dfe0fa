/**
 * The peer: a training step on tfjs as it comes. Public operations run the graph forward, tfjs's own tape gives the
 * gradients, tfjs's own optimizer applies them, and all of it on the kernels of tfjs's packages.
 *
 * It knows the operations that the presets' objectives and running moments are made of, without groups.
 *
 * @module
 */

import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-webgpu";
import { registerHooks } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensors, TrainingGraph } from "../../lib/tensor/executor.ts";
import {
  inputsOf,
  type Node,
  type Operation,
  parametersOf,
  topologicalOrder,
} from "../../lib/tensor/graph.ts";

/** A backend of tfjs. */
export type StockBackend = "webgpu" | "wasm" | "cpu";

/** Makes a backend the one that computes. @throws Error when tfjs cannot start it. */
export async function useStockBackend(backend: StockBackend): Promise<void> {
  tf.enableProdMode();
  await registerGradients();
  const packageFolder = dirname(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm")));
  setWasmPaths(join(packageFolder, "/"));
  if (!await tf.setBackend(backend)) throw new Error(`Cannot use tfjs ${backend}: it did not start`);
}

/**
 * Gives tfjs-core its gradients. Its main file has none; they are modules of the same package, whose imports leave
 * out the extension, as bundlers allow. The umbrella package `@tensorflow/tfjs` bundles the same files.
 */
async function registerGradients(): Promise<void> {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const isShort = /^\.{1,2}\//.test(specifier) && !specifier.endsWith(".js") &&
        context.parentURL?.includes("/tfjs-core/dist/");
      return next(isShort ? `${specifier}.js` : specifier, context);
    },
  });
  // Not a literal, so that it is resolved when the hook is there.
  const gradients = "@tensorflow/tfjs-core/dist/register_all_gradients.js";
  await import(gradients);
  hooks.deregister();
}

/** A training step on the backend that is in use; it owns the parameters and the optimizer's state. */
export class StockProgram {
  readonly #graph: TrainingGraph;
  readonly #order: Node[];
  readonly #inputs: ReadonlyMap<string, Node>;
  readonly #variables = new Map<Node, tf.Variable>();
  readonly #constants = new Map<Node, tf.Tensor>();
  readonly #optimizer: tf.Optimizer;

  /** @throws RangeError when the graph asks for what tfjs's optimizers lack: weight decay, clipping. */
  constructor(graph: TrainingGraph, parameters: Tensors, learningRate: number) {
    this.#graph = graph;
    const outputs = [graph.objective, ...graph.stateUpdates.map((update) => update.value)];
    this.#order = topologicalOrder(outputs);
    this.#inputs = inputsOf(outputs);
    for (const [name, node] of parametersOf(outputs)) {
      const first = parameters.get(name)!;
      const { trainable } = node.operation;
      this.#variables.set(node, tf.variable(tf.tensor(first.data, [...first.shape]), trainable));
    }
    for (const node of this.#order) {
      if (node.operation.kind !== "constant") continue;
      this.#constants.set(node, tf.fill([...node.shape], node.operation.value));
    }
    this.#optimizer = stockOptimizer(graph, learningRate);
  }

  /**
   * One step: forward, backward, update.
   *
   * @param isRead Whether to wait for all of it.
   * @returns the objective before the update, if it is read.
   */
  async step(feeds: Tensors, isRead = true): Promise<number | undefined> {
    const inputs = new Map([...this.#inputs].map(([name, node]) => {
      const { shape, data } = feeds.get(name)!;
      return [node, tf.tensor(data, [...shape])];
    }));
    const states: tf.Tensor[] = [];
    const { value, grads } = tf.variableGrads(() => {
      const values = this.#forward(inputs);
      for (const update of this.#graph.stateUpdates) states.push(tf.keep(values.get(update.value)!));
      return tf.reshape(values.get(this.#graph.objective)!, []) as tf.Scalar;
    }, [...this.#variables.values()].filter((variable) => variable.trainable));
    this.#optimizer.applyGradients(grads);
    this.#graph.stateUpdates.forEach(({ parameter }, i) => this.#variables.get(parameter)!.assign(states[i]));
    const objective = isRead ? (await value.data())[0] : undefined;
    tf.dispose([value, grads, states, [...inputs.values()]]);
    return objective;
  }

  #forward(inputs: ReadonlyMap<Node, tf.Tensor>): Map<Node, tf.Tensor> {
    const values = new Map<Node, tf.Tensor>([...inputs, ...this.#constants, ...this.#variables]);
    const moments = new Map<Node, Moments>();
    for (const node of this.#order) {
      if (values.has(node)) continue;
      const operands = node.inputs.map((input) => values.get(input)!);
      const { operation } = node;
      if (operation.kind === "batchMoments") {
        const pair = tf.moments(operands[0], allAxesButLast(operands[0]));
        moments.set(node, pair);
        values.set(node, tf.stack([pair.mean, pair.variance]));
      } else if (operation.kind === "batchNorm") {
        values.set(node, normalize(operation, operands, moments.get(node.inputs[1])!));
      } else {
        values.set(node, compute(operation, operands, node.shape));
      }
    }
    return values;
  }

  /** Gives back what it holds. */
  dispose(): void {
    this.#optimizer.dispose();
    tf.dispose([...this.#variables.values(), ...this.#constants.values()]);
  }
}

type Moments = ReturnType<typeof tf.moments>;
type OperationOf<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;

function stockOptimizer({ optimizer: rule, clipNorm }: TrainingGraph, learningRate: number): tf.Optimizer {
  if (rule.weightDecay !== 0 || clipNorm !== Infinity) {
    throw new RangeError(
      "Cannot train on stock tfjs: weightDecay must be 0 and clipNorm Infinity, " +
        `received ${rule.weightDecay} and ${clipNorm}`,
    );
  }
  return rule.kind === "sgd"
    ? tf.train.momentum(learningRate, rule.momentum)
    : tf.train.adam(learningRate, rule.beta1, rule.beta2, rule.epsilon);
}

function allAxesButLast(x: tf.Tensor): number[] {
  return x.shape.slice(0, -1).map((_, axis) => axis);
}

/** As tfjs's own layers train: moments, then the fused kernel, whose gradient reaches back through them. */
function normalize(
  { epsilon, relu }: OperationOf<"batchNorm">,
  [x, , gamma, beta]: tf.Tensor[],
  { mean, variance }: Moments,
): tf.Tensor {
  const y = tf.batchNorm(
    x,
    mean as tf.Tensor1D,
    variance as tf.Tensor1D,
    beta as tf.Tensor1D,
    gamma as tf.Tensor1D,
    epsilon,
  );
  return relu ? tf.relu(y) : y;
}

const unaryOperations = {
  relu: tf.relu,
  sigmoid: tf.sigmoid,
  exp: tf.exp,
  log: tf.log,
  sqrt: tf.sqrt,
  square: tf.square,
  reciprocal: tf.reciprocal,
};

const binaryOperations = { add: tf.add, subtract: tf.sub, multiply: tf.mul, divide: tf.div };

const lastAxisOperations = {
  softmax: (x: tf.Tensor) => tf.softmax(x),
  logSoftmax: (x: tf.Tensor) => tf.logSoftmax(x),
  logSumExp: (x: tf.Tensor) => tf.logSumExp(x, -1),
};

function compute(operation: Operation, operands: tf.Tensor[], shape: readonly number[]): tf.Tensor {
  const [a, b] = operands;
  switch (operation.kind) {
    case "unary":
      return unaryOperations[operation.function](a);
    case "binary":
      return binaryOperations[operation.function](a, b);
    case "lastAxis":
      return lastAxisOperations[operation.function](a);
    case "affine":
      return affine(a, operation);
    case "clampMin":
      return tf.maximum(a, operation.minimum);
    case "matMul":
      return tf.matMul(a, b, operation.transposeA, operation.transposeB);
    case "reduceSum":
      return tf.sum(a, [...operation.axes], operation.keepDims);
    case "broadcastTo":
      return tf.broadcastTo(a, [...shape]);
    case "reshape":
      return tf.reshape(a, [...shape]);
    case "transpose":
      return tf.transpose(a, [...operation.permutation]);
    case "concat":
      return tf.concat(operands, operation.axis);
    case "slice":
      return tf.slice(a, [...operation.begin], [...shape]);
    case "pad":
      return tf.pad(a, operation.before.map((n, axis) => [n, shape[axis] - n - a.shape[axis]]));
    case "l2Normalize":
      return tf.div(a, tf.sqrt(tf.add(tf.sum(tf.square(a), -1, true), operation.epsilon)));
    case "conv2d":
      return convolve(operation, a as tf.Tensor4D, b as tf.Tensor4D);
    case "maxPool":
      return tf.maxPool(a as tf.Tensor4D, [...operation.window], [...operation.strides], explicit(operation));
    default:
      throw new RangeError(
        `Cannot run ${operation.kind} on stock tfjs: the presets' objectives have no such operation`,
      );
  }
}

function affine(x: tf.Tensor, { scale, offset }: OperationOf<"affine">): tf.Tensor {
  const scaled = scale === 1 ? x : tf.mul(x, scale);
  return offset === 0 ? scaled : tf.add(scaled, offset);
}

function convolve(operation: OperationOf<"conv2d">, x: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor {
  if (operation.groups !== 1) {
    throw new RangeError(`Cannot run conv2d on stock tfjs: groups must be 1, received ${operation.groups}`);
  }
  const { strides, dilations } = operation;
  return tf.conv2d(x, filter, [...strides], explicit(operation), "NHWC", [...dilations]);
}

function explicit({ padding }: OperationOf<"conv2d" | "maxPool">): ExplicitPadding {
  return [[0, 0], [padding.top, padding.bottom], [padding.left, padding.right], [0, 0]];
}

type ExplicitPadding = tf.backend_util.ExplicitPadding;
