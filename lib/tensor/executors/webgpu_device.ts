/**
 * A graphics adapter in use: buffers that are counted, pipelines that are made once, and reading back with a canary.
 *
 * @module
 */

import { SonospeechError } from "../../errors.ts";
import { type AdapterReport, openDevice, reportAdapter, type WatchedDevice } from "./webgpu_adapter.ts";

/** A stretch of a buffer, in float32 elements. */
export interface Stretch {
  /** Must allow copies from it. */
  buffer: GPUBuffer;
  /** Where it begins. */
  offset: number;
  /** How long it is. */
  size: number;
}

/** A compiled kernel. */
export interface Pipeline {
  /** What runs. */
  pipeline: GPUComputePipeline;
  /** What it is bound to. */
  layout: GPUBindGroupLayout;
}

/** An open device. */
export class WebgpuDevice {
  /** The adapter that computes. */
  readonly report: AdapterReport;
  readonly #watched: WatchedDevice;
  readonly #buffers = new Set<GPUBuffer>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #pipelines = new Map<string, Pipeline>();

  private constructor(watched: WatchedDevice) {
    this.#watched = watched;
    this.report = reportAdapter(watched.adapter);
  }

  /** Finds the adapter and opens it. @throws SonospeechError `device` when there is no adapter. */
  static async open(): Promise<WebgpuDevice> {
    return new WebgpuDevice(await openDevice());
  }

  /** The device itself. */
  get gpu(): GPUDevice {
    return this.#watched.device;
  }

  /** Buffers that are held. */
  get bufferCount(): number {
    return this.#buffers.size;
  }

  /** Memory of all buffers that are held. */
  get bufferBytes(): number {
    return [...this.#buffers].reduce((sum, { size }) => sum + size, 0);
  }

  /** A buffer of that many float32 elements, all zero. */
  createBuffer(label: string, size: number, usage: number): GPUBuffer {
    const buffer = this.gpu.createBuffer({ label, size: Math.max(1, size) * 4, usage });
    this.#buffers.add(buffer);
    return buffer;
  }

  /** Gives a buffer back. */
  destroyBuffer(buffer: GPUBuffer): void {
    if (this.#buffers.delete(buffer)) buffer.destroy();
  }

  /** Compiles a kernel, or finds it: equal code is compiled once. */
  pipeline(code: string, accesses: readonly ("read" | "write")[], label: string): Pipeline {
    const known = this.#pipelines.get(code);
    if (known) return known;
    const layout = this.#layout(accesses);
    const pipeline = this.gpu.createComputePipeline({
      label,
      layout: this.gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: this.gpu.createShaderModule({ label, code }), entryPoint: "main" },
    });
    const made = { pipeline, layout };
    this.#pipelines.set(code, made);
    return made;
  }

  #layout(accesses: readonly ("read" | "write")[]): GPUBindGroupLayout {
    const key = accesses.join();
    const layout = this.#layouts.get(key) ?? this.gpu.createBindGroupLayout({
      entries: accesses.map((access, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: access === "read" ? "read-only-storage" : "storage" },
      })),
    });
    this.#layouts.set(key, layout);
    return layout;
  }

  /**
   * Copies stretches of buffers to the host through one mapped buffer, as every mapping costs 10 ms. A canary that
   * the device itself must copy shows a device that has silently stopped.
   *
   * @throws SonospeechError `device` when an error was reported since the device was opened, or the device is gone.
   */
  async read(stretches: readonly Stretch[]): Promise<Float32Array[]> {
    const total = stretches.reduce((sum, { size }) => sum + size, 0);
    let canary: GPUBuffer | undefined, staging: GPUBuffer | undefined;
    try {
      canary = this.createBuffer("canary", 1, GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST);
      staging = this.createBuffer("staging", total + 1, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
      const mark = Math.fround(1 + Math.random());
      this.gpu.queue.writeBuffer(canary, 0, new Float32Array([mark]));
      const encoder = this.gpu.createCommandEncoder();
      let offset = 0;
      for (const { buffer, offset: from, size } of [...stretches, { buffer: canary, offset: 0, size: 1 }]) {
        encoder.copyBufferToBuffer(buffer, from * 4, staging, offset * 4, size * 4);
        offset += size;
      }
      this.gpu.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const values = new Float32Array(staging.getMappedRange().slice(0));
      if (values[total] !== mark) throw new Error("the device did not copy what it was told to");
      this.#watched.assertHealthy();
      offset = 0;
      return stretches.map(({ size }) => values.subarray(offset, offset += size));
    } catch (cause) {
      throw this.failure("read from the graphics adapter", cause);
    } finally {
      if (canary) this.destroyBuffer(canary);
      if (staging) this.destroyBuffer(staging);
    }
  }

  /** Must be asked before a result is trusted. @throws SonospeechError `device` when an error was reported. */
  assertHealthy(): void {
    this.#watched.assertHealthy();
  }

  /** The error that the device reported, else one that names what was tried. */
  failure(action: string, cause: unknown): SonospeechError {
    if (cause instanceof SonospeechError) return cause;
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

  /** Destroys the device and all it holds. */
  dispose(): void {
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers.clear();
    this.gpu.destroy();
  }
}
