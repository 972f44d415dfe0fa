/**
 * The cell that trains a row's encoder on the pretraining subjects.
 *
 * @module
 */

import { join } from "node:path";
import { withShuffledSpeech } from "../data/shuffled_speech.ts";
import { shortenedRecipe } from "../evaluation/fine_tune.ts";
import { datasetPictures } from "../evaluation/pictures.ts";
import { detectPlanes } from "../evaluation/plane_detection.ts";
import type { PaceScores } from "../pacing/pace.ts";
import { writeJsonAtomic } from "../records/atomic_file.ts";
import { MetricStore } from "../records/metric_store.ts";
import type { SafetensorsTensor } from "../records/safetensors.ts";
import { recordRun } from "../training/record_run.ts";
import { train } from "../training/trainer.ts";
import type { Cell } from "./cell.ts";
import { type CellContext, type CellProgress, checkpointsOf } from "./cell_context.ts";
import { cellFolder } from "./cell_store.ts";
import type { LossCurve } from "./report.ts";
import { rowDefinitions } from "./rows.ts";
import { rowConfig } from "./study.ts";

/** What a pretraining leaves beside its checkpoint. */
export interface PretrainingResult {
  /** Optimizer steps. */
  steps: number;
  /** The losses on the way. */
  curves: LossCurve[];
  /** What a learned pace made of the pretraining windows in the end; null for other paces. */
  pace: { windows: number[]; affinity: (number | null)[]; weight: number[] } | null;
}

/** Points of a loss curve. */
const curvePoints = 60;
/** A stopped pretraining loses at most this much. */
const checkpointMinutes = 1;

/** Trains, or goes on with what an earlier try left in the cell's folder. */
export async function* pretrain(
  cell: Cell,
  context: CellContext,
): AsyncGenerator<CellProgress, PretrainingResult, void> {
  await dropBroken(cell, context);
  return yield* rowDefinitions[cell.row].training === "supervised"
    ? trainSupervised(cell, context)
    : trainSelfSupervised(cell, context);
}

/** Where every checkpoint is broken, the encoder is trained anew: no reason to stop the other cells. */
async function dropBroken(cell: Cell, context: CellContext): Promise<void> {
  const { checkpoint, broken } = await (await checkpointsOf(context, cell)).newest();
  if (checkpoint || broken.length === 0) return;
  await Deno.remove(cellFolder(context, cell), { recursive: true });
  await Deno.mkdir(cellFolder(context, cell));
}

async function* trainSelfSupervised(
  cell: Cell,
  context: CellContext,
): AsyncGenerator<CellProgress, PretrainingResult, void> {
  const { study, data, certificate, executor, signal } = context;
  const shared = rowConfig(study, cell.row, cell.seed, data.dataset);
  const config = { ...shared, training: { ...shared.training, checkpointMinutes } };
  const { shufflesSpeech } = rowDefinitions[cell.row];
  const dataset = shufflesSpeech ? withShuffledSpeech(data.dataset, cell.seed) : data.dataset;
  // Shuffled scans are another dataset, for which training makes a certificate of its own.
  const certified = shufflesSpeech ? {} : { certificate };
  const checkpoints = await checkpointsOf(context, cell);
  const metrics = await openMetrics(join(cellFolder(context, cell), "metrics.sqlite"));
  // On disk, for a try that goes on within the last epoch is not told of them again.
  const pace = join(cellFolder(context, cell), "pace.json");
  const savePace = async (scores: PaceScores) => {
    await writeJsonAtomic(pace, lastScores(scores));
    return "";
  };
  try {
    let total = 1;
    for await (
      const event of recordRun(
        train({ config, dataset, ...certified, executor, checkpoints, signal, savePace }),
        metrics,
      )
    ) {
      if (event.kind === "started") total = event.totalSteps;
      if (event.kind === "step") yield event.step / total;
      if (event.kind === "paused") signal.throwIfAborted();
    }
    return {
      steps: total,
      curves: lossCurves(metrics),
      pace: config.pacing.kind === "learned" ? await readPace(pace) : null,
    };
  } finally {
    metrics.close();
  }
}

async function openMetrics(path: string): Promise<MetricStore> {
  const exists = await Deno.stat(path).then(() => true, () => false);
  return exists ? MetricStore.open(path) : MetricStore.create(path);
}

/** Null when the file cannot be read: the report then goes without. */
async function readPace(path: string): Promise<PretrainingResult["pace"]> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}

function lastScores({ windows, affinity, weight }: PaceScores): PretrainingResult["pace"] {
  return {
    windows: windows.map(({ id }) => id),
    affinity: Array.from(affinity, (value) => Number.isNaN(value) ? null : value),
    weight: Array.from(weight),
  };
}

function lossCurves(metrics: MetricStore): LossCurve[] {
  // The first start's: a learned pace that goes on leaves fewer to choose from than one that begins.
  const chance = (metrics.eventsOfKind("started")[0]?.event.chance ?? {}) as Record<string, number>;
  return Object.keys(chance).filter((name) => name.startsWith("loss.")).map((name) => {
    const { steps, values } = metrics.series(name);
    const known = values.flatMap((value, i) => value === null ? [] : [{ step: steps[i], value }]);
    const size = Math.max(1, Math.ceil(known.length / curvePoints));
    const blocks = Array.from(
      { length: Math.ceil(known.length / size) },
      (_, b) => known.slice(b * size, (b + 1) * size),
    );
    return {
      name,
      steps: blocks.map((block) => block.at(-1)!.step),
      values: blocks.map((block) => block.reduce((sum, { value }) => sum + value, 0) / block.length),
      chance: chance[name],
    };
  });
}

/** All labelled pictures of the pretraining subjects; the transfer subjects only stand by as what is tested. */
async function* trainSupervised(
  cell: Cell,
  context: CellContext,
): AsyncGenerator<CellProgress, PretrainingResult, void> {
  const { study, data, executor, signal } = context;
  const { model } = rowConfig(study, cell.row, cell.seed, data.dataset);
  const train = data.pictures(data.pretraining);
  const pictures = [...train, ...data.pictures(data.transfer)];
  const events = detectPlanes({
    executor,
    model,
    settings: { ...shortenedRecipe(study.supervisedEpochs), seed: cell.seed },
    pictures: datasetPictures(
      data.dataset,
      pictures.map(({ window, frame }) => ({ scanId: window.scanId, frame })),
    ),
    labels: pictures.map(({ label }) => label),
    classes: data.classes,
    background: data.background,
    subjects: pictures.map(({ window }) => window.subject),
    train: train.map((_, i) => i),
    test: pictures.map((_, i) => i).slice(train.length),
    signal,
  });
  let steps = 0;
  const losses: number[] = [];
  for await (const event of events) {
    if (event.kind === "started") steps = event.totalSteps;
    if (event.kind === "step") {
      losses.push(event.loss);
      yield event.step / steps;
    }
    if (event.kind === "finished") {
      const tensors = new Map<string, SafetensorsTensor>(
        [...event.result.parameters].map(([name, tensor]) => [name, { dtype: "F32", ...tensor }]),
      );
      await (await checkpointsOf(context, cell)).save({ step: steps, tensors, metadata: {} }, {
        isBest: false,
      });
    }
  }
  return { steps, curves: [supervisedCurve(losses, data.classes.length)], pace: null };
}

function supervisedCurve(losses: readonly number[], classes: number): LossCurve {
  const size = Math.max(1, Math.ceil(losses.length / curvePoints));
  const starts = Array.from({ length: Math.ceil(losses.length / size) }, (_, b) => b * size);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    name: "loss.planes",
    steps: starts.map((start) => Math.min(losses.length, start + size)),
    values: starts.map((start) => mean(losses.slice(start, start + size))),
    chance: Math.log(classes),
  };
}
