/**
 * A compiled program on a graphics adapter: buffers, pipelines and bind groups made once, replayed at every run.
 *
 * @module
 */

import { SonospeechError } from "../../errors.ts";
import type { CompiledProgram } from "../compiler/compile.ts";
import { programMemory } from "../compiler/program_memory.ts";
import { alignment, type Area, type Dispatch, type Value, wordBytes, wordsIn } from "../compiler/value.ts";
import type { Feed, Feeds, Tensor, Tensors } from "../executor.ts";
import { wordsOf } from "../kernels/wgsl_frames.ts";
import { sizeOf } from "../../shape.ts";
import { memoryLine, type MemoryUse } from "../memory_use.ts";
import type { WebgpuDevice } from "./webgpu_device.ts";
import { assertTurns } from "./webgpu_turns.ts";
import { feedsOf, valueOf } from "./values.ts";

interface Step {
  pipeline: GPUComputePipeline;
  bindGroup: GPUBindGroup;
  across: number;
  down: number;
}

/** Buffers, pipelines and bind groups of one program. */
export class WebgpuProgram {
  /** What it was compiled from. */
  readonly compiled: CompiledProgram;
  /** Device memory it holds. */
  readonly memory: MemoryUse;
  /** Where a run writes when the device began and ended it, for measurements. */
  timestamps?: GPUComputePassTimestampWrites;
  readonly #device: WebgpuDevice;
  readonly #areas = new Map<Area, GPUBuffer>();
  readonly #inputs = new Map<string, GPUBuffer>();
  readonly #slots: readonly GPUBuffer[];
  readonly #steps: readonly Step[];

  private constructor(device: WebgpuDevice, compiled: CompiledProgram, memory: MemoryUse) {
    this.#device = device;
    this.compiled = compiled;
    this.memory = memory;
    const { layout, inputs, plan } = compiled;
    const storage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    const create = (label: string, size: number) => device.createBuffer(label, size, storage);
    for (const [area, size] of Object.entries(layout.sizes) as [Area, number][]) {
      if (size > 0) this.#areas.set(area, create(area, size));
    }
    for (const [name, { operation: { type }, shape }] of inputs) {
      this.#inputs.set(name, create(name, wordsOf(type, sizeOf(shape))));
    }
    this.#slots = plan.slots.map((size, i) => create(`slot ${i}`, size));
    this.#steps = compiled.dispatches.map((dispatch) => this.#step(dispatch));
  }

  /**
   * Makes a program ready.
   *
   * @throws SonospeechError `device` when it does not fit the device, naming the layer and the limit, or when a
   * software adapter would end its loops too soon.
   */
  static async create(device: WebgpuDevice, compiled: CompiledProgram): Promise<WebgpuProgram> {
    for (const dispatch of compiled.dispatches) assertFits(dispatch, device);
    const memory = programMemory(compiled, largestBuffer(device));
    device.gpu.pushErrorScope("out-of-memory");
    let program: WebgpuProgram | undefined;
    let failure: unknown;
    try {
      program = new WebgpuProgram(device, compiled, memory);
    } catch (error) {
      failure = error;
    }
    const outOfMemory = await device.gpu.popErrorScope();
    if (program && !outOfMemory) return program;
    program?.dispose();
    if (!outOfMemory) throw device.failure("compile for the graphics adapter", failure);
    throw new SonospeechError("device", {
      action: "make room on the graphics adapter",
      must: `it must have free ${memoryLine(memory)}`,
      received: outOfMemory.message,
      hint: "encode batches in chunks (training.chunkSize), lower data.batchSize, or use --device wasm",
    });
  }

  #step({ code, bindings, workgroups: [across, down], label }: Dispatch): Step {
    const accesses = bindings.map(({ access }) => access);
    const { pipeline, layout } = this.#device.pipeline(code, accesses, label);
    const entries = bindings.map(({ value }, binding) => ({ binding, resource: this.#resource(value) }));
    const bindGroup = this.#device.gpu.createBindGroup({ label, layout, entries });
    return { pipeline, bindGroup, across, down };
  }

  #resource(value: Value): GPUBufferBinding {
    const { place, size } = value;
    switch (place?.kind) {
      case "input":
        return { buffer: this.#inputs.get(place.name)! };
      case "slot":
        return { buffer: this.#slots[place.slot], offset: place.offset * 4, size: wordsIn(value) * 4 };
      case "area": {
        const rest = place.offset % alignment;
        return {
          buffer: this.area(place.area),
          offset: (place.offset - rest) * 4,
          size: (rest + size) * 4,
        };
      }
      default:
        throw new TypeError("Cannot bind a value: it must have a place");
    }
  }

  /** The buffer of an area. */
  area(area: Area): GPUBuffer {
    return this.#areas.get(area)!;
  }

  /** Memory that only lives within a run; tests fill it to see that nothing leaks from one run to the next. */
  get slots(): readonly GPUBuffer[] {
    return this.#slots;
  }

  /** Uploads every input. @throws SonospeechError `input` on a missing tensor or another shape. */
  feed(feeds: Feeds): void {
    const checked = feedsOf(feeds, this.compiled.inputs);
    [...this.#inputs.values()].forEach((buffer, i) => this.write(buffer, 0, checked[i].data));
  }

  /** Sets the parameters. */
  writeParameters(values: Tensors): void {
    for (const [name, { offset }] of this.compiled.layout.parameters) {
      this.write(this.area("weights"), offset, values.get(name)!.data);
    }
  }

  /** Writes elements into a buffer, `offset` words from its start. @throws SonospeechError `device` when the device is gone. */
  write(buffer: GPUBuffer, offset: number, data: Feed["data"]): void {
    try {
      this.#device.gpu.queue.writeBuffer(buffer, offset * 4, wholeWords(data));
    } catch (cause) {
      throw this.#device.failure("write to the graphics adapter", cause);
    }
  }

  /** Runs once; `record` may add commands behind. @throws SonospeechError `device` when the device is gone. */
  submit(record?: (encoder: GPUCommandEncoder) => void): void {
    try {
      const { gpu } = this.#device;
      const encoder = gpu.createCommandEncoder();
      this.encode(encoder);
      record?.(encoder);
      gpu.queue.submit([encoder.finish()]);
    } catch (cause) {
      throw this.#device.failure("compute on the graphics adapter", cause);
    }
  }

  /** The named results out of a copy of that area. */
  namedResults(results: Float32Array): Map<string, Tensor> {
    return new Map([...this.compiled.layout.results].map(([name, { shape, offset }]) => {
      return [name, { shape, data: results.slice(offset, offset + sizeOf(shape)) }];
    }));
  }

  /** Records a run: one pass of all dispatches. */
  encode(encoder: GPUCommandEncoder): void {
    const pass = encoder.beginComputePass({ timestampWrites: this.timestamps });
    for (const { pipeline, bindGroup, across, down } of this.#steps) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(across, down);
    }
    pass.end();
  }

  /** Gives back what it holds. */
  dispose(): void {
    for (const buffer of [...this.#areas.values(), ...this.#inputs.values(), ...this.#slots]) {
      this.#device.destroyBuffer(buffer);
    }
  }
}

/** The elements' bytes, followed by zeros up to a whole word, which is the least that WebGPU writes. */
function wholeWords(data: Feed["data"]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  if (bytes.length % 4 === 0) return bytes;
  const padded = new Uint8Array(4 * Math.ceil(bytes.length / 4));
  padded.set(bytes);
  return padded;
}

/** Values of all parameters, checked. @throws SonospeechError `store` on a missing one or another shape. */
export function parameterValues({ parameters }: CompiledProgram, values: Tensors): Map<string, Tensor> {
  return new Map([...parameters].map(([name, { shape }]) => [name, valueOf(values, name, shape)]));
}

/** The most bytes that one value may have. */
function largestBuffer({ gpu: { limits } }: WebgpuDevice): number {
  return Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
}

/** Asserts what the device would refuse in words that help nobody, or not refuse at all. */
function assertFits(dispatch: Dispatch, device: WebgpuDevice): void {
  const { gpu: { limits }, report } = device;
  assertTurns(dispatch.turns, dispatch.label, report);
  const refuse = (must: string, received: number): never => {
    throw new SonospeechError("device", {
      action: `compute ${dispatch.label} on ${report.name}`,
      must,
      received,
      hint:
        "encode batches in chunks (training.chunkSize), lower data.batchSize or the model's size, or use " +
        "--device wasm",
    });
  };
  const largest = largestBuffer(device);
  for (const { value } of dispatch.bindings) {
    const bytes = wordBytes * wordsIn(value);
    if (bytes > largest) refuse(`${value.label} must fit in ${largest} bytes of one buffer`, bytes);
  }
  const buffers = dispatch.bindings.length;
  if (buffers > limits.maxStorageBuffersPerShaderStage) {
    refuse(`a kernel must use at most ${limits.maxStorageBuffersPerShaderStage} buffers`, buffers);
  }
  const groups = Math.max(...dispatch.workgroups);
  if (groups > limits.maxComputeWorkgroupsPerDimension) {
    refuse(`there must be at most ${limits.maxComputeWorkgroupsPerDimension} rows of workgroups`, groups);
  }
}
