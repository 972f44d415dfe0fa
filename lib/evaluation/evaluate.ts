/**
 * What a dual encoder learned, on subjects it never saw: retrieval beside chance, embeddings and their map on disk.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import type { WindowRecord } from "../data/dataset_store.ts";
import type { WindowSource } from "../data/inputs.ts";
import { refuseTrainedData, type TrainedOn } from "../data/trained_data.ts";
import { SonospeechError } from "../errors.ts";
import { affinityLevel } from "../pacing/affinity.ts";
import { voicedFractionOf } from "../pacing/pace.ts";
import { writeFileAtomic, writeJsonAtomic } from "../records/atomic_file.ts";
import { encodeSafetensors } from "../records/safetensors.ts";
import type { Executor, Tensors } from "../tensor/executor.ts";
import { bootstrapAllBySubject, type Interval } from "./bootstrap.ts";
import { type EmbeddedWindows, embedWindows } from "./embed.ts";
import { embeddingMap } from "./embedding_map.ts";
import { chanceRetrieval, ranks, summarizeRanks } from "./retrieval.ts";

export { subjectDigest } from "../data/split.ts";

/** What an evaluation found, as written to `report.json`. */
export interface EvaluationReport {
  /** Training steps behind the parameters. */
  step: number;
  /** The part of the data that was embedded. */
  split: "validation" | "test";
  /** Windows that were embedded. */
  windows: number;
  /** Windows with high affinity, among which retrieval is scored: without speech there is nothing to find. */
  voicedWindows: number;
  /** Subjects with at least one voiced window. */
  subjects: number;
  /** As `retrieval.videoToSpeech.recallAt1`. */
  metrics: Record<string, number>;
  /** The same keys when nothing was learned. */
  chance: Record<string, number>;
  /** The same keys: 95 % intervals by bootstrap over subjects; none of one subject, which tells nothing of others. */
  intervals: Record<string, Interval>;
}

/** What to evaluate. */
export interface EvaluateOptions {
  /** Computes. */
  executor: Executor;
  /** The settings of the run. */
  config: RunConfig;
  /** The network's parameters and running moments by name. */
  parameters: Tensors;
  /** The prepared windows. */
  dataset: WindowSource;
  /** The part of the data to embed; never the one that was trained on. */
  split: "validation" | "test";
  /** Training steps behind the parameters; for the report. */
  step: number;
  /** What the parameters' checkpoint says of the data behind it; nothing that was trained on is evaluated on. */
  trainedOn: TrainedOn;
  /** At most this many windows, spread evenly; all by default. */
  windowLimit?: number;
  /** Where `report.json`, `embeddings.safetensors` and `map.json` go; nothing is written without it. */
  folder?: string;
  /** Stops the work. */
  signal?: AbortSignal;
  /** Called with the number of windows done, and of all. */
  onProgress?: (done: number, total: number) => void;
}

/** Whether a split has the windows with speech that {@linkcode evaluate} needs, of a run that it can score. */
export function canEvaluate(
  options: Pick<EvaluateOptions, "config" | "dataset" | "split" | "windowLimit">,
): boolean {
  return options.config.losses.contrastiveWeight > 0 &&
    indicesWithSpeech(chosenWindows(options), options.config).length >= fewestWindows;
}

/** Retrieval from one window is right by nature. */
const fewestWindows = 2;

/**
 * Embeds a split's windows and scores retrieval both ways.
 *
 * @throws SonospeechError `not-finite` when a network overflowed; `input` when something of the split was trained on or
 * the checkpoint has no split certificate ({@linkcode TrainedOn}), fewer than two windows have speech, or the run has no
 * contrastive loss.
 */
export async function evaluate(options: EvaluateOptions): Promise<EvaluationReport> {
  if (options.config.losses.contrastiveWeight === 0) {
    throw new SonospeechError("input", {
      action: "score retrieval",
      must: "the run must have trained its projections, with losses.contrastiveWeight above 0",
      received: 0,
    });
  }
  const windows = chosenWindows(options);
  await refuseTrainedData(options.dataset, options.split, options.trainedOn, { signal: options.signal });
  const embedded = await embedWindows({
    executor: options.executor,
    config: options.config,
    parameters: options.parameters,
    source: options.dataset,
    windows,
    signal: options.signal,
    onProgress: (done) => options.onProgress?.(done, windows.length),
  });
  refuseNotFinite(embedded, options);
  const report = scoreRetrieval(embedded, options);
  if (options.folder !== undefined) {
    await write(options.folder, embedded, report, options.dataset.labels?.());
  }
  return report;
}

function refuseNotFinite(
  { windows, video, speech, dimension }: EmbeddedWindows,
  options: EvaluateOptions,
): void {
  const isFinite = (values: Float32Array, row: number) =>
    values.subarray(row * dimension, (row + 1) * dimension).every(Number.isFinite);
  const broken = windows.filter((_, row) => !isFinite(video, row) || !isFinite(speech, row));
  if (broken.length === 0) return;
  throw new SonospeechError("not-finite", {
    action: `evaluate on the ${options.split} split`,
    must: "the embeddings must be finite",
    received: `${broken.length} of ${windows.length} that are not, windows ` +
      broken.slice(0, 10).map((window) => window.id).join(" "),
    hint: "lower optimizer.learningRate, or evaluate an earlier checkpoint",
  });
}

function chosenWindows(options: Pick<EvaluateOptions, "dataset" | "split" | "windowLimit">): WindowRecord[] {
  return thin(options.dataset.windows({ split: options.split }), options.windowLimit ?? Infinity);
}

/** Places of the windows with high affinity. */
function indicesWithSpeech(windows: readonly WindowRecord[], { pacing }: RunConfig): number[] {
  return windows.flatMap((window, i) => {
    const voicedFraction = voicedFractionOf(window, pacing.detector);
    return affinityLevel(voicedFraction, pacing.voicedFractionThreshold) === "high" ? [i] : [];
  });
}

function scoreRetrieval(embedded: EmbeddedWindows, options: EvaluateOptions): EvaluationReport {
  const { dimension } = embedded;
  const voiced = indicesWithSpeech(embedded.windows, options.config);
  if (voiced.length < fewestWindows) {
    throw new SonospeechError("input", {
      action: `evaluate on the ${options.split} split`,
      must: "at least two windows must have speech",
      received: `${voiced.length} of ${embedded.windows.length}`,
      hint: embedded.windows.length === 0
        ? "prepare scans of more subjects: a single one trains, and none is left to evaluate on"
        : "prepare more scans or lower pacing.voicedFractionThreshold",
    });
  }
  const rows = (values: Float32Array) => {
    const out = new Float32Array(voiced.length * dimension);
    voiced.forEach((i, k) => out.set(values.subarray(i * dimension, (i + 1) * dimension), k * dimension));
    return out;
  };
  const video = rows(embedded.video);
  const speech = rows(embedded.speech);
  const subjects = voiced.map((i) => embedded.windows[i].subject);
  const report: EvaluationReport = {
    step: options.step,
    split: options.split,
    windows: embedded.windows.length,
    voicedWindows: voiced.length,
    subjects: new Set(subjects).size,
    metrics: {},
    chance: {},
    intervals: {},
  };
  for (
    const [direction, queries, items] of [
      ["videoToSpeech", video, speech],
      ["speechToVideo", speech, video],
    ] as const
  ) {
    const found = ranks(queries, items, dimension);
    assign(report.metrics, direction, summarizeRanks(found));
    assign(report.chance, direction, chanceRetrieval(voiced.length));
    if (report.subjects > 1) {
      assign(report.intervals, direction, intervalsOf(found, subjects, options.config.seed));
    }
  }
  return report;
}

/** By drawing subjects; the ranks themselves are kept as they are, among all items. */
function intervalsOf(
  found: Float64Array,
  subjects: readonly string[],
  seed: number,
): Record<string, Interval> {
  const estimates = bootstrapAllBySubject({
    subjects,
    statistics: (rows) => ({ ...summarizeRanks(Array.from(rows, (row) => found[row])) }),
    seed,
    resamples: 1000,
  });
  return Object.fromEntries(
    Object.entries(estimates).flatMap(([key, { interval }]) => interval ? [[key, interval]] : []),
  );
}

function assign<T>(
  target: Record<string, T>,
  direction: string,
  values: { [key: string]: T } | object,
): void {
  for (const [key, value] of Object.entries(values)) target[`retrieval.${direction}.${key}`] = value;
}

async function write(
  folder: string,
  embedded: EmbeddedWindows,
  report: EvaluationReport,
  labels?: ReadonlyMap<number, string>,
): Promise<void> {
  const { windows, video, speech, dimension } = embedded;
  const shape = [windows.length, dimension];
  await Deno.mkdir(folder, { recursive: true });
  const bytes = encodeSafetensors(
    new Map([
      ["video", { dtype: "F32", shape, data: video }],
      ["speech", { dtype: "F32", shape, data: speech }],
      ["window_ids", {
        dtype: "I64",
        shape: [windows.length],
        data: BigInt64Array.from(windows, (window) => BigInt(window.id)),
      }],
      ["start_seconds", {
        dtype: "F64",
        shape: [windows.length],
        data: Float64Array.from(windows, (w) => w.startSeconds),
      }],
    ]),
    { scan_ids: JSON.stringify(windows.map((window) => window.scanId)), split: report.split },
  );
  await writeFileAtomic(`${folder}/embeddings.safetensors`, bytes);
  await writeJsonAtomic(`${folder}/map.json`, { step: report.step, ...embeddingMap(embedded, labels) });
  await writeJsonAtomic(`${folder}/report.json`, report);
}

function thin<T>(items: readonly T[], limit: number): T[] {
  if (items.length <= limit) return [...items];
  return Array.from({ length: limit }, (_, i) => items[Math.floor((i * items.length) / limit)]);
}
