/**
 * What a device must offer for the graph executor to run on it. Tensors are handles that the executor frees itself.
 *
 * @module
 */

import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { DeviceInfo, Feed, OptimizerRule, StepSettings } from "../executor.ts";
import type { Node } from "../graph.ts";

/** A tensor on a device. Handles may share memory: each is released once. */
export type Handle = TensorInfo;

/** An operation made ready: it computes a new handle from its inputs' handles. */
export type Kernel = (inputs: readonly Handle[]) => Handle;

/** A parameter under training. */
export interface TrainedParameter {
  /** As in the graph. */
  name: string;
  /** Its value on the device. */
  handle: Handle;
  /** The optimizer's tensors: the momentum of sgd, the two moments of adamw. */
  moments: Handle[];
  /** Factor of the rule's weight decay: 0 where it spares the parameter. */
  decay: number;
}

/** Everything one update reads and writes; parameters' and states' handles may be replaced by it. */
export interface UpdateTask {
  /** How the trained parameters change. */
  rule: OptimizerRule;
  /** Largest global L2 norm of the gradients. */
  clipNorm: number;
  /** In the order of the gradients. */
  parameters: readonly TrainedParameter[];
  /** In the order of the new values. */
  states: readonly { handle: Handle }[];
}

/** What an update is given at every step. */
export interface UpdateInputs {
  /** The scalar to be minimized. */
  objective: Handle;
  /** One for each trained parameter, in their order. */
  gradients: readonly Handle[];
  /** New values of the state parameters, in their order. */
  stateValues: readonly Handle[];
  /** Numbers of this step. */
  settings: StepSettings;
}

/**
 * An optimizer step made ready. It returns a tensor of two numbers, the global gradient norm and whether anything
 * was updated (1) or not (0), which the caller releases.
 */
export interface Update {
  /** Makes one update; none after a deferred step that was not finite, until its result is known. */
  run(inputs: UpdateInputs): Handle;
  /** Says that the results of all steps are known. */
  settle(): void;
  /** Gives back the optimizer's state. */
  dispose(): void;
}

/** A device that holds tensors and runs kernels. */
export interface TensorDevice {
  /** Where it computes. */
  readonly info: DeviceInfo;
  /** The most memory it can ever have, where there is such a limit. */
  readonly memoryLimitBytes?: number;
  /** Makes an operation ready that is neither an input nor a parameter. */
  compile(node: Node): Kernel;
  /** Copies elements to the device, where they are float32. */
  upload(tensor: Feed): Handle;
  /** A second handle to the same memory. */
  retain(handle: Handle): Handle;
  /** Gives one hold back. */
  release(handle: Handle): void;
  /** Copies tensors to the host, all in one go. @throws SonospeechError `device` when the device failed. */
  read(handles: readonly Handle[]): Promise<Float32Array[]>;
  /** Makes an optimizer ready for these parameters. */
  compileUpdate(task: UpdateTask): Update;
  /** The number of tensors held, for tests of leaks. */
  tensorCount(): number;
  /** Closes the device. */
  dispose(): void;
}
