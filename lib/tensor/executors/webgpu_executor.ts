/**
 * The executor on graphics adapters: graphs compiled into one static program each, a run is one submit.
 *
 * @module
 */

import { SonospeechError } from "../../errors.ts";
import { compileForward, compileStep, type Target } from "../compiler/compile.ts";
import type {
  DeviceInfo,
  Executor,
  Feeds,
  InferenceProgram,
  MemoryUse,
  Tensor,
  Tensors,
  TrainingGraph,
  TrainingProgram,
} from "../executor.ts";
import type { Node } from "../graph.ts";
import type { Tuning } from "../kernels/wgsl_tuning.ts";
import type { DeviceMeasurements } from "../measurements.ts";
import { WebgpuDevice } from "./webgpu_device.ts";
import { parameterValues, WebgpuProgram } from "./webgpu_program.ts";
import { WebgpuTrainingProgram } from "./webgpu_training.ts";
import { chooseTuning } from "./webgpu_tuning.ts";

/** How to use an adapter. */
export interface WebgpuOptions {
  /** How kernels are cut; what is fastest on the adapter where it is left out. */
  tuning?: Tuning;
  /** Keeps what was found fastest. */
  measurements?: DeviceMeasurements;
}

/**
 * Opens the graphics adapter, hardware or emulated.
 *
 * @throws SonospeechError `device` when there is no adapter.
 */
export async function openWebgpuExecutor({ tuning, measurements }: WebgpuOptions = {}): Promise<Executor> {
  const device = await WebgpuDevice.open();
  return new WebgpuExecutor(device, tuning ?? await chooseTuning(device, measurements));
}

class WebgpuExecutor implements Executor {
  readonly device: DeviceInfo;
  readonly #device: WebgpuDevice;
  readonly #target: Target;

  constructor(device: WebgpuDevice, tuning: Tuning) {
    const { name, isHardware } = device.report;
    this.#device = device;
    this.#target = { tuning, maxBuffers: device.gpu.limits.maxStorageBuffersPerShaderStage };
    this.device = { kind: "webgpu", name, isHardware };
  }

  async compileTraining(graph: TrainingGraph, parameters: Tensors): Promise<TrainingProgram> {
    if (graph.storage === "f16") assertHalfStorage(this.#device);
    const compiled = compileStep(graph, this.#target);
    const values = parameterValues(compiled, parameters);
    const program = await WebgpuProgram.create(this.#device, compiled);
    program.writeParameters(values);
    return new WebgpuTrainingProgram(this.#device, program, graph.optimizer);
  }

  async compileInference(
    outputs: Readonly<Record<string, Node>>,
    parameters: Tensors,
  ): Promise<InferenceProgram> {
    const compiled = compileForward(outputs, this.#target);
    const values = parameterValues(compiled, parameters);
    const program = await WebgpuProgram.create(this.#device, compiled);
    program.writeParameters(values);
    return new WebgpuInferenceProgram(this.#device, program);
  }

  tensorCount(): number {
    return this.#device.bufferCount;
  }

  dispose(): Promise<void> {
    this.#device.dispose();
    return Promise.resolve();
  }
}

/** @throws SonospeechError `device` when an adapter cannot store half precision. */
function assertHalfStorage({ gpu: { features }, report }: WebgpuDevice): void {
  if (features.has("shader-f16")) return;
  throw new SonospeechError("device", {
    action: "store activations in half precision",
    must: "the graphics adapter must offer shader-f16",
    received: `${report.name}, which does not`,
    hint: "Use training.storage f32.",
  });
}

class WebgpuInferenceProgram implements InferenceProgram {
  readonly #device: WebgpuDevice;
  readonly #program: WebgpuProgram;

  constructor(device: WebgpuDevice, program: WebgpuProgram) {
    this.#device = device;
    this.#program = program;
  }

  get memory(): MemoryUse {
    return this.#program.memory;
  }

  async run(feeds: Feeds): Promise<Map<string, Tensor>> {
    this.#program.feed(feeds);
    this.#program.submit();
    const size = this.#program.compiled.layout.sizes.results;
    const [results] = await this.#device.read([{ buffer: this.#program.area("results"), offset: 0, size }]);
    return this.#program.namedResults(results);
  }

  dispose(): void {
    this.#program.dispose();
  }
}
