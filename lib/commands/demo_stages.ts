/**
 * The stages of the demo, each of which goes on where it was stopped.
 *
 * @module
 */

import { join } from "node:path";
import { DatasetReader, type DatasetSummary } from "../data/dataset_store.ts";
import { evaluate, type EvaluationReport } from "../evaluation/evaluate.ts";
import { buildEmbeddingGraph } from "../models/dual_encoder.ts";
import type { PhantomOptions } from "../phantom/options.ts";
import { formatDuration } from "../progress.ts";
import { MetricStore } from "../records/metric_store.ts";
import type { DeviceChoice } from "../tensor/device.ts";
import { initializeParameters } from "../tensor/parameters.ts";
import { readCertificate } from "../training/run_certificate.ts";
import { openRunFolder } from "../training/run_folder.ts";
import { openMeasurements } from "./measurements.ts";
import { evaluateRun } from "./evaluate.ts";
import { openExecutor } from "./evaluation_session.ts";
import { formatTable, retrievalTable } from "./evaluation_table.ts";
import { type CommandContext, Interruption } from "./plan.ts";
import { RunReporter } from "./run_reporter.ts";
import { runTraining, type SessionOptions } from "./training_session.ts";

/** Where the demo keeps things. */
export interface DemoPlaces {
  scans: string;
  dataset: string;
  runs: string;
}

/**
 * Few enough for a few minutes on two processor cores, enough subjects to learn words from: each plane is named in
 * one of two wordings, soon before or after it is seen.
 */
export const demoScans: PhantomOptions = {
  difficulty: "easy",
  subjects: 72,
  secondsPerScan: 60,
  frameRate: 5,
  frameSize: [112, 144],
  relatedShare: 0.9,
  lagSeconds: [-0.5, 0.5],
  wordings: 2,
};

/** Settings that differ from the tiny preset's, so that training fits the demo's time. */
const runSettings = ["training.epochs=28", "training.evaluateEveryEpochs=4"];

/** What the demo found. */
export interface DemoResults {
  summary: DatasetSummary;
  /** Share of the training windows that the pace admits, and the smallest voicedFraction admitted. */
  admittedShare: number;
  voicedFractionThreshold: number;
  /** The last step's losses beside chance, by name. */
  losses: { name: string; value: number; chance: number }[];
  /** On test subjects, with the best checkpoint. */
  trained: EvaluationReport;
  /** The same windows with the network as it was before training. */
  untrained: EvaluationReport;
}

/** Trains the run `tiny`, then evaluates it and its untrained twin on the test subjects. */
export async function trainAndEvaluate(
  places: DemoPlaces,
  options: { seed: number; set?: string[]; device: DeviceChoice },
  context: CommandContext,
): Promise<DemoResults> {
  const run = join(places.runs, "tiny");
  const reporter = new RunReporter(context);
  const set = [...runSettings, `seed=${options.seed}`, ...options.set ?? []];
  const measurements = await openMeasurements(context);
  const session = { dataset: places.dataset, run, changes: { set }, device: options.device, measurements };
  const onCertify = (done: number, total: number) => reporter.certifying(done, total);
  const onNote = (note: string) => reporter.note(note);
  for await (const event of runTraining({ ...session, signal: context.signal, onCertify, onNote })) {
    reporter.show(event);
  }
  if (context.signal.aborted) throw context.signal.reason as Interruption;
  const evaluation = { split: "test", checkpoint: "best", device: options.device } as const;
  const trained = await evaluateRun(run, places.dataset, evaluation, context);
  const untrained = await evaluateUntrained(run, places.dataset, session, context.signal);
  const dataset = DatasetReader.open(places.dataset);
  try {
    return { summary: dataset.summary(), ...await lossesOf(run), trained, untrained };
  } finally {
    dataset.close();
  }
}

async function evaluateUntrained(
  run: string,
  path: string,
  { device, measurements }: Pick<SessionOptions, "device" | "measurements">,
  signal: AbortSignal,
): Promise<EvaluationReport> {
  const { config } = await openRunFolder(run);
  const dataset = DatasetReader.open(path);
  try {
    await using session = await openExecutor(device, { measurements });
    const graph = buildEmbeddingGraph(config.model, 1);
    return await evaluate({
      executor: session.executor,
      config,
      parameters: initializeParameters([graph.video, graph.speech], config.seed),
      dataset,
      split: "test",
      step: 0,
      trainedOn: { certificate: await readCertificate(run) },
      signal,
    });
  } finally {
    dataset.close();
  }
}

/** The mean losses of the last epoch, and what the run said of its chance levels and pace when it started. */
async function lossesOf(
  run: string,
): Promise<Pick<DemoResults, "losses" | "admittedShare" | "voicedFractionThreshold">> {
  const { config } = await openRunFolder(run);
  const metrics = MetricStore.open(join(run, "metrics.sqlite"), { readOnly: true });
  try {
    const started = metrics.lastEvent("started")!.event;
    const chance = started.chance as Record<string, number>;
    const stepsPerEpoch = started.stepsPerEpoch as number;
    const losses = Object.keys(chance).filter((name) => name.startsWith("loss.")).map((name) => {
      const { values } = metrics.series(name);
      const last = values.slice(-stepsPerEpoch).filter((value) => value !== null);
      return { name, value: last.reduce((a, b) => a + b, 0) / last.length, chance: chance[name] };
    });
    return {
      losses,
      admittedShare: started.admittedShare as number,
      voicedFractionThreshold: config.pacing.voicedFractionThreshold,
    };
  } finally {
    metrics.close();
  }
}

const lossTitles: Record<string, string> = {
  "loss.correlation": "correlation, L_cls",
  "loss.contrastive": "contrastive, L_cont",
  "loss.order": "frame order, L_ord",
};

/** The demo's table, and where everything lies. */
export function demoReport(results: DemoResults, places: DemoPlaces & { seconds: number }): string {
  const { summary, losses, trained, untrained } = results;
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const lossTable = formatTable([
    ["training loss, mean of the last epoch", "nats", "chance"],
    ...losses.map(({ name, value, chance }) => [lossTitles[name], value.toFixed(3), chance.toFixed(3)]),
  ]);
  const held =
    `affinity: ${percent(1 - results.admittedShare)} of the training windows were held back from L_cls ` +
    `and L_cont (less than ${percent(results.voicedFractionThreshold)} speech; the dataset holds ` +
    `${percent(summary.speechShareWebrtc)} speech)\n`;
  const where = formatTable([
    ["scans and their truth", places.scans],
    ["dataset", places.dataset],
    ["run: checkpoints, metrics, evaluations", join(places.runs, "tiny")],
  ]);
  return `\n${lossTable}\n${retrievalTable(trained, untrained)}\n${held}\n${where}\n` +
    `Done in ${formatDuration(places.seconds)}.\n`;
}
