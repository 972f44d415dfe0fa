/**
 * The start of a training run: what it works with is checked, compiled and restored before its first step.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { BatchQueue } from "../data/batch_queue.ts";
import { compactFormat } from "../data/batches.ts";
import type { WindowSource } from "../data/inputs.ts";
import type { BatchPlan, PairSampler } from "../data/pairs.ts";
import { certifySplit, type SplitCertificate } from "../data/split_certificate.ts";
import { buildTrainingGraph, trainingNeeds } from "../models/train_graph.ts";
import { createPace } from "../pacing/create_pace.ts";
import { type PaceScores, voicedFractionOf } from "../pacing/pace.ts";
import type { CheckpointStore } from "../records/checkpoint_store.ts";
import type { DeviceInfo, Executor, Tensors } from "../tensor/executor.ts";
import { initializeParameters, parameterCount } from "../tensor/parameters.ts";
import type { EvaluationEvent, StartedEvent } from "./events.ts";
import { batchFacts } from "./feeds.ts";
import { certificateLine } from "./run_certificate.ts";
import { createSampler } from "./sampler.ts";
import { chanceOf } from "./step_metrics.ts";
import { type RestoredState, restoreState, type TrainedParts } from "./train_state.ts";

/** Everything a training run works with. */
export interface TrainOptions {
  /** The run's settings. */
  config: RunConfig;
  /** The prepared windows. */
  dataset: WindowSource;
  /** Computes. */
  executor: Executor;
  /** Where checkpoints go, and where the newest one is looked for. */
  checkpoints: CheckpointStore;
  /** First values of parameters, instead of drawn ones; a checkpoint goes before them. */
  start?: Tensors;
  /** Of the dataset's split; made first when left out. It goes into every checkpoint. */
  certificate?: SplitCertificate;
  /** Evaluates parameters on held-out subjects; left out, nothing is evaluated while training. */
  evaluate?: (parameters: Tensors, at: { step: number; epoch: number }) => Promise<EvaluationEvent>;
  /** Keeps what the pace made of every window at the start of an epoch. @returns The file's name. */
  savePace?: (scores: PaceScores, epoch: number) => Promise<string>;
  /** Asks training to write a checkpoint and stop. */
  signal?: AbortSignal;
  /** A clock in seconds, for tests. */
  now?: () => number;
}

/** What a run is made of. Whoever has it closes the batches and disposes the program. */
export interface RunParts extends TrainedParts {
  /** Where it goes on. */
  restored: RestoredState;
  /** Of its dataset's split. */
  certificate: SplitCertificate;
  /** Trained numbers. */
  parameterCount: number;
  /** Plans its batches. */
  sampler: PairSampler;
  /** Reads them, from the restored step on. */
  batches: BatchQueue;
}

/** Threads that read batches for a graphics card, where there are as many cores. */
const mostReaders = 6;

/**
 * Gets a run ready for its next step: from the newest checkpoint if there is one, else from the start.
 *
 * @throws SonospeechError `input`, `device` or `store`; nothing is held then.
 */
export async function openRun(options: TrainOptions): Promise<RunParts> {
  const { config, dataset, executor, checkpoints } = options;
  // Drawn before anything is compiled: too few windows should not cost a wait.
  const sampler = createSampler(config, dataset);
  const certificate = options.certificate ??
    (await certifySplit(dataset, { signal: options.signal })).certificate;
  const format = compactFormat(dataset, config);
  const graph = buildTrainingGraph(config, format);
  const nodes = [graph.objective, ...graph.stateUpdates.map((update) => update.value)];
  const parameters = initializeParameters(nodes, config.seed);
  for (const [name, tensor] of options.start ?? []) if (parameters.has(name)) parameters.set(name, tensor);
  const program = await executor.compileTraining(graph, parameters);
  try {
    const trained = { program, pace: createPace(config.pacing, dataset.windows({ split: "train" })) };
    const restored = await restoreState(checkpoints, trained, { datasetId: dataset.id, certificate });
    const batches = await BatchQueue.open({
      source: dataset,
      config,
      needs: trainingNeeds(config),
      format,
      plans: plansFrom(restored.state.step, sampler, config),
      workers: readersFor(executor.device),
      signal: options.signal,
    });
    return { ...trained, restored, certificate, parameterCount: parameterCount(nodes), sampler, batches };
  } catch (error) {
    program.dispose();
    throw error;
  }
}

/** What is told before the first step. */
export function startedEvent(
  { config, dataset, executor }: TrainOptions,
  { program, pace, restored: { state, brokenCheckpoints }, certificate, parameterCount, sampler }: RunParts,
): StartedEvent {
  const { stepsPerEpoch } = sampler;
  const { epochs } = config.training;
  const windows = dataset.windows({ split: "train" });
  const weights = pace.weights(windows);
  const voiced = windows.map((window) => voicedFractionOf(window, config.pacing.detector));
  const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
  const { kind, name, isHardware } = executor.device;
  // The masks of all batches are alike; the first one's gives the contrastive loss's chance level.
  const firstPlan = sampler.epoch(0).next().value!;
  return {
    kind: "started",
    step: state.step,
    epoch: Math.floor(state.step / stepsPerEpoch),
    totalEpochs: epochs,
    stepsPerEpoch,
    totalSteps: epochs * stepsPerEpoch,
    device: kind === "webgpu" ? `${name} (webgpu, ${isHardware ? "hardware" : "software"})` : kind,
    parameterCount,
    memory: program.memory,
    brokenCheckpoints,
    certificate: certificateLine(certificate),
    trainWindows: windows.length,
    admittedShare: mean(Float32Array.from(weights, (weight) => weight > 0 ? 1 : 0)),
    voicedShare: mean(voiced),
    chance: chanceOf(config, batchFacts(firstPlan, pace, config)),
  };
}

/**
 * A graphics card takes batches faster than one thread reads them. Elsewhere a step takes the processor many times as
 * long as reading its batch, and one thread leaves the cores to the kernels.
 */
function readersFor({ isHardware }: DeviceInfo): number {
  return isHardware ? Math.max(1, Math.min(mostReaders, navigator.hardwareConcurrency - 1)) : 1;
}

/** The batches from a step on to the end of the run. */
function* plansFrom(step: number, sampler: PairSampler, config: RunConfig): Generator<BatchPlan> {
  const { stepsPerEpoch } = sampler;
  const first = Math.floor(step / stepsPerEpoch);
  for (let epoch = first; epoch < config.training.epochs; epoch++) {
    yield* sampler.epoch(epoch, epoch === first ? step % stepsPerEpoch : 0);
  }
}
