/**
 * A tensor device on a graphics adapter.
 *
 * @module
 */

import type { TensorDevice } from "./tensor_device.ts";
import { compileWebgpuKernel } from "./webgpu_kernels.ts";
import { WebgpuMemory } from "./webgpu_memory.ts";
import { compileWebgpuUpdate } from "./webgpu_update.ts";

/** Opens the graphics adapter, hardware or emulated. @throws SonospeechError `device` when there is none. */
export async function openWebgpuDevice(): Promise<TensorDevice> {
  const memory = await WebgpuMemory.open();
  const { name, isHardware } = memory.report;
  return {
    info: { kind: "webgpu", name, isHardware },
    compile: (node) => compileWebgpuKernel(node, memory),
    upload: (tensor) => memory.upload(tensor),
    retain: (handle) => memory.retain(handle),
    release: (handle) => memory.release(handle),
    read: (handles) => memory.read(handles),
    compileUpdate: (task) => compileWebgpuUpdate(task, memory),
    tensorCount: () => memory.tensorCount(),
    dispose: () => memory.dispose(),
  };
}
