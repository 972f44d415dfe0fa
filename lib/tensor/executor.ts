/**
 * What every executor offers: it runs graphs. Nothing above `lib/tensor` knows which executor it holds.
 *
 * @module
 */

import type { Node } from "./graph.ts";
import type { Shape } from "../shape.ts";
import type { MemoryUse } from "./memory_use.ts";

export { type MemoryUse, totalBytes } from "./memory_use.ts";

/** A tensor on the host, float32, row-major. */
export interface Tensor {
  /** Length of each axis. */
  shape: Shape;
  /** The elements. */
  data: Float32Array;
}

/** Tensors by name: the outputs of a run, a network's parameters. */
export type Tensors = ReadonlyMap<string, Tensor>;

/** An input of a run, in the array that goes with the type of the graph's input; every {@linkcode Tensor} is one. */
export interface Feed {
  /** Length of each axis. */
  shape: Shape;
  /** The elements, row-major. */
  data: Float32Array | Float16Array | Uint8Array;
}

/** Inputs of a run by name. */
export type Feeds = ReadonlyMap<string, Feed>;

/** Where an executor computes. */
export interface DeviceInfo {
  /** The executor's name on the command line. */
  kind: "webgpu" | "wasm" | "cpu";
  /** The adapter's or processor's own name. */
  name: string;
  /** False for a graphics adapter that is emulated on the processor, and for wasm and cpu. */
  isHardware: boolean;
}

/** The optimizer's rule; its numbers that change from step to step come with {@linkcode StepSettings}. */
export type OptimizerRule =
  /** PyTorch's SGD: `g += weightDecay · w; m = momentum · m + g; w −= learningRate · m`. */
  | { kind: "sgd"; momentum: number; weightDecay: number; decayBiasAndNorm: boolean }
  /** Loshchilov and Hutter, ICLR 2019: decoupled weight decay, bias-corrected moments. */
  | {
    kind: "adamw";
    beta1: number;
    beta2: number;
    epsilon: number;
    weightDecay: number;
    decayBiasAndNorm: boolean;
  };

/** One training step as a value. */
export interface TrainingGraph {
  /** The scalar to be minimized. */
  objective: Node;
  /** Values read back at every step, by name (losses per pair, scores). */
  outputs: Readonly<Record<string, Node>>;
  /** Parameters that a rule, not a gradient, updates: the running moments. */
  stateUpdates: readonly { parameter: Node; value: Node }[];
  /** How trainable parameters change. */
  optimizer: OptimizerRule;
  /**
   * Nodes that are computed again for the backward pass, one after another, instead of being kept with all they are
   * computed from: the features of a large batch's chunks. None may depend on another.
   */
  recomputed?: readonly Node[];
  /** Gradients are scaled down to this global L2 norm when they exceed it; `Infinity` leaves them alone. */
  clipNorm: number;
  /**
   * How pictures lie in memory between the kernels of the forward pass and until the backward pass has read them:
   * `f16` takes half the memory and rounds each to 11 bits. All sums, losses, moments, gradients and parameters are
   * float32 either way. Single precision without.
   */
  storage?: "f32" | "f16";
}

/** Numbers of one step. */
export interface StepSettings {
  /** Of this step. */
  learningRate: number;
  /** The number of updates made before this one; AdamW's bias correction needs it. */
  step: number;
  /**
   * Whether the result may wait, which spares a graphics adapter the wait. It comes at the latest with that of the
   * next step that does not defer, or with the state. Until then, steps after one that was not finite change nothing.
   */
  deferred?: boolean;
}

/** What one step computed. */
export interface StepResult {
  /** The objective's value before the update. */
  objective: number;
  /** The global L2 norm of the gradients before clipping. */
  gradientNorm: number;
  /** False when the objective or the norm was not finite; then nothing was updated. */
  applied: boolean;
  /** The graph's outputs. */
  outputs: Tensors;
}

/** A training step made ready to run; it owns the parameters and the optimizer's state on the device. */
export interface TrainingProgram {
  /** Memory that was planned. */
  readonly memory: MemoryUse;
  /**
   * Runs one step: forward, backward, clipping, update. Nothing is updated when a value is not finite.
   *
   * @throws SonospeechError `input` when a feed is missing or has another shape, `device` when the device failed.
   */
  step(feeds: Feeds, settings: StepSettings): Promise<StepResult>;
  /**
   * Parameters by name, and the optimizer's state as `optimizer.momentum.<name>` (sgd) or
   * `optimizer.moment1.<name>` and `optimizer.moment2.<name>` (adamw): all that a bit-equal resume needs.
   */
  readState(): Promise<Map<string, Tensor>>;
  /** Sets what {@linkcode readState} gave. @throws SonospeechError `store` on a missing name or another shape. */
  writeState(state: Tensors): void;
  /** Gives back what the program holds on the device. */
  dispose(): void;
}

/** A graph made ready to run forward. */
export interface InferenceProgram {
  /** Memory that was planned. */
  readonly memory: MemoryUse;
  /**
   * Computes the outputs, by name.
   *
   * @throws SonospeechError `input` when a feed is missing or has another shape, `device` when the device failed.
   */
  run(feeds: Feeds): Promise<Map<string, Tensor>>;
  /** Gives back what the program holds on the device. */
  dispose(): void;
}

/** Runs graphs on one device. */
export interface Executor {
  /** Where it computes. */
  readonly device: DeviceInfo;
  /**
   * Makes a training step ready to run.
   *
   * @param parameters First values of every parameter (see `initializeParameters`).
   * @throws SonospeechError `store` when a parameter is missing or has another shape, `device` when the device cannot
   * hold the program, or not in half precision where the graph asks for it.
   */
  compileTraining(graph: TrainingGraph, parameters: Tensors): Promise<TrainingProgram>;
  /**
   * Makes a graph ready to run forward.
   *
   * @param parameters Values of the parameters the outputs need; others are ignored.
   * @throws SonospeechError `store` when a parameter is missing or has another shape, `device` when the device cannot
   * hold the program.
   */
  compileInference(outputs: Readonly<Record<string, Node>>, parameters: Tensors): Promise<InferenceProgram>;
  /** How many tensors the device holds; a number that grows from step to step is a leak. */
  tensorCount(): number;
  /** Closes the device; its programs are of no use afterwards. */
  dispose(): Promise<void>;
}
