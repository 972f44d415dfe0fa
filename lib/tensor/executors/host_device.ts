/**
 * A tensor device on host memory.
 *
 * @module
 */

import { compileHostKernel } from "./host_kernels.ts";
import { type HostMemory, openHostMemory, type WasmOptions } from "./host_memory.ts";
import { compileHostUpdate } from "./host_update.ts";
import type { TensorDevice } from "./tensor_device.ts";

/** Opens WebAssembly, or plain JavaScript (the tests' oracle). @throws SonospeechError `device` without .wasm files. */
export async function openHostDevice(kind: "wasm" | "cpu", options: WasmOptions = {}): Promise<TensorDevice> {
  return hostDevice(await openHostMemory(kind, options));
}

function hostDevice(memory: HostMemory): TensorDevice {
  const name = memory.kind === "wasm" ? "WebAssembly, 1 thread" : "JavaScript, 1 thread";
  return {
    info: { kind: memory.kind, name, isHardware: false },
    compile: (node) => compileHostKernel(node, memory),
    upload(tensor) {
      const handle = memory.allocate(tensor.shape);
      memory.view(handle).set(tensor.data);
      return handle;
    },
    retain: (handle) => memory.retain(handle),
    release: (handle) => memory.release(handle),
    read: (handles) => Promise.resolve(handles.map((handle) => memory.view(handle).slice())),
    compileUpdate: (task) => compileHostUpdate(task, memory),
    tensorCount: () => memory.tensorCount(),
    dispose() {}, // the memory belongs to the process, see openHostMemory
  };
}
