/**
 * Sharing a kernel's units out among threads that work on one memory.
 *
 * The memory's first bytes hold the job. Its units are cut into chunks; whoever has time takes one by counting
 * `remaining` down, the caller's thread included. A chunk can be taken only of the present job, and a job is over only
 * when all its chunks are done: so threads need not check in, and one that starts or wakes late does no harm. Chunks
 * share no sums, so that results do not depend on who computes them.
 *
 * @module
 */

import { SonospeechError } from "../../errors.ts";

/** A function of units `[first, last)` and the addresses and numbers that it was made for. */
export type UnitKernel = (first: number, last: number, ...rest: number[]) => void;

/** Bytes at the memory's start that are no tensors'. */
export const controlBytes = 512;

/** Places in the control area, in 32-bit integers. Those that threads wait for have cache lines of their own. */
const remaining = 0;
const done = 16;
const kernelIndex = 32, codeAddress = 33, codeBytes = 34, units = 35, chunks = 36, argumentCount = 37;
const failed = 38, firstArgument = 39;

/** `remaining` says that no job will follow. */
const closed = -1;
/** Looks at a word before a thread goes to sleep: some tens of microseconds, as a wake-up takes. */
const spins = 20_000;

/** A kernel as another thread can make it. */
export interface SharedKernel {
  index: number;
  codeAddress: number;
  codeBytes: number;
}

/**
 * Takes chunks of the present job until none remains.
 *
 * @throws What a chunk throws. It counts as done, or whoever waits for the job would wait for ever.
 */
function workOff(control: Int32Array, kernelOf: (job: SharedKernel) => UnitKernel): void {
  for (let left = Atomics.load(control, remaining); left > 0; left = Atomics.load(control, remaining)) {
    if (Atomics.compareExchange(control, remaining, left, left - 1) !== left) continue;
    try {
      const kernel = kernelOf({
        index: control[kernelIndex],
        codeAddress: control[codeAddress] >>> 0, // beyond 2 GiB it is stored as a negative number
        codeBytes: control[codeBytes],
      });
      const [count, parts] = [control[units], control[chunks]];
      const rest = control.subarray(firstArgument, firstArgument + control[argumentCount]);
      kernel(Math.floor((left - 1) * count / parts), Math.floor(left * count / parts), ...rest);
    } catch (error) {
      Atomics.store(control, failed, 1);
      throw error;
    } finally {
      Atomics.add(control, done, 1);
      Atomics.notify(control, done);
    }
  }
}

/** Waits until a word is no longer `value`. */
function waitFor(control: Int32Array, word: number, value: number): void {
  for (let i = 0; i < spins; i++) if (Atomics.load(control, word) !== value) return;
  Atomics.wait(control, word, value);
}

/**
 * Runs a job, taking part in it. One thread alone may call this.
 *
 * @throws SonospeechError `device` when another thread could not do its part.
 */
export function runJob(
  control: Int32Array,
  { index, codeAddress: address, codeBytes: bytes }: SharedKernel,
  kernel: UnitKernel,
  job: { units: number; chunks: number; rest: readonly number[] },
): void {
  control.set([index, address, bytes, job.units, job.chunks, job.rest.length], kernelIndex);
  control.set(job.rest, firstArgument);
  Atomics.store(control, failed, 0);
  Atomics.store(control, done, 0);
  Atomics.store(control, remaining, job.chunks);
  Atomics.notify(control, remaining);
  workOff(control, () => kernel);
  for (let ready = Atomics.load(control, done); ready < job.chunks; ready = Atomics.load(control, done)) {
    waitFor(control, done, ready);
  }
  if (Atomics.load(control, failed) === 0) return;
  throw new SonospeechError("device", {
    action: "compute on WebAssembly",
    must: "every thread must be able to do its part",
    received: "one that failed",
    hint: "if memory ran out, encode batches in chunks (training.chunkSize) or lower data.batchSize",
  });
}

/** Works on jobs until they are closed: the whole life of a thread. */
export function serveJobs(control: Int32Array, kernelOf: (job: SharedKernel) => UnitKernel): void {
  while (Atomics.load(control, remaining) !== closed) {
    workOff(control, kernelOf);
    waitFor(control, remaining, 0);
  }
}

/** Sends the threads home. */
export function closeJobs(control: Int32Array): void {
  Atomics.store(control, remaining, closed);
  Atomics.notify(control, remaining);
}
