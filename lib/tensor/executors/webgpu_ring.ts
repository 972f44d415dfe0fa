/**
 * Results of several steps, kept on the device until they are read back together: every reading costs 10 ms and
 * waits for all that was submitted.
 *
 * @module
 */

import { control } from "../kernels/wgsl_update.ts";
import type { WebgpuDevice } from "./webgpu_device.ts";

interface Pending {
  canary: number;
  resolve: (results: Float32Array) => void;
  reject: (reason: unknown) => void;
}

/** Steps that can wait for their results. */
const capacity = 32;

/** Copies of the results of the last steps. */
export class WebgpuRing {
  readonly #device: WebgpuDevice;
  readonly #results: GPUBuffer;
  readonly #staging: GPUBuffer;
  readonly #size: number;
  #pending: Pending[] = [];
  #count = 0;

  /** Begins with nothing; `size` elements of `results` belong to a step. */
  constructor(device: WebgpuDevice, results: GPUBuffer, size: number) {
    this.#device = device;
    this.#results = results;
    this.#size = size;
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    this.#staging = device.createBuffer("results of steps", capacity * size, usage);
  }

  /** Device memory it holds. */
  get sizeBytes(): number {
    return this.#staging.size;
  }

  /** Whether no further step fits in. */
  get isFull(): boolean {
    return this.#pending.length === capacity;
  }

  /** What the next step must write as its canary: another number than the steps before. */
  get nextCanary(): number {
    return 1 + this.#count % 65536;
  }

  /** Records that a step's results are kept. @returns Them, once they are read. */
  record(encoder: GPUCommandEncoder): Promise<Float32Array> {
    const bytes = this.#size * 4;
    encoder.copyBufferToBuffer(this.#results, 0, this.#staging, this.#pending.length * bytes, bytes);
    const { promise, resolve, reject } = Promise.withResolvers<Float32Array>();
    this.#pending.push({ canary: this.nextCanary, resolve, reject });
    this.#count++;
    return promise;
  }

  /** Reads all that is waited for; a failure rejects all of it. */
  async drain(): Promise<void> {
    const pending = this.#pending;
    if (pending.length === 0) return;
    try {
      const bytes = pending.length * this.#size * 4;
      await this.#staging.mapAsync(GPUMapMode.READ, 0, bytes);
      const all = new Float32Array(this.#staging.getMappedRange(0, bytes).slice(0));
      this.#staging.unmap();
      this.#device.assertHealthy();
      const results = pending.map((_, i) => all.subarray(i * this.#size, (i + 1) * this.#size));
      if (results.some((values, i) => values[control.canary] !== pending[i].canary)) {
        throw new Error("the device did not compute what it was told to");
      }
      pending.forEach(({ resolve }, i) => resolve(results[i]));
    } catch (cause) {
      const failure = this.#device.failure("read from the graphics adapter", cause);
      for (const { reject } of pending) reject(failure);
    } finally {
      this.#pending = [];
    }
  }

  /** Gives its memory back. */
  dispose(): void {
    this.#device.destroyBuffer(this.#staging);
  }
}
