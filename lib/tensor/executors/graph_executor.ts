/**
 * The executor: interprets compiled schedules on a tensor device.
 *
 * @module
 */

import { SonospeechError } from "../../errors.ts";
import { sizeOf } from "../../shape.ts";
import type {
  DeviceInfo,
  Executor,
  Feeds,
  InferenceProgram,
  MemoryUse,
  OptimizerRule,
  StepResult,
  StepSettings,
  Tensor,
  Tensors,
  TrainingGraph,
  TrainingProgram,
} from "../executor.ts";
import { affine, type InputNode, inputsOf, type Node, type ParameterNode, parametersOf } from "../graph.ts";
import { orderedGradients } from "../rematerialization.ts";
import { Schedule } from "./schedule.ts";
import { scheduleMemory } from "./schedule_memory.ts";
import type { Handle, TensorDevice, TrainedParameter, Update } from "./tensor_device.ts";
import { feedsOf, valueOf } from "./values.ts";

/** Runs graphs on a tensor device. */
export class GraphExecutor implements Executor {
  readonly #device: TensorDevice;

  /** Owns the device from now on. */
  constructor(device: TensorDevice) {
    this.#device = device;
  }

  get device(): DeviceInfo {
    return this.#device.info;
  }

  compileTraining(graph: TrainingGraph, parameters: Tensors): Promise<TrainingProgram> {
    if (graph.storage === "f16") return Promise.reject(halfStorageError(this.device));
    return Promise.resolve(new GraphTrainingProgram(this.#device, graph, parameters));
  }

  compileInference(outputs: Readonly<Record<string, Node>>, parameters: Tensors): Promise<InferenceProgram> {
    return Promise.resolve(new GraphInferenceProgram(this.#device, outputs, parameters));
  }

  tensorCount(): number {
    return this.#device.tensorCount();
  }

  dispose(): Promise<void> {
    this.#device.dispose();
    return Promise.resolve();
  }
}

function halfStorageError({ kind }: DeviceInfo): SonospeechError {
  return new SonospeechError("device", {
    action: "store activations in half precision",
    must: "the device must be a graphics adapter that offers shader-f16",
    received: kind,
    hint: "Use --device webgpu where there is such an adapter, else training.storage f32.",
  });
}

/** Uploads every input's feed, runs `use`, and releases them. */
function withFeeds<T>(
  device: TensorDevice,
  inputs: ReadonlyMap<string, InputNode>,
  feeds: Feeds,
  use: (handles: ReadonlyMap<string, Handle>) => T,
): T {
  const checked = feedsOf(feeds, inputs);
  const handles = new Map([...inputs.keys()].map((name, i) => [name, device.upload(checked[i])]));
  try {
    return use(handles);
  } finally {
    for (const handle of handles.values()) device.release(handle);
  }
}

/** A node whose value shares no memory with a parameter, which the update would change before it is read. */
function detached(node: Node): Node {
  let source = node;
  while (source.operation.kind === "reshape" || source.operation.kind === "stopGradient") {
    [source] = source.inputs;
  }
  return source.operation.kind === "parameter" ? affine(node, 1) : node;
}

function toTensors(names: readonly string[], nodes: readonly Node[], data: readonly Float32Array[]) {
  return new Map(names.map((name, i): [string, Tensor] => [name, { shape: nodes[i].shape, data: data[i] }]));
}

class GraphInferenceProgram implements InferenceProgram {
  readonly #device: TensorDevice;
  readonly #names: string[];
  readonly #outputs: Node[];
  readonly #inputs: Map<string, InputNode>;
  readonly #parameters = new Map<string, { handle: Handle }>();
  readonly #schedule: Schedule;
  readonly memory: MemoryUse;

  constructor(device: TensorDevice, outputs: Readonly<Record<string, Node>>, parameters: Tensors) {
    this.#device = device;
    this.#names = Object.keys(outputs);
    this.#outputs = Object.values(outputs);
    this.#inputs = inputsOf(this.#outputs);
    const nodes = parametersOf(this.#outputs);
    const values = [...nodes].map(([name, { shape }]) => valueOf(parameters, name, shape));
    this.#schedule = new Schedule(device, this.#outputs);
    this.memory = scheduleMemory(device, this.#schedule, {
      inputs: this.#inputs.values(),
      parameters: nodes.values(),
    });
    [...nodes.keys()].forEach((name, i) => this.#parameters.set(name, { handle: device.upload(values[i]) }));
  }

  async run(feeds: Feeds): Promise<Map<string, Tensor>> {
    const handles = withFeeds(this.#device, this.#inputs, feeds, (given) => {
      return this.#schedule.run({ feeds: given, parameters: this.#parameters });
    });
    try {
      return toTensors(this.#names, this.#outputs, await this.#device.read(handles));
    } finally {
      handles.forEach((handle) => this.#device.release(handle));
    }
  }

  dispose(): void {
    this.#schedule.dispose();
    for (const { handle } of this.#parameters.values()) this.#device.release(handle);
    this.#parameters.clear();
  }
}

const momentNames: Record<OptimizerRule["kind"], readonly string[]> = {
  sgd: ["momentum"],
  adamw: ["moment1", "moment2"],
};

class GraphTrainingProgram implements TrainingProgram {
  readonly #device: TensorDevice;
  readonly #graph: TrainingGraph;
  readonly #names: string[];
  readonly #outputs: Node[];
  readonly #inputs: Map<string, InputNode>;
  /** Every parameter, trained or not, by name. */
  readonly #parameters = new Map<string, { name: string; handle: Handle }>();
  /** In the order of the gradients. */
  readonly #trained: TrainedParameter[] = [];
  readonly #schedule: Schedule;
  readonly #update: Update;
  readonly memory: MemoryUse;

  constructor(device: TensorDevice, graph: TrainingGraph, parameters: Tensors) {
    this.#device = device;
    this.#graph = graph;
    this.#names = Object.keys(graph.outputs);
    this.#outputs = Object.values(graph.outputs).map(detached);
    const targets = graph.stateUpdates.map((update) => update.parameter);
    const stateValues = graph.stateUpdates.map((update) => detached(update.value));
    const forward = [graph.objective, ...this.#outputs, ...stateValues];
    const nodes = parametersOf([...forward, ...targets]);
    const values = [...nodes].map(([name, { shape }]) => valueOf(parameters, name, shape));
    // Gradients of late layers come first, so that what they need is freed as the backward pass goes on.
    const trained = [...nodes.values()].filter(({ operation }) => operation.trainable).reverse();
    const found = orderedGradients(graph.objective, trained, graph.recomputed);
    const all = [...forward, ...found.gradients];
    this.#inputs = inputsOf(all);
    this.#schedule = new Schedule(device, all, found.order);
    this.memory = scheduleMemory(device, this.#schedule, {
      inputs: this.#inputs.values(),
      parameters: nodes.values(),
      moments: { nodes: trained, each: momentNames[graph.optimizer.kind].length },
    });
    [...nodes.values()].forEach((node, i) => this.#addParameter(node, values[i]));
    this.#trained.reverse();
    this.#update = device.compileUpdate({
      rule: graph.optimizer,
      clipNorm: graph.clipNorm,
      parameters: this.#trained,
      states: targets.map((node) => this.#parameters.get((node as ParameterNode).operation.name)!),
    });
  }

  #addParameter({ operation, shape }: ParameterNode, value: Tensor): void {
    const { name, trainable, isWeight } = operation;
    const handle = this.#device.upload(value);
    if (!trainable) {
      this.#parameters.set(name, { name, handle });
      return;
    }
    const { optimizer } = this.#graph;
    const zero = { shape, data: new Float32Array(sizeOf(shape)) };
    const moments = momentNames[optimizer.kind].map(() => this.#device.upload(zero));
    const decay = isWeight || optimizer.decayBiasAndNorm ? 1 : 0;
    const parameter = { name, handle, moments, decay };
    this.#parameters.set(name, parameter);
    this.#trained.push(parameter);
  }

  async step(feeds: Feeds, settings: StepSettings): Promise<StepResult> {
    const handles = withFeeds(this.#device, this.#inputs, feeds, (given) => {
      return this.#schedule.run({ feeds: given, parameters: this.#parameters });
    });
    const states = 1 + this.#outputs.length;
    const gradientStart = states + this.#graph.stateUpdates.length;
    handles.push(this.#update.run({
      objective: handles[0],
      gradients: handles.slice(gradientStart),
      stateValues: handles.slice(states, gradientStart),
      settings,
    }));
    handles.splice(states, handles.length - 1 - states).forEach((handle) => this.#device.release(handle));
    try {
      const data = await this.#device.read(handles);
      const [norm, applied] = data[data.length - 1];
      return {
        objective: data[0][0],
        gradientNorm: norm,
        applied: applied === 1,
        outputs: toTensors(this.#names, this.#outputs, data.slice(1)),
      };
    } finally {
      handles.forEach((handle) => this.#device.release(handle));
    }
  }

  /** Names and places of all that lasts from step to step. */
  *#state(): Generator<{ name: string; get: () => Handle; set: (handle: Handle) => void }> {
    for (const parameter of this.#parameters.values()) {
      yield { name: parameter.name, get: () => parameter.handle, set: (h) => parameter.handle = h };
    }
    const names = momentNames[this.#graph.optimizer.kind];
    for (const { name, moments } of this.#trained) {
      for (let i = 0; i < moments.length; i++) {
        const full = `optimizer.${names[i]}.${name}`;
        yield { name: full, get: () => moments[i], set: (h) => moments[i] = h };
      }
    }
  }

  async readState(): Promise<Map<string, Tensor>> {
    this.#update.settle();
    const entries = [...this.#state()];
    const data = await this.#device.read(entries.map((entry) => entry.get()));
    return new Map(entries.map(({ name, get }, i) => [name, { shape: [...get().shape], data: data[i] }]));
  }

  writeState(state: Tensors): void {
    this.#update.settle();
    const entries = [...this.#state()];
    const values = entries.map(({ name, get }) => valueOf(state, name, get().shape));
    entries.forEach(({ get, set }, i) => {
      this.#device.release(get());
      set(this.#device.upload(values[i]));
    });
  }

  dispose(): void {
    this.#schedule.dispose();
    this.#update.dispose();
    for (const { get } of this.#state()) this.#device.release(get());
    this.#parameters.clear();
    this.#trained.length = 0;
  }
}
