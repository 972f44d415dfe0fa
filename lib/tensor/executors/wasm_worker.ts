/**
 * A thread of the WebAssembly device: it makes the kernels it is asked for and runs chunks of them.
 *
 * @module
 */

import { workerData } from "node:worker_threads";
import { controlBytes, serveJobs, type SharedKernel, type UnitKernel } from "./wasm_threads.ts";

const { memory } = workerData as { memory: WebAssembly.Memory };
const kernels: UnitKernel[] = [];

function kernelOf({ index, codeAddress, codeBytes }: SharedKernel): UnitKernel {
  if (kernels[index] !== undefined) return kernels[index];
  memory.grow(0); // else `buffer` may still have the length from before another thread made the memory grow
  const code = new Uint8Array(memory.buffer, codeAddress, codeBytes).slice();
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } });
  return kernels[index] = exports.run as UnitKernel;
}

serveJobs(new Int32Array(memory.buffer, 0, controlBytes / 4), kernelOf);
