/**
 * Everything that is known of a trained run, for whoever takes its network elsewhere.
 *
 * @module
 */

import type { PrepareConfig, RunConfig } from "../config.ts";
import type { DatasetReader } from "../data/dataset_store.ts";
import type { SplitCertificate } from "../data/split_certificate.ts";
import type { MaskedScan } from "../data/known_masks.ts";
import { type Split, splits } from "../data/split.ts";
import { scanSeconds } from "../data/windows.ts";
import { SonospeechError } from "../errors.ts";
import { type EvaluationReport, subjectDigest } from "../evaluation/evaluate.ts";
import { MetricStore } from "../records/metric_store.ts";
import type { Tensors } from "../tensor/executor.ts";
import { readCertificate } from "../training/run_certificate.ts";
import type { RunFolder, RunRecord } from "../training/run_folder.ts";

/** A checkpoint of a run and where it comes from. */
export interface TrainedRun {
  /** The run's settings. */
  config: RunConfig;
  /** When and on what it was trained. */
  record: RunRecord;
  /** Training steps behind the parameters. */
  step: number;
  /** Parameters and running moments by name; other entries are ignored. */
  parameters: Tensors;
  /** The settings of the dataset. */
  prepare: PrepareConfig;
  /** The masks of its scans. */
  masked: readonly MaskedScan[];
  /** Length of the dataset's shortest scan in whole windows. */
  shortestScanSeconds: number;
  /** Digests of the subjects of each split of the dataset. */
  subjects: Record<Split, string[]>;
  /** That no subject and no recording is in two splits; null for a run without one. */
  certificate: SplitCertificate | null;
  /** Evaluations of these very parameters. */
  evaluations: EvaluationReport[];
  /** The device it was trained on, if the run still says so. */
  trainedOn: string | null;
}

/** A checkpoint's parameters. */
export interface RunWeights {
  /** By name. */
  parameters: Tensors;
  /** Training steps behind them. */
  step: number;
}

/** Puts together what the run, its dataset and its evaluations say. @throws SonospeechError `store` for another dataset. */
export async function describeTrainedRun(
  { path, config, record }: RunFolder,
  dataset: Pick<DatasetReader, "id" | "config" | "scans" | "windows">,
  { parameters, step }: RunWeights,
): Promise<TrainedRun> {
  if (dataset.id !== record.datasetId) {
    throw new SonospeechError("store", {
      action: "describe the run",
      must: `the dataset must be the one it was trained on, ${record.datasetId}`,
      received: dataset.id,
      hint: "name the run's dataset with --dataset",
    });
  }
  return {
    config,
    record,
    step,
    parameters,
    prepare: dataset.config,
    masked: dataset.scans(),
    shortestScanSeconds: Math.min(...scanSeconds(dataset.windows(), dataset.config.windowSeconds).values()),
    subjects: await subjectsOf(dataset),
    certificate: await readCertificate(path),
    evaluations: await evaluationsAt(path, step),
    trainedOn: deviceOf(path),
  };
}

async function subjectsOf(dataset: Pick<DatasetReader, "scans">): Promise<Record<Split, string[]>> {
  const lists = await Promise.all(splits.map(async (split) => {
    const subjects = dataset.scans().filter((scan) => scan.split === split).map(({ subject }) => subject);
    return [split, (await Promise.all([...new Set(subjects)].map(subjectDigest))).sort()] as const;
  }));
  return Object.fromEntries(lists) as Record<Split, string[]>;
}

async function evaluationsAt(run: string, step: number): Promise<EvaluationReport[]> {
  const reports: EvaluationReport[] = [];
  try {
    for await (const { name } of Deno.readDir(`${run}/evaluations`)) {
      const text = await Deno.readTextFile(`${run}/evaluations/${name}/report.json`).catch(() => null);
      if (text !== null) reports.push(JSON.parse(text));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return reports.filter((report) => report.step === step).sort((a, b) => a.split < b.split ? -1 : 1);
}

function deviceOf(run: string): string | null {
  try {
    using metrics = MetricStore.open(`${run}/metrics.sqlite`, { readOnly: true });
    return metrics.lastEvent("started")?.event.device as string ?? null;
  } catch (error) {
    if (error instanceof SonospeechError) return null;
    throw error;
  }
}
