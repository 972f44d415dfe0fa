/**
 * How long a graphics adapter itself computes, by its own clock where it has one.
 *
 * @module
 */

import type { WebgpuDevice } from "../../lib/tensor/executors/webgpu_device.ts";
import type { WebgpuProgram } from "../../lib/tensor/executors/webgpu_program.ts";

/** Times the runs of a program on the device. */
export interface DeviceClock {
  /** Whether it is the device's own clock. */
  readonly isExact: boolean;
  /** Must be called before each run. */
  next(): void;
  /** Milliseconds that the device took for all runs since this was asked last; those runs must have ended. */
  read(): Promise<number>;
  /** Gives back what it holds. */
  dispose(): void;
}

/**
 * A clock for at most so many runs between two readings: time stamps where the adapter has `timestamp-query`, else the
 * time of as many runs that are submitted together, between which the device waits for nothing.
 */
export function deviceClock(device: WebgpuDevice, program: WebgpuProgram, runs: number): DeviceClock {
  return device.gpu.features.has("timestamp-query")
    ? new TimestampClock(device, program, runs)
    : new SubmissionClock(device, program);
}

class TimestampClock implements DeviceClock {
  readonly isExact = true;
  readonly #device: WebgpuDevice;
  readonly #program: WebgpuProgram;
  readonly #queries: GPUQuerySet;
  readonly #stamps: GPUBuffer;
  #runs = 0;

  constructor(device: WebgpuDevice, program: WebgpuProgram, runs: number) {
    this.#device = device;
    this.#program = program;
    this.#queries = device.gpu.createQuerySet({ type: "timestamp", count: 2 * runs });
    this.#stamps = device.createBuffer(
      "time stamps",
      4 * runs,
      GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    );
  }

  next(): void {
    this.#program.timestamps = {
      querySet: this.#queries,
      beginningOfPassWriteIndex: 2 * this.#runs,
      endOfPassWriteIndex: 2 * this.#runs + 1,
    };
    this.#runs++;
  }

  async read(): Promise<number> {
    const encoder = this.#device.gpu.createCommandEncoder();
    encoder.resolveQuerySet(this.#queries, 0, 2 * this.#runs, this.#stamps, 0);
    this.#device.gpu.queue.submit([encoder.finish()]);
    const [words] = await this.#device.read([{ buffer: this.#stamps, offset: 0, size: 4 * this.#runs }]);
    const stamps = new BigUint64Array(words.slice().buffer);
    let nanoseconds = 0n;
    for (let run = 0; run < this.#runs; run++) nanoseconds += stamps[2 * run + 1] - stamps[2 * run];
    this.#runs = 0;
    return Number(nanoseconds) / 1e6;
  }

  dispose(): void {
    this.#program.timestamps = undefined;
    this.#queries.destroy();
    this.#device.destroyBuffer(this.#stamps);
  }
}

/** Asks for the same runs again, without what the host does between them. */
export class SubmissionClock implements DeviceClock {
  readonly isExact = false;
  readonly #device: WebgpuDevice;
  readonly #program: WebgpuProgram;
  #runs = 0;

  /** Begins with no runs. */
  constructor(device: WebgpuDevice, program: WebgpuProgram) {
    this.#device = device;
    this.#program = program;
  }

  next(): void {
    this.#runs++;
  }

  async read(): Promise<number> {
    const nothing = await this.#time(0); // what reading costs by itself
    const all = await this.#time(this.#runs);
    this.#runs = 0;
    return Math.max(0, all - nothing);
  }

  async #time(runs: number): Promise<number> {
    const start = performance.now();
    const encoder = this.#device.gpu.createCommandEncoder();
    for (let run = 0; run < runs; run++) this.#program.encode(encoder);
    this.#device.gpu.queue.submit([encoder.finish()]);
    await this.#device.read([{ buffer: this.#program.area("results"), offset: 0, size: 1 }]);
    return performance.now() - start;
  }

  dispose(): void {}
}
