/**
 * Choosing and opening a device.
 *
 * @module
 */

import type { DeviceInfo } from "./executor.ts";
import { GraphExecutor } from "./executors/graph_executor.ts";
import { openHostDevice } from "./executors/host_device.ts";
import type { WasmOptions } from "./executors/host_memory.ts";
import { openWebgpuDevice } from "./executors/webgpu_device.ts";

/** Options of {@linkcode createExecutor}. */
export type ExecutorOptions = WasmOptions;

/**
 * Opens the executor of one kind. Several may live side by side.
 *
 * @throws SonospeechError `device` when there is no such device.
 */
export async function createExecutor(
  kind: DeviceInfo["kind"],
  options: ExecutorOptions = {},
): Promise<GraphExecutor> {
  return new GraphExecutor(
    kind === "webgpu" ? await openWebgpuDevice() : await openHostDevice(kind, options),
  );
}
