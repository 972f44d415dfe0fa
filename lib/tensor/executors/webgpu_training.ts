/**
 * Training on a graphics adapter: a step is one submit, its result may be read together with later ones.
 *
 * @module
 */

import { objectiveName } from "../compiler/compile.ts";
import type { Area } from "../compiler/value.ts";
import type {
  Feeds,
  MemoryUse,
  OptimizerRule,
  StepResult,
  StepSettings,
  Tensor,
  Tensors,
  TrainingProgram,
} from "../executor.ts";
import { control, setting } from "../kernels/wgsl_update.ts";
import { type Shape, sizeOf } from "../../shape.ts";
import { valueOf } from "./values.ts";
import type { WebgpuDevice } from "./webgpu_device.ts";
import type { WebgpuProgram } from "./webgpu_program.ts";
import { WebgpuRing } from "./webgpu_ring.ts";

const momentNames: Record<OptimizerRule["kind"], readonly string[]> = {
  sgd: ["momentum"],
  adamw: ["moment1", "moment2"],
};

/** A tensor that lasts from step to step. */
interface StateEntry {
  name: string;
  area: Area;
  offset: number;
  shape: Shape;
}

/** A training step on a device. */
export class WebgpuTrainingProgram implements TrainingProgram {
  readonly #device: WebgpuDevice;
  readonly #program: WebgpuProgram;
  readonly #rule: OptimizerRule;
  readonly #ring: WebgpuRing;
  readonly #settings = new Float32Array(8);
  #reading: Promise<void> = Promise.resolve();
  /** Whether no step's result is still to be asked for; that of a deferred one is not looked at when it is read. */
  #isSettled = true;

  /** Owns the program from now on, whose parameters are set. */
  constructor(device: WebgpuDevice, program: WebgpuProgram, rule: OptimizerRule) {
    this.#device = device;
    this.#program = program;
    this.#rule = rule;
    const { results } = program.compiled.layout.sizes;
    this.#ring = new WebgpuRing(device, program.area("results"), results);
  }

  get memory(): MemoryUse {
    const { parts, tightest } = this.#program.memory;
    return { parts: [...parts, { name: "results of steps", bytes: this.#ring.sizeBytes }], tightest };
  }

  async step(feeds: Feeds, settings: StepSettings): Promise<StepResult> {
    await this.#reading;
    const result = this.#start(feeds, settings);
    result.catch(() => {}); // a deferred result may be asked for after it has failed
    if (!settings.deferred || this.#ring.isFull) await this.#drain();
    return this.#resultOf(await result);
  }

  /** Everything a step needs of the processor: no memory is taken and nothing is waited for. */
  #start(feeds: Feeds, settings: StepSettings): Promise<Float32Array> {
    this.#program.feed(feeds);
    this.#program.write(this.#program.area("settings"), 0, this.#settingsOf(settings));
    let result!: Promise<Float32Array>;
    this.#program.submit((encoder) => result = this.#ring.record(encoder));
    this.#isSettled = !settings.deferred;
    return result;
  }

  #settingsOf({ learningRate, step }: StepSettings): Float32Array {
    const values = this.#settings;
    values[setting.learningRate] = learningRate;
    values[setting.canary] = this.#ring.nextCanary;
    values[setting.resume] = this.#isSettled ? 1 : 0;
    if (this.#rule.kind === "adamw") {
      values[setting.rate] = learningRate / (1 - this.#rule.beta1 ** (step + 1));
      values[setting.correction] = 1 / (1 - this.#rule.beta2 ** (step + 1));
    }
    return values;
  }

  #drain(): Promise<void> {
    return this.#reading = this.#reading.then(() => this.#ring.drain());
  }

  #resultOf(results: Float32Array): StepResult {
    const outputs = this.#program.namedResults(results);
    const objective = outputs.get(objectiveName)!.data[0];
    outputs.delete(objectiveName);
    return {
      objective,
      gradientNorm: results[control.norm],
      applied: results[control.applied] === 1,
      outputs,
    };
  }

  #state(): StateEntry[] {
    const { layout, parameters } = this.#program.compiled;
    const areas: Area[] = ["moment1", "moment2"];
    return [...layout.parameters].flatMap(([name, place]) => {
      const moments = parameters.get(name)!.operation.trainable ? momentNames[this.#rule.kind] : [];
      return [
        { name, area: "weights" as const, ...place },
        ...moments.map((moment, i) => ({ name: `optimizer.${moment}.${name}`, area: areas[i], ...place })),
      ];
    });
  }

  async readState(): Promise<Map<string, Tensor>> {
    await this.#drain();
    this.#isSettled = true;
    const state = this.#state();
    const data = await this.#device.read(state.map(({ area, offset, shape }) => {
      return { buffer: this.#program.area(area), offset, size: sizeOf(shape) };
    }));
    return new Map(state.map(({ name, shape }, i) => [name, { shape: [...shape], data: data[i].slice() }]));
  }

  writeState(values: Tensors): void {
    const state = this.#state().map((one) => ({ ...one, ...valueOf(values, one.name, one.shape) }));
    for (const { area, offset, data } of state) this.#program.write(this.#program.area(area), offset, data);
    this.#isSettled = true;
  }

  dispose(): void {
    this.#ring.dispose();
    this.#program.dispose();
  }
}
