/**
 * One training run from the command line: opens what it needs, trains, records, and closes it all again.
 *
 * @module
 */

import { join } from "node:path";
import { type ConfigChanges, resolveRunConfig } from "../config.ts";
import { DatasetReader } from "../data/dataset_store.ts";
import { fitRunConfig } from "../data/fit_run_config.ts";
import { certificateVersion, certifySplit, type SplitCertificate } from "../data/split_certificate.ts";
import { SonospeechError } from "../errors.ts";
import { canEvaluate, evaluate, type EvaluationReport } from "../evaluation/evaluate.ts";
import { CheckpointStore } from "../records/checkpoint_store.ts";
import { MetricStore } from "../records/metric_store.ts";
import type { StartReport } from "../export/start_report.ts";
import type { DeviceChoice, DeviceMeasurements } from "../tensor/device.ts";
import type { Executor, Tensors } from "../tensor/executor.ts";
import type { EvaluationEvent, RunEvent } from "../training/events.ts";
import { runGates } from "../training/gates.ts";
import { savePaceScores } from "../training/pace_scores.ts";
import { recordRun } from "../training/record_run.ts";
import { readCertificate, readTrainFingerprints, saveCertificate } from "../training/run_certificate.ts";
import { recordPause } from "../training/run_pause.ts";
import {
  createRunFolder,
  isRunFolder,
  lockRunFolder,
  openRunFolder,
  type RunFolder,
} from "../training/run_folder.ts";
import { train } from "../training/trainer.ts";
import { openTrainingDevice } from "./training_device.ts";
import { readStart, refuseLateStart, takeStart } from "./training_start.ts";

/** What to train, where and on what. */
export interface SessionOptions {
  /** Absolute path of the dataset. */
  dataset: string;
  /** Absolute path of the run folder; a run found there goes on. */
  run: string;
  changes: ConfigChanges;
  /** What computes; auto goes on with what the run was computed on, or takes the faster. */
  device: DeviceChoice;
  /** Keeps what was measured of devices. */
  measurements?: DeviceMeasurements;
  /** Absolute path of weights that a new run starts from. */
  start?: string;
  /** Hears what of these weights fitted. */
  onStart?: (report: StartReport, isKnown: boolean) => void;
  signal?: AbortSignal;
  /** Hears what a new run's settings were changed to for the dataset's sake, and which device is taken and why. */
  onNote?: (note: string) => void;
  /** Whether to start without gates. */
  skipGates?: boolean;
  /** Called while the split is certified, with the number of scans done, and of all. */
  onCertify?: (done: number, total: number) => void;
}

/** Trains or resumes a run and passes its events on once they are recorded; the folder keeps why it paused. */
export async function* runTraining(options: SessionOptions): AsyncGenerator<RunEvent, void, void> {
  // Without its dataset, no run folder is begun; one that is there keeps why it does not go on.
  if (!await isRunFolder(options.run)) DatasetReader.open(options.dataset).close();
  using _lock = await lockRunFolder(options.run);
  const safeStep = async () =>
    (await CheckpointStore.readOnly(join(options.run, "checkpoints")).newest()).checkpoint?.step ?? 0;
  yield* recordPause(options.run, lockedTraining(options), { signal: options.signal, safeStep });
}

async function* lockedTraining(options: SessionOptions): AsyncGenerator<RunEvent, void, void> {
  const dataset = DatasetReader.open(options.dataset);
  try {
    const known = await isRunFolder(options.run) ? await reopen(options, dataset) : null;
    const certificate = await certified(options, dataset);
    const folder = known ?? await create(options, dataset);
    const metrics = await openMetrics(join(options.run, "metrics.sqlite"));
    try {
      const { device, measurements: measured, onNote } = options;
      const executor = await openTrainingDevice(folder, device, { measurements: measured, onNote });
      try {
        const setting = { folder, dataset, executor, certificate, signal: options.signal };
        yield* recordRun(trainEvents(setting, options.skipGates), metrics);
      } finally {
        await executor.dispose();
      }
    } finally {
      metrics.close();
    }
  } finally {
    dataset.close();
  }
}

interface RunSetting {
  folder: RunFolder;
  dataset: DatasetReader;
  executor: Executor;
  certificate: SplitCertificate;
  signal?: AbortSignal;
}

/** Windows that the gate of shuffled pairs is scored on, at most. */
const gateWindows = 500;

async function* trainEvents(
  setting: RunSetting,
  skipGates?: boolean,
): AsyncGenerator<RunEvent, void, void> {
  const { folder, dataset, signal } = setting;
  const { config, path } = folder;
  const checkpoints = await CheckpointStore.open(join(path, "checkpoints"));
  const { evaluationWindows: windowLimit } = config.training;
  const hasValidation = canEvaluate({ config, dataset, split: "validation", windowLimit });
  if (!await hasCheckpoint(path)) {
    const evaluateGate = (parameters: Tensors) =>
      scoreValidation(setting, parameters, { windowLimit: gateWindows });
    const gates = { ...setting, config, folder: path, skip: skipGates };
    yield* runGates({ ...gates, evaluate: hasValidation ? evaluateGate : undefined });
  }
  yield* train({
    ...setting,
    config,
    checkpoints,
    start: await readStart(path),
    signal,
    savePace: (scores, epoch) => savePaceScores(join(path, "pace"), scores, epoch),
    evaluate: hasValidation
      ? async (parameters, { step, epoch }) => {
        const folder = join(path, "evaluations", evaluationFolder("validation", step));
        return evaluationEvent(
          await scoreValidation(setting, parameters, { windowLimit, step, folder }),
          epoch,
        );
      }
      : undefined,
  });
}

async function scoreValidation(
  { folder, dataset, executor, certificate, signal }: RunSetting,
  parameters: Tensors,
  { step = 0, ...options }: { windowLimit: number; step?: number; folder?: string },
): Promise<EvaluationReport> {
  return await evaluate({
    executor,
    config: folder.config,
    parameters,
    dataset,
    split: "validation",
    step,
    trainedOn: { certificate },
    signal,
    ...options,
  });
}

/** The name of an evaluation's folder inside `evaluations`. */
export function evaluationFolder(split: string, step: number): string {
  return `${split}-${String(step).padStart(9, "0")}`;
}

/** The event that tells of a report. */
export function evaluationEvent(report: EvaluationReport, epoch: number): EvaluationEvent {
  const { step, split, metrics, chance } = report;
  return { kind: "evaluation", step, epoch, split, metrics, chance, folder: evaluationFolder(split, step) };
}

/** The certificate that the run folder holds for this dataset, or one that is made, kept there and returned. */
async function certified(options: SessionOptions, dataset: DatasetReader): Promise<SplitCertificate> {
  const kept = await readCertificate(options.run);
  if (kept?.datasetId === dataset.id && kept.version === certificateVersion) {
    const isWhole = await readTrainFingerprints(options.run).then(() => true, () => false);
    if (isWhole) return kept;
  }
  const made = await certifySplit(dataset, { signal: options.signal, onProgress: options.onCertify });
  await saveCertificate(options.run, made);
  return made.certificate;
}

async function create(options: SessionOptions, dataset: DatasetReader): Promise<RunFolder> {
  const { config, notes } = fitRunConfig(resolveRunConfig(options.changes), dataset);
  for (const note of notes) options.onNote?.(note);
  const start = await takeStart(options, config, dataset);
  // What gates found under other settings says nothing of these.
  await Deno.remove(join(options.run, "gate.json")).catch(ignoreNotFound);
  return await createRunFolder(options.run, config, {
    dataset: options.dataset,
    datasetId: dataset.id,
    createdAt: new Date().toISOString(),
    ...(start && { start }),
  });
}

/** A run goes on with the settings it was started with; once it has a checkpoint, changes must agree with them. */
async function reopen(options: SessionOptions, dataset: DatasetReader): Promise<RunFolder> {
  const folder = await openRunFolder(options.run);
  if (options.start !== undefined) {
    if (!await hasCheckpoint(options.run)) return await create(options, dataset);
    refuseLateStart();
  }
  const { file, set = [] } = options.changes;
  if (file !== undefined || set.length > 0) {
    const asked = fitRunConfig(resolveRunConfig(options.changes), dataset).config;
    const different = firstDifference(folder.config, asked, "config");
    if (different) {
      if (!await hasCheckpoint(options.run)) return await create(options, dataset);
      throw new SonospeechError("config", {
        action: "resume the run",
        must: `${different.path} must be ${JSON.stringify(different.stored)} as when the run started`,
        received: different.asked,
        hint: "resume without config changes, or choose another --run folder",
      });
    }
  }
  if (folder.record.datasetId !== dataset.id) {
    throw new SonospeechError("store", {
      action: "resume the run",
      must: `the dataset must be the one the run started with, ${folder.record.datasetId}`,
      received: dataset.id,
      hint: "choose another --run folder for another dataset",
    });
  }
  return folder;
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

async function hasCheckpoint(run: string): Promise<boolean> {
  const { checkpoint, broken } = await (await CheckpointStore.open(join(run, "checkpoints"))).newest();
  return checkpoint !== null || broken.length > 0;
}

function firstDifference(
  stored: unknown,
  asked: unknown,
  path: string,
): { path: string; stored: unknown; asked: unknown } | null {
  if (typeof stored !== "object" || stored === null || Array.isArray(stored)) {
    return JSON.stringify(stored) === JSON.stringify(asked) ? null : { path, stored, asked };
  }
  for (const [key, value] of Object.entries(stored)) {
    const found = firstDifference(value, (asked as Record<string, unknown>)[key], `${path}.${key}`);
    if (found) return found;
  }
  return null;
}

async function openMetrics(path: string): Promise<MetricStore> {
  try {
    await Deno.stat(path);
    return MetricStore.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return MetricStore.create(path);
    throw error;
  }
}
