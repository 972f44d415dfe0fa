/**
 * The gate of shuffled pairs: what was trained on speech of other scans can have learned nothing of the pictures, so
 * it must score at chance on subjects held out. Where it does not, something other than what is shown and said tells
 * which pairs belong together.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { BatchReader, compactFormat } from "../data/batches.ts";
import { withShuffledSpeech } from "../data/shuffled_speech.ts";
import { SonospeechError } from "../errors.ts";
import { nextTurn } from "../event_loop.ts";
import { buildTrainingGraph, trainingNeeds } from "../models/train_graph.ts";
import { createPace } from "../pacing/create_pace.ts";
import type { StepResult, Tensors } from "../tensor/executor.ts";
import { initializeParameters } from "../tensor/parameters.ts";
import { makeFeeds } from "./feeds.ts";
import type { GateFinding, GateOptions } from "./overfit_gate.ts";
import { createSampler } from "./sampler.ts";

/** What an evaluation tells the gate, by names as `retrieval.videoToSpeech.recallAt5`. */
export interface GateScores {
  /** Scores on held-out subjects, whose pairs are as they are. */
  metrics: Record<string, number>;
  /** The same where nothing was learned. */
  chance: Record<string, number>;
  /** 95 % intervals by bootstrap over subjects; missing with one subject. */
  intervals: Partial<Record<string, readonly [number, number]>>;
}

/** What the gate of shuffled pairs works with. */
export interface ShuffledGateOptions extends GateOptions {
  /** Scores parameters on held-out subjects of the dataset as it is. */
  evaluate: (parameters: Tensors) => Promise<GateScores>;
}

/** Steps on shuffled pairs. */
export const shuffledSteps = 150;

/**
 * Trains for a few steps on shuffled pairs and scores what came of it.
 *
 * @throws SonospeechError `not-finite` when training diverges: what learned nothing proves nothing.
 */
export async function trainOnShuffledPairs(options: ShuffledGateOptions): Promise<GateFinding> {
  const { executor, signal } = options;
  const dataset = withShuffledSpeech(options.dataset, options.config.seed);
  // What a window's own speech says of its affinity does not hold for another's.
  const config: RunConfig = { ...options.config, pacing: { ...options.config.pacing, kind: "none" } };
  const pace = createPace(config.pacing, dataset.windows({ split: "train" }));
  const format = compactFormat(dataset, config);
  const reader = new BatchReader(dataset, config, trainingNeeds(config), format);
  const sampler = createSampler(config, dataset);
  const graph = buildTrainingGraph(config, format);
  const nodes = [graph.objective, ...graph.stateUpdates.map((update) => update.value)];
  const program = await executor.compileTraining(graph, initializeParameters(nodes, config.seed));
  try {
    const { learningRate } = config.optimizer;
    for (let step = 0; step < shuffledSteps;) {
      for (const plan of sampler.epoch(Math.floor(step / sampler.stepsPerEpoch))) {
        await nextTurn();
        signal?.throwIfAborted();
        const { feeds } = makeFeeds(reader.read(plan), pace, config);
        requireApplied(await program.step(feeds, { learningRate, step }), step);
        if (++step === shuffledSteps) break;
      }
    }
    return judgeScores(await options.evaluate(await program.readState()));
  } finally {
    program.dispose();
  }
}

function requireApplied({ applied, objective, gradientNorm }: StepResult, step: number): void {
  if (applied) return;
  throw new SonospeechError("not-finite", {
    action: `make step ${step + 1} on shuffled pairs`,
    must: "the objective and the gradients must be finite",
    received: `objective ${objective}, gradient norm ${gradientNorm}`,
    hint: "lower optimizer.learningRate or optimizer.clipNorm",
  });
}

/**
 * At chance unless, in both directions, the whole interval of recall at 5 lies above it. One subject has no interval,
 * so that nothing can be proved; the message says so.
 */
export function judgeScores({ metrics, chance, intervals }: GateScores): GateFinding {
  const names = ["videoToSpeech", "speechToVideo"].map((direction) => `retrieval.${direction}.recallAt5`);
  const passed = !names.every((name) => (intervals[name]?.[0] ?? -Infinity) > chance[name]);
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const told = names.map((name) => {
    const interval = intervals[name] ? ` [${intervals[name].map(percent).join(", ")}]` : "";
    return `${percent(metrics[name])}${interval}, chance ${percent(chance[name])}`;
  }).join("; ");
  const atChance = names.every((name) => intervals[name])
    ? "trained on shuffled pairs, subjects held out are at chance"
    : "trained on shuffled pairs; with one subject held out this control proves nothing, two or more are needed";
  const message = passed
    ? `${atChance}: R@5 ${told}`
    : `leak: trained on shuffled pairs, subjects held out are above chance: R@5 ${told}. Something but what is shown ` +
      "and said tells which pairs belong together: look at loudness, noise, pictures' size and edges, and at who is " +
      "held out.";
  const pick = (values: Record<string, number>) =>
    Object.fromEntries(names.map((name) => [name, values[name]]));
  return { passed, message, metrics: pick(metrics), chance: pick(chance) };
}
