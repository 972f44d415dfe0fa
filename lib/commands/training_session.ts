/**
 * One training run from the command line: opens what it needs, trains, records, and closes it all again.
 *
 * @module
 */

import { join } from "node:path";
import { type ConfigChanges, resolveRunConfig } from "../config.ts";
import { DatasetReader } from "../data/dataset_store.ts";
import { SonospeechError } from "../errors.ts";
import { canEvaluate, evaluate, type EvaluationReport, subjectDigest } from "../evaluation/evaluate.ts";
import { CheckpointStore } from "../records/checkpoint_store.ts";
import { MetricStore } from "../records/metric_store.ts";
import { chooseDevice, type DeviceChoice } from "../tensor/device.ts";
import type { Executor, Tensors } from "../tensor/executor.ts";
import type { EvaluationEvent, RunEvent } from "../training/events.ts";
import { savePaceScores } from "../training/pace_scores.ts";
import { recordRun } from "../training/record_run.ts";
import {
  createRunFolder,
  isRunFolder,
  lockRunFolder,
  openRunFolder,
  type RunFolder,
} from "../training/run_folder.ts";
import { train } from "../training/trainer.ts";

/** What to train, where and on what. */
export interface SessionOptions {
  /** Absolute path of the dataset. */
  dataset: string;
  /** Absolute path of the run folder; a run found there goes on. */
  run: string;
  changes: ConfigChanges;
  device: DeviceChoice;
  signal?: AbortSignal;
}

/** Trains or resumes a run and passes its events on once they are recorded. */
export async function* runTraining(options: SessionOptions): AsyncGenerator<RunEvent, void, void> {
  // The dataset first: without it, no run folder is begun.
  const dataset = DatasetReader.open(options.dataset);
  try {
    using _lock = await lockRunFolder(options.run);
    const folder = await openOrCreate(options, dataset);
    const metrics = await openMetrics(join(options.run, "metrics.sqlite"));
    try {
      const executor = await chooseDevice(options.device);
      try {
        yield* recordRun(trainEvents(folder, dataset, executor, options.signal), metrics);
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

async function* trainEvents(
  folder: RunFolder,
  dataset: DatasetReader,
  executor: Executor,
  signal?: AbortSignal,
): AsyncGenerator<RunEvent, void, void> {
  const { config } = folder;
  const checkpoints = await CheckpointStore.open(join(folder.path, "checkpoints"));
  const trainSubjects = await trainSubjectDigests(dataset);
  const { evaluationWindows: windowLimit } = config.training;
  yield* train({
    config,
    dataset,
    executor,
    checkpoints,
    signal,
    savePace: (scores, epoch) => savePaceScores(join(folder.path, "pace"), scores, epoch),
    evaluate: canEvaluate({ config, dataset, split: "validation", windowLimit })
      ? (parameters, at) =>
        evaluateValidation({ folder, dataset, executor, trainSubjects, signal }, parameters, at)
      : undefined,
  });
}

interface ValidationSetting {
  folder: RunFolder;
  dataset: DatasetReader;
  executor: Executor;
  trainSubjects: ReadonlySet<string>;
  signal?: AbortSignal;
}

async function evaluateValidation(
  { folder, dataset, executor, trainSubjects, signal }: ValidationSetting,
  parameters: Tensors,
  at: { step: number; epoch: number },
): Promise<EvaluationEvent> {
  const report = await evaluate({
    executor,
    config: folder.config,
    parameters,
    dataset,
    split: "validation",
    step: at.step,
    trainSubjects,
    windowLimit: folder.config.training.evaluationWindows,
    folder: join(folder.path, "evaluations", evaluationFolder("validation", at.step)),
    signal,
  });
  return evaluationEvent(report, at.epoch);
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

/** Digests of the subjects a dataset's training split holds. */
export async function trainSubjectDigests(dataset: DatasetReader): Promise<Set<string>> {
  const subjects = new Set(
    dataset.scans().filter((scan) => scan.split === "train").map((scan) => scan.subject),
  );
  return new Set(await Promise.all([...subjects].map(subjectDigest)));
}

async function openOrCreate(options: SessionOptions, dataset: DatasetReader): Promise<RunFolder> {
  return await isRunFolder(options.run) ? await reopen(options, dataset) : await create(options, dataset);
}

async function create(options: SessionOptions, dataset: DatasetReader): Promise<RunFolder> {
  const config = resolveRunConfig(options.changes);
  return await createRunFolder(options.run, config, {
    dataset: options.dataset,
    datasetId: dataset.id,
    createdAt: new Date().toISOString(),
    trainSubjects: [...await trainSubjectDigests(dataset)].sort(),
  });
}

/** A run goes on with the settings it was started with; once it has a checkpoint, changes must agree with them. */
async function reopen(options: SessionOptions, dataset: DatasetReader): Promise<RunFolder> {
  const folder = await openRunFolder(options.run);
  const { file, set = [] } = options.changes;
  if (file !== undefined || set.length > 0) {
    const asked = resolveRunConfig(options.changes);
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
