/**
 * Tensor devices whose memory JavaScript can see: WebAssembly, and plain arrays as the tests' oracle.
 *
 * @module
 */

import type { DeviceInfo, Feed } from "../executor.ts";
import type { Node } from "../graph.ts";
import { compileHostKernel } from "./host_kernels.ts";
import { ArrayMemory, type HostMemory } from "./host_memory.ts";
import { compileHostUpdate } from "./host_update.ts";
import type { Kernel, TensorDevice } from "./tensor_device.ts";
import { WasmEngine } from "./wasm_engine.ts";
import { memoryLimitBytes } from "./wasm_memory.ts";
import { compileWasmKernel } from "./wasm_kernels.ts";
import { compileWasmUpdate } from "./wasm_update.ts";

/** Opens plain JavaScript. */
export function openArrayDevice(): TensorDevice {
  const memory = new ArrayMemory();
  const info: DeviceInfo = { kind: "cpu", name: "JavaScript, 1 thread", isHardware: false };
  return {
    ...onMemory(memory, (node) => compileHostKernel(node, memory)),
    info,
    compileUpdate: (task) => compileHostUpdate(task, memory),
    dispose() {},
  };
}

/** Opens WebAssembly on so many threads, by default on all cores. */
export function openWasmDevice(threads?: number): TensorDevice {
  const engine = new WasmEngine(threads);
  const name = `WebAssembly, ${engine.threads} thread${engine.threads === 1 ? "" : "s"}`;
  const info: DeviceInfo = { kind: "wasm", name, isHardware: false };
  return {
    ...onMemory(engine.memory, (node) => compileWasmKernel(node, engine)),
    info,
    memoryLimitBytes,
    compileUpdate: (task) => compileWasmUpdate(task, engine),
    dispose: () => engine.close(),
  };
}

/** A loop where types differ: `set()` takes three times as long for 16-bit floats. */
function copyElements(out: Float32Array, data: Feed["data"]): void {
  if (data instanceof Float32Array) out.set(data);
  else for (let i = 0; i < data.length; i++) out[i] = data[i];
}

function onMemory(
  memory: HostMemory,
  compile: (node: Node) => Kernel,
): Omit<TensorDevice, "info" | "compileUpdate" | "dispose"> {
  return {
    compile,
    upload(tensor) {
      const handle = memory.allocate(tensor.shape);
      copyElements(memory.view(handle), tensor.data);
      return handle;
    },
    retain: (handle) => memory.retain(handle),
    release: (handle) => memory.release(handle),
    read: (handles) => Promise.resolve(handles.map((handle) => memory.view(handle).slice())),
    tensorCount: () => memory.tensorCount(),
  };
}
