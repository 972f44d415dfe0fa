/**
 * The checks of `doctor` that compute something: on the graphics adapter, and in WebAssembly.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { type AdapterReport, createExecutor, describeAdapters, measureGigaflops } from "../tensor/device.ts";
import type { Check } from "./doctor_checks.ts";

const installVulkan = "install a Vulkan driver: the graphics card's own, or for software rendering " +
  "apt-get install -y --no-install-recommends mesa-vulkan-drivers";

/** What the graphics adapter is and how fast it multiplies matrices. */
export async function checkAdapter(): Promise<Check> {
  const name = "adapter";
  const [adapter] = await describeAdapters();
  if (!adapter) {
    return { name, status: "warning", found: "none, training uses WebAssembly", remedy: installVulkan };
  }
  const speed = await measure("webgpu");
  const found = `${describeAdapter(adapter)}, ${speed.found}`;
  const details = { ...adapter, gigaflops: speed.gigaflops };
  if (speed.gigaflops === undefined) {
    return { name, status: "warning", found, remedy: "update its driver, or use --device wasm", details };
  }
  return { name, status: "ok", found, details };
}

/** The adapter's name, kind and limits in one line. */
export function describeAdapter({ name, isHardware, limits }: AdapterReport): string {
  const kind = isHardware ? "hardware" : "software";
  const buffer = (limits.maxBufferSizeBytes / 2 ** 30).toFixed(1);
  const shared = (limits.maxComputeWorkgroupStorageSizeBytes / 2 ** 10).toFixed(0);
  const invocations = limits.maxComputeInvocationsPerWorkgroup;
  return `${name} (${kind}), buffers to ${buffer} GiB, workgroups of ${invocations} with ${shared} KiB`;
}

/** Whether WebAssembly computes and how fast. */
export async function checkWebAssembly(): Promise<Check> {
  const speed = await measure("wasm");
  const check = { name: "wasm", found: speed.found, details: { gigaflops: speed.gigaflops } };
  return speed.gigaflops === undefined
    ? {
      ...check,
      status: "problem",
      remedy: "delete node_modules and start again, or get the packed file again",
    }
    : { ...check, status: "ok" };
}

async function measure(kind: "webgpu" | "wasm"): Promise<{ found: string; gigaflops?: number }> {
  try {
    const executor = await createExecutor(kind);
    try {
      const gigaflops = await measureGigaflops(executor);
      return { found: `${Number(gigaflops.toPrecision(2))} GFLOP/s`, gigaflops };
    } finally {
      await executor.dispose();
    }
  } catch (error) {
    if (!(error instanceof SonospeechError)) throw error;
    return { found: error.message };
  }
}
