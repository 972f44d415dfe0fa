/**
 * What evaluating from the command line needs: a checkpoint, a device that is given back, and a place in the run's
 * record.
 *
 * @module
 */

import { join } from "node:path";
import type { SplitCertificate } from "../data/split_certificate.ts";
import { SonospeechError } from "../errors.ts";
import type { EvaluationReport } from "../evaluation/evaluate.ts";
import { CheckpointStore } from "../records/checkpoint_store.ts";
import { MetricStore } from "../records/metric_store.ts";
import { chooseDevice, type DeviceChoice, type ExecutorOptions } from "../tensor/device.ts";
import type { Executor, Tensor } from "../tensor/executor.ts";
import { certificateOf } from "../training/run_certificate.ts";
import { floatTensors } from "../training/train_state.ts";
import { evaluationEvent, evaluationFolder } from "./training_session.ts";

export { evaluationFolder };

/** A checkpoint's parameters and step, and the split certificate that it carries, if any. */
export interface LoadedCheckpoint {
  parameters: Map<string, Tensor>;
  step: number;
  certificate: SplitCertificate | null;
}

/** Reads the best checkpoint, or the newest when asked or when none was marked best. */
export async function loadCheckpoint(run: string, which: "best" | "newest"): Promise<LoadedCheckpoint> {
  const store = CheckpointStore.readOnly(join(run, "checkpoints"));
  const checkpoint = (which === "best" ? await store.best() : null) ?? (await store.newest()).checkpoint;
  if (!checkpoint) {
    throw new SonospeechError("store", {
      action: "use the run",
      must: "it must have a readable checkpoint",
      received: "none",
      hint: "train it for at least one epoch",
    });
  }
  const { step, tensors, metadata } = checkpoint;
  return { parameters: floatTensors(tensors), step, certificate: certificateOf(metadata) };
}

/** An executor that is disposed of when its scope ends. */
export async function openExecutor(
  device: DeviceChoice,
  options?: ExecutorOptions,
): Promise<{ executor: Executor } & AsyncDisposable> {
  const executor = await chooseDevice(device, options);
  return { executor, [Symbol.asyncDispose]: () => executor.dispose() };
}

/** Adds an evaluation to the run's record, for the dashboard. */
export async function recordEvaluation(run: string, report: EvaluationReport): Promise<void> {
  const path = join(run, "metrics.sqlite");
  const exists = await Deno.stat(path).then(() => true, () => false);
  if (!exists) return;
  const metrics = MetricStore.open(path);
  try {
    metrics.append({ ...evaluationEvent(report, metrics.lastEvent("finished")?.event.epoch as number ?? 0) });
    metrics.flush();
  } finally {
    metrics.close();
  }
}
