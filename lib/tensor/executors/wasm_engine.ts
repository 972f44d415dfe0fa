/**
 * Makes WebAssembly kernels and runs them on all threads.
 *
 * @module
 */

import { Worker } from "node:worker_threads";
import { workerUrl } from "../../app_paths.ts";
import { SonospeechError } from "../../errors.ts";
import { encodeModule, type FunctionBuilder } from "../kernels/wasm_assembler.ts";
import { WasmMemory } from "./wasm_memory.ts";
import { closeJobs, controlBytes, runJob, type SharedKernel, type UnitKernel } from "./wasm_threads.ts";

/** Vector instructions below which a job is not shared out: some microseconds, as it takes to share. */
const smallestJob = 20_000;
/** Vector instructions of a chunk at least. */
const smallestChunk = 5_000;
/** Chunks for each thread: with some more than one, a thread that is held up holds up less. */
const chunksPerThread = 4;
/** Threads by default, where there are as many cores: steps of small networks have no work for more. */
const mostThreads = 8;

/** A kernel made ready. */
export interface WasmKernel {
  shared: SharedKernel;
  call: UnitKernel;
}

/** What there is to do. */
export interface WasmJob {
  /** Parts that the work can be cut into. */
  units: number;
  /** Roughly how many vector instructions it is in all. */
  cost: number;
}

function startThread(memory: WebAssembly.Memory): void {
  const url = new URL(workerUrl("lib/tensor/executors/wasm_worker.ts"));
  // Node's kind of Worker: Deno's own would keep the process alive when an executor is not closed.
  const worker = new Worker(url, { workerData: { memory } });
  worker.on(
    "error",
    () => {/* The job that it had a part in tells of it, and the others go on without it. */},
  );
  worker.unref();
}

/** One memory, the kernels on it, and the threads that run them. */
export class WasmEngine {
  /** Where the tensors lie. */
  readonly memory: WasmMemory = new WasmMemory(controlBytes);
  /** How many threads compute, the caller's included. */
  readonly threads: number;
  readonly #kernels = new Map<string, WasmKernel>();
  readonly #control: Int32Array = new Int32Array(this.memory.memory.buffer, 0, controlBytes / 4);

  /**
   * Starts `threads` − 1 threads, which end with {@linkcode close} or with the process. Nothing waits for them: until
   * they are there, and where they are busy, the caller's thread does the work.
   *
   * @throws SonospeechError `device` when they cannot be started.
   */
  constructor(threads: number = Math.min(navigator.hardwareConcurrency, mostThreads)) {
    if (!Number.isInteger(threads) || threads < 1) {
      throw new RangeError(`Cannot compute: threads must be a whole number from 1 on, received ${threads}`);
    }
    this.threads = threads;
    try {
      for (let i = 1; i < threads; i++) startThread(this.memory.memory);
    } catch (cause) {
      this.close();
      throw new SonospeechError("device", {
        action: "start the threads of the WebAssembly executor",
        must: "the program must be allowed to read its own files",
        received: cause instanceof Error ? cause.message : cause,
        cause,
      });
    }
  }

  /** A kernel, made when its key is asked for the first time. */
  kernel(key: string, make: () => FunctionBuilder): WasmKernel {
    const found = this.#kernels.get(key);
    if (found !== undefined) return found;
    const code = encodeModule(make());
    const imports = { env: { memory: this.memory.memory } };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), imports);
    const shared = {
      index: this.#kernels.size,
      codeAddress: this.memory.store(code),
      codeBytes: code.length,
    };
    const made = { shared, call: exports.run as UnitKernel };
    this.#kernels.set(key, made);
    return made;
  }

  /** Runs a kernel over all its units. */
  run({ shared, call }: WasmKernel, { units, cost }: WasmJob, ...rest: readonly number[]): void {
    const chunks = Math.min(units, this.threads * chunksPerThread, Math.ceil(cost / smallestChunk));
    if (this.threads === 1 || chunks < 2 || cost < smallestJob) call(0, units, ...rest);
    else runJob(this.#control, shared, call, { units, chunks, rest });
  }

  /** Ends the threads. */
  close(): void {
    closeJobs(this.#control);
  }
}
