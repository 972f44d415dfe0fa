/**
 * Finding a graphics adapter and opening a device on it, whose errors are never lost.
 *
 * @module
 */

import { SonospeechError } from "../../errors.ts";

/** What an adapter says of itself. */
export interface AdapterReport {
  /** Its name, as the driver tells it. */
  name: string;
  /** Its maker, as the driver tells it; may be empty. */
  vendor: string;
  /** False for an adapter that is emulated on the processor. */
  isHardware: boolean;
  /** What bounds the work it can take. */
  limits: {
    maxBufferSizeBytes: number;
    maxStorageBufferBindingSizeBytes: number;
    maxComputeInvocationsPerWorkgroup: number;
    maxComputeWorkgroupStorageSizeBytes: number;
  };
}

const emulators = /llvmpipe|lavapipe|softpipe|swiftshader|software|basic render/i;

/** The adapter the system offers for computing, or undefined where there is none (or no Vulkan loader). */
export async function findAdapter(): Promise<GPUAdapter | undefined> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  return adapter ?? undefined;
}

/** Name, kind and key limits of an adapter. */
export function reportAdapter({ info, limits }: GPUAdapter): AdapterReport {
  const name = info.description || info.device || info.vendor || "unnamed adapter";
  return {
    name,
    vendor: info.vendor,
    isHardware: !info.isFallbackAdapter && !emulators.test(name),
    limits: {
      maxBufferSizeBytes: limits.maxBufferSize,
      maxStorageBufferBindingSizeBytes: limits.maxStorageBufferBindingSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupStorageSizeBytes: limits.maxComputeWorkgroupStorageSize,
    },
  };
}

/** A device and what befell it. */
export interface WatchedDevice {
  /** The device. */
  device: GPUDevice;
  /** The adapter it is opened on. */
  adapter: GPUAdapter;
  /**
   * Must be asked before a result is trusted.
   *
   * @throws SonospeechError `device` when an error was reported or the device was lost since it was opened.
   */
  assertHealthy(): void;
}

/** What is used where an adapter has it: to store half precision, and to measure. */
const wantedFeatures: readonly GPUFeatureName[] = ["shader-f16", "timestamp-query"];

/**
 * Opens a device with the adapter's own limits.
 *
 * @throws SonospeechError `device` when there is no adapter or it refuses.
 */
export async function openDevice(): Promise<WatchedDevice> {
  const adapter = await findAdapter();
  if (adapter === undefined) {
    throw new SonospeechError("device", {
      action: "start the WebGPU executor",
      must: "there must be a graphics adapter and a Vulkan loader",
      hint: "Run `./run doctor`, or use --device wasm.",
    });
  }
  const { limits, features } = adapter;
  const device = await adapter.requestDevice({
    requiredFeatures: wantedFeatures.filter((feature) => features.has(feature)),
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    },
  });
  return watch(device, adapter);
}

function watch(device: GPUDevice, adapter: GPUAdapter): WatchedDevice {
  let failure: string | undefined;
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    failure ??= (event as GPUUncapturedErrorEvent).error.message;
  });
  device.lost.then(({ reason, message }) => {
    failure ??= reason === "destroyed" ? "the device was given back" : `the device was lost: ${message}`;
  });
  return {
    device,
    adapter,
    assertHealthy() {
      if (failure === undefined) return;
      throw new SonospeechError("device", {
        action: "compute on the graphics adapter",
        must: "no command may fail",
        received: failure,
        hint: "Run `./run doctor`, or use --device wasm.",
      });
    },
  };
}
