/**
 * Tensors on a graphics adapter: tfjs's WebGPU backend on a device of our own, with our programs beside its kernels.
 *
 * @module
 */

import "./webgpu_flags.ts";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { SonospeechError } from "../../errors.ts";
import { type Shape, sizeOf } from "../../shape.ts";
import type { Tensor } from "../executor.ts";
import { type Tuning, tunings, type WgslProgram } from "../kernels/wgsl.ts";
import { callKernel, type KernelAttributes } from "./host_memory.ts";
import type { Handle } from "./tensor_device.ts";
import { type AdapterReport, openDevice, reportAdapter, type WatchedDevice } from "./webgpu_adapter.ts";
import { assertTurns } from "./webgpu_turns.ts";

type BackendProgram = Parameters<WebGPUBackend["runWebGPUProgram"]>[0];

/** tfjs's WebGPU backend, and what it lacks. */
export class WebgpuMemory {
  /** The adapter that computes. */
  readonly report: AdapterReport;
  /** How kernels are cut for it. */
  readonly tuning: Tuning;
  readonly #watched: WatchedDevice;
  readonly #backend: WebGPUBackend;
  /** Short names of programs; tfjs finds compiled programs by name. */
  readonly #programNames = new Map<string, string>();

  private constructor(watched: WatchedDevice) {
    this.#watched = watched;
    this.#backend = new WebGPUBackend(watched.device, watched.adapter.info);
    this.report = reportAdapter(watched.adapter);
    this.tuning = tunings[this.report.isHardware ? "hardware" : "software"];
  }

  /** Finds the adapter and opens it. @throws SonospeechError `device` when there is no adapter. */
  static async open(): Promise<WebgpuMemory> {
    return new WebgpuMemory(await openDevice());
  }

  /** The device that kernels run on. */
  get device(): GPUDevice {
    return this.#watched.device;
  }

  /** Memory of undefined content. */
  allocate(shape: Shape): Handle {
    return this.#backend.makeTensorInfo([...shape], "float32");
  }

  /** Copies a tensor to the device. @throws SonospeechError `device` when the device is gone. */
  upload({ shape, data }: Tensor): Handle {
    const handle = this.#backend.makeTensorInfo([...shape], "float32", data);
    try {
      this.#backend.uploadToGPU(handle.dataId);
    } catch (cause) {
      throw this.#failure("write to the graphics adapter", cause);
    }
    return handle;
  }

  /** The error that the device reported, else one that names what was tried. */
  #failure(action: string, cause: unknown): SonospeechError {
    try {
      this.#watched.assertHealthy();
    } catch (reported) {
      if (reported instanceof SonospeechError) return reported;
    }
    return new SonospeechError("device", {
      action,
      must: "the device must be there and answer",
      received: cause,
      hint: "Run `./run doctor`, or use --device wasm.",
      cause,
    });
  }

  /** A second hold on the same content, in another shape if one is given. */
  retain(handle: Handle, shape: Shape = handle.shape): Handle {
    this.#backend.incRef(handle.dataId);
    return { dataId: handle.dataId, shape: [...shape], dtype: "float32" };
  }

  /** Gives one hold back. */
  release(handle: Handle): void {
    this.#backend.disposeData(handle.dataId);
  }

  /** The number of tensors that are held. */
  tensorCount(): number {
    this.submit();
    return this.#backend.numDataIds();
  }

  /** Calls a tfjs kernel. */
  call(kernel: string, inputs: Record<string, Handle>, attributes?: KernelAttributes): Handle {
    return callKernel("webgpu", this.#backend, kernel, inputs, attributes);
  }

  /**
   * Makes one of our programs ready; `operation` says in errors what it computes.
   *
   * @throws SonospeechError `device` when the adapter would not run its loops to their end.
   */
  compile(program: WgslProgram, operation: string): (inputs: readonly Handle[]) => Handle {
    assertTurns(program.turns, operation, this.report);
    const definition = this.#define(program);
    const uniforms = [{ type: "int32", data: [program.invocations] }];
    return (inputs) => this.#backend.runWebGPUProgram({ ...definition }, [...inputs], "float32", uniforms);
  }

  #define(program: WgslProgram): BackendProgram {
    const workgroupSize = program.workgroupSize ?? 64;
    const code = `${program.declarations ?? ""}
fn main(index: i32) {
  if (index >= uniforms.invocations) { return; }
  ${program.body}
}`;
    const identity = [code, ...program.inputs.map(({ name, components }) => name + components)].join("\n");
    const name = this.#programNames.get(identity) ?? `own${this.#programNames.size}`;
    this.#programNames.set(identity, name);
    return {
      variableNames: program.inputs.map((input) => input.name),
      variableComponents: program.inputs.map((input) => input.components),
      outputShape: [...program.shape],
      outputComponent: program.components,
      workgroupSize: [workgroupSize, 1, 1],
      dispatchLayout: { x: [0] },
      dispatch: [Math.ceil(program.invocations / workgroupSize), 1, 1],
      // tfjs binds its uniforms always, and a layout has only what the code uses: so the count is one of them.
      uniforms: "invocations : i32,",
      shaderKey: name,
      getUserCode: () => code,
    };
  }

  /** The tensor's buffer, filled by all that was submitted. */
  bufferOf(handle: Handle): GPUBuffer {
    this.#backend.uploadToGPU(handle.dataId);
    const { resource } = this.#backend.tensorMap.get(handle.dataId);
    if (!(resource instanceof GPUBuffer)) throw new TypeError("Cannot use a tensor: it must lie in a buffer");
    return resource;
  }

  /** Sends what was recorded to the device. */
  submit(): void {
    this.#backend.ensureCommandEncoderReady();
    this.#backend.endComputePassEncoder();
    this.#backend.submitQueue();
  }

  /**
   * Copies tensors to the host.
   *
   * @throws SonospeechError `device` when an error was reported since the device was opened, or the device is gone.
   */
  async read(handles: readonly Handle[]): Promise<Float32Array[]> {
    try {
      const sizes = handles.map(({ shape }) => sizeOf(shape));
      const values = await this.#readBuffers(handles.map((handle) => this.bufferOf(handle)), sizes);
      this.#watched.assertHealthy();
      let offset = 0;
      return sizes.map((size) => values.slice(offset, offset += size));
    } catch (cause) {
      throw this.#failure("read from the graphics adapter", cause);
    }
  }

  /**
   * Copies buffers through one mapped buffer, as every mapping costs 10 ms. A canary that the device itself must
   * copy shows a device that has silently stopped.
   */
  async #readBuffers(buffers: readonly GPUBuffer[], sizes: readonly number[]): Promise<Float32Array> {
    this.submit();
    const { device } = this;
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const canary = device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const staging = device.createBuffer({ size: (total + 1) * 4, usage });
    try {
      const mark = Math.fround(1 + Math.random());
      device.queue.writeBuffer(canary, 0, new Float32Array([mark]));
      const encoder = device.createCommandEncoder();
      let offset = 0;
      [...buffers, canary].forEach((buffer, i) => {
        const size = sizes[i] ?? 1;
        encoder.copyBufferToBuffer(buffer, 0, staging, offset * 4, size * 4);
        offset += size;
      });
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const values = new Float32Array(staging.getMappedRange().slice(0));
      if (values[total] !== mark) throw new Error("the device did not copy what it was told to");
      return values;
    } finally {
      staging.destroy();
      canary.destroy();
    }
  }

  /** Destroys the device and all it holds. */
  dispose(): void {
    this.#backend.dispose();
    this.device.destroy();
  }
}
