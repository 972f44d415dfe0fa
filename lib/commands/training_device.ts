/**
 * The device of a run: chosen when it begins, and kept when it goes on, so that its numbers stay the same bits.
 *
 * @module
 */

import { chooseDevice, type DeviceChoice, type ExecutorOptions } from "../tensor/device.ts";
import type { Executor } from "../tensor/executor.ts";
import { type RunDevice, type RunFolder, saveRunDevice } from "../training/run_folder.ts";

/**
 * Opens the device that was asked for; with `auto`, the kind that the run has been computed on. What is opened is
 * noted in the run's folder.
 *
 * @throws SonospeechError `device` when it is not there (any more).
 */
export async function openTrainingDevice(
  folder: RunFolder,
  choice: DeviceChoice,
  options: ExecutorOptions,
): Promise<Executor> {
  const { device: before } = folder.record;
  const executor = await chooseDevice(choice === "auto" ? before?.kind ?? "auto" : choice, options);
  const { kind, name } = executor.device;
  if (before !== undefined) options.onNote?.(changeNote(before, { kind, name }));
  await saveRunDevice(folder, { kind, name });
  return executor;
}

/** Threads are part of wasm's name, and nothing depends on them. */
function changeNote(before: RunDevice, now: RunDevice): string {
  const isSame = before.kind === now.kind && (now.kind !== "webgpu" || before.name === now.name);
  return isSame
    ? `the run stays on ${now.kind}, which it was computed on so far`
    : `the run was computed on ${before.name} so far: on ${now.name} its numbers go on within rounding, not bit by bit`;
}
