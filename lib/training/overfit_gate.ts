/**
 * The gate of one batch: a network that cannot learn eight windows by heart will not learn a dataset.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { type Batch, BatchReader } from "../data/batches.ts";
import type { WindowSource } from "../data/inputs.ts";
import type { BatchPlan, WindowSample } from "../data/pairs.ts";
import { nextTurn } from "../event_loop.ts";
import { buildTrainingGraph, trainingNeeds } from "../models/train_graph.ts";
import { createPace } from "../pacing/create_pace.ts";
import { voiceWeight } from "../pacing/pace.ts";
import type { Executor } from "../tensor/executor.ts";
import { initializeParameters } from "../tensor/parameters.ts";
import type { Metrics } from "./events.ts";
import { makeFeeds } from "./feeds.ts";
import { createSampler } from "./sampler.ts";
import { chanceOf, stepMetrics } from "./step_metrics.ts";

/** What a gate works with. */
export interface GateOptions {
  /** The settings of the run that is about to start. */
  config: RunConfig;
  /** Its data. */
  dataset: WindowSource;
  /** Computes. */
  executor: Executor;
  /** Stops the work. */
  signal?: AbortSignal;
}

/** What a gate found. */
export interface GateFinding {
  /** Whether training may start. */
  passed: boolean;
  /** One or two sentences: what was seen, beside chance, and where it fails what to look at. */
  message: string;
  /** What was measured last. */
  metrics: Metrics;
  /** The same where nothing was learned. */
  chance: Metrics;
}

/** Windows of the batch, and most steps on it. */
export const overfitWindows = 8, overfitSteps = 150;

/** A loss counts as near zero below this share of its value at chance. */
const nearZeroShare = 0.1;

/** Least mean difference of two frames, of intensities in [−1, 1], whose order can be told at all. */
const leastDifference = 0.004;

/** So many windows are looked at for some that speak and move. */
const candidates = 400;

const lossNames: Readonly<Record<string, string>> = {
  "loss.correlation": "L_cls",
  "loss.contrastive": "L_cont",
  "loss.order": "L_ord",
};

/**
 * Trains a network like the run's on one batch, without augmentation and held back by no pace, until each loss that is
 * on is below a tenth of its value at chance. The batch is of windows with speech whose frames differ, where there are
 * enough: a still picture has no order to be learned.
 *
 * The literal form of L_cont has no value at chance and is not judged.
 */
export async function overfitOneBatch(options: GateOptions): Promise<GateFinding> {
  const { dataset, executor, signal } = options;
  const config = overfitConfig(options.config);
  const pace = createPace(config.pacing, dataset.windows({ split: "train" }));
  const { feeds, ...facts } = makeFeeds(chooseBatch(options.config, config, dataset), pace, config);
  const chance = Object.fromEntries(
    Object.entries(chanceOf(config, facts)).filter(([name]) => Object.hasOwn(lossNames, name)),
  );
  const graph = buildTrainingGraph(config);
  const nodes = [graph.objective, ...graph.stateUpdates.map((update) => update.value)];
  const program = await executor.compileTraining(graph, initializeParameters(nodes, config.seed));
  let metrics: Metrics = {};
  let step = 0;
  try {
    while (step < overfitSteps && (step === 0 || tooHigh(metrics, chance).length > 0)) {
      await nextTurn();
      signal?.throwIfAborted();
      const result = await program.step(feeds, { learningRate: config.optimizer.learningRate, step });
      step++;
      metrics = stepMetrics(result, facts);
      if (!result.applied) break;
    }
  } finally {
    program.dispose();
  }
  return { ...judge(metrics, chance, step), chance };
}

function tooHigh(metrics: Metrics, chance: Metrics): string[] {
  return Object.keys(chance).filter((name) => !(metrics[name] <= nearZeroShare * chance[name]));
}

/** What the last step says; a value that is missing or not a number is too high, too. */
export function judge(
  metrics: Metrics,
  chance: Metrics,
  steps: number,
): Pick<GateFinding, "passed" | "message" | "metrics"> {
  const high = tooHigh(metrics, chance);
  const shown = Object.fromEntries(Object.keys(chance).map((name) => [name, metrics[name] ?? NaN]));
  const told = (names: readonly string[]) =>
    names.map((name) =>
      `${lossNames[name]} ${high.includes(name) ? "stays at" : "falls to"} ${
        shown[name].toFixed(2)
      }, chance is ${chance[name].toFixed(2)}`
    ).join("; ");
  const all = Object.keys(chance);
  if (high.length === 0) {
    return {
      passed: true,
      message: `one batch is learned by heart in ${steps} steps: ${told(all)}`,
      metrics: shown,
    };
  }
  const message = `not learning: after ${steps} steps on one batch ${told(all)}. ${
    high.map(whatToLookAt).join(" ")
  }`;
  return { passed: false, message, metrics: shown };
}

function whatToLookAt(loss: string): string {
  switch (loss) {
    case "loss.order":
      return "For L_ord look at whether the pictures move within a window, and at optimizer.learningRate.";
    case "loss.correlation":
      return "For L_cls look at whether windows hold different speech, and at optimizer.learningRate.";
    default:
      return "For L_cont look at whether pictures and speech are blank or all alike, and at optimizer.learningRate.";
  }
}

/** The run's network and losses on few windows of different scans, free of all that makes learning by heart harder. */
function overfitConfig(config: RunConfig): RunConfig {
  const { data, optimizer, pacing } = config;
  const augmentation = Object.fromEntries(Object.keys(data.augmentation).map((name) => [name, 0]));
  return {
    ...config,
    data: {
      ...data,
      batchSize: Math.min(overfitWindows, data.batchSize),
      windowsPerScan: 1,
      augmentation: augmentation as unknown as RunConfig["data"]["augmentation"],
    },
    pacing: { ...pacing, kind: "none" },
    optimizer: {
      ...optimizer,
      kind: "adamw",
      learningRate: optimizer.kind === "adamw" ? optimizer.learningRate : 1e-3,
      weightDecay: 0,
    },
  };
}

function chooseBatch(run: RunConfig, config: RunConfig, dataset: WindowSource): Batch {
  const reader = new BatchReader(dataset, config, trainingNeeds(config));
  const chosen: WindowSample[] = [], others: WindowSample[] = [];
  let seen = 0;
  for (const plan of createSampler(config, dataset).epoch(0)) {
    for (const sample of plan.samples) {
      const isGood = voiceWeight(sample.window, run.pacing) > 0 && canBeOrdered(reader, plan, sample, config);
      (isGood ? chosen : others).push(sample);
    }
    seen += plan.samples.length;
    if (chosen.length >= config.data.batchSize || seen >= candidates) break;
  }
  const samples = [...chosen, ...others].slice(0, config.data.batchSize);
  return reader.read({ epoch: 0, stepInEpoch: 0, samples });
}

function canBeOrdered(
  reader: BatchReader,
  plan: BatchPlan,
  sample: WindowSample,
  config: RunConfig,
): boolean {
  if (config.losses.orderWeight === 0) return true;
  const { frames } = reader.read({ ...plan, samples: [sample] });
  const size = frames.length / sample.frames.length;
  const different = (a: number, b: number) => {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += Math.abs(frames[a * size + i] - frames[b * size + i]);
    return sum / size >= leastDifference;
  };
  const places = sample.permutation.map((_, place) => place);
  return places.every((a) => places.slice(0, a).every((b) => different(a, b)));
}
