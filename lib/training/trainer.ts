/**
 * Training as a stream of events: `for await (const event of train(…))`.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { BatchReader } from "../data/batches.ts";
import type { WindowSource } from "../data/inputs.ts";
import { type BatchPlan, PairSampler } from "../data/pairs.ts";
import { SonospeechError } from "../errors.ts";
import { nextTurn } from "../event_loop.ts";
import { buildTrainingGraph, trainingNeeds } from "../models/train_graph.ts";
import { createPace } from "../pacing/create_pace.ts";
import { type Pace, type PaceScores, voicedFractionOf } from "../pacing/pace.ts";
import type { CheckpointStore } from "../records/checkpoint_store.ts";
import type { Schedule } from "../schedule.ts";
import type { Executor, Tensors, TrainingProgram } from "../tensor/executor.ts";
import { initializeParameters, parameterCount } from "../tensor/parameters.ts";
import type { EvaluationEvent, RunEvent, StepEvent } from "./events.ts";
import { makeFeeds, type StepFeeds } from "./feeds.ts";
import { learningRateSchedule } from "./learning_rate.ts";
import { paceMetrics } from "./pace_scores.ts";
import { chanceOf, StepMeter, stepMetrics } from "./step_metrics.ts";
import {
  type RestoredState,
  restoreState,
  saveState,
  type TrainedParts,
  type TrainState,
} from "./train_state.ts";

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
  /** Evaluates parameters on held-out subjects; left out, nothing is evaluated while training. */
  evaluate?: (parameters: Tensors, at: { step: number; epoch: number }) => Promise<EvaluationEvent>;
  /** Keeps what the pace made of every window at the start of an epoch. @returns The file's name. */
  savePace?: (scores: PaceScores, epoch: number) => Promise<string>;
  /** Asks training to write a checkpoint and stop. */
  signal?: AbortSignal;
  /** A clock in seconds, for tests. */
  now?: () => number;
}

/**
 * Trains a dual encoder, from the newest checkpoint if there is one, else from the start.
 *
 * An abort of the signal ends the stream with a checkpoint and a `paused` event. So does a failure, whose error is
 * then thrown; a value that is not finite is noticed before the update, so that checkpoint is sound.
 *
 * @throws SonospeechError `not-finite`, `device`, `store` or `input`; the last event names the safe step.
 */
export async function* train(options: TrainOptions): AsyncGenerator<RunEvent, void, void> {
  const run = await TrainingRun.start(options);
  try {
    yield* run.events();
  } finally {
    run.dispose();
  }
}

class TrainingRun {
  readonly #options: TrainOptions;
  readonly #program: TrainingProgram;
  readonly #sampler: PairSampler;
  readonly #reader: BatchReader;
  readonly #pace: Pace;
  readonly #learningRate: Schedule;
  readonly #meter: StepMeter;
  readonly #parameterCount: number;
  readonly #brokenCheckpoints: readonly string[];
  #state: TrainState;
  #safeStep: number;
  #lastSave: number;

  private constructor(
    options: TrainOptions,
    { program, pace }: TrainedParts,
    { state, brokenCheckpoints }: RestoredState,
    parameters: number,
  ) {
    const { config, dataset } = options;
    this.#options = options;
    this.#program = program;
    this.#pace = pace;
    this.#state = state;
    this.#safeStep = state.step;
    this.#parameterCount = parameters;
    this.#brokenCheckpoints = brokenCheckpoints;
    this.#sampler = createSampler(config, dataset);
    this.#reader = new BatchReader(dataset, config, trainingNeeds(config));
    this.#learningRate = learningRateSchedule(
      config.optimizer,
      this.#sampler.stepsPerEpoch,
      config.training.epochs,
    );
    this.#meter = new StepMeter(this.#now);
    this.#lastSave = this.#now();
  }

  static async start(options: TrainOptions): Promise<TrainingRun> {
    const { config, dataset, executor, checkpoints } = options;
    // Drawn before anything is compiled: too few windows should not cost a wait.
    createSampler(config, dataset);
    const graph = buildTrainingGraph(config);
    const nodes = [graph.objective, ...graph.stateUpdates.map((update) => update.value)];
    const parameters = initializeParameters(nodes, config.seed);
    const program = await executor.compileTraining(graph, parameters);
    try {
      const parts = { program, pace: createPace(config.pacing, dataset.windows({ split: "train" })) };
      const restored = await restoreState(checkpoints, parts, dataset.id);
      return new TrainingRun(options, parts, restored, parameterCount(nodes));
    } catch (error) {
      program.dispose();
      throw error;
    }
  }

  dispose(): void {
    this.#program.dispose();
  }

  get #now(): () => number {
    return this.#options.now ?? (() => performance.now() / 1000);
  }

  get #epoch(): number {
    return Math.floor(this.#state.step / this.#sampler.stepsPerEpoch);
  }

  async *events(): AsyncGenerator<RunEvent, void, void> {
    yield this.#started();
    try {
      yield* this.#epochs();
    } catch (error) {
      yield* this.#pauseAfter(error);
      throw error;
    }
  }

  async *#epochs(): AsyncGenerator<RunEvent, void, void> {
    const { epochs } = this.#options.config.training;
    while (this.#epoch < epochs || this.#evaluationIsDue) {
      yield* this.#evaluationIsDue ? this.#endOfEpoch() : this.#restOfEpoch();
      if (this.#options.signal?.aborted) {
        yield* this.#stop();
        return;
      }
    }
    yield { kind: "finished", step: this.#state.step, epoch: this.#epoch };
  }

  /** A run that was stopped between the last step of an epoch and its evaluation makes up for it. */
  get #evaluationIsDue(): boolean {
    const { evaluateEveryEpochs, epochs } = this.#options.config.training;
    const { step, evaluatedStep } = this.#state;
    const atBoundary = step > 0 && step % this.#sampler.stepsPerEpoch === 0;
    const isItsTurn = this.#epoch % evaluateEveryEpochs === 0 || this.#epoch === epochs;
    return atBoundary && isItsTurn && evaluatedStep !== step;
  }

  async *#restOfEpoch(): AsyncGenerator<RunEvent, void, void> {
    const { logEverySteps, checkpointMinutes } = this.#options.config.training;
    const epoch = this.#epoch;
    const fromStep = this.#state.step - epoch * this.#sampler.stepsPerEpoch;
    if (fromStep === 0) yield* this.#startEpoch(epoch);
    for (const plan of this.#sampler.epoch(epoch, fromStep)) {
      await nextTurn();
      if (this.#options.signal?.aborted) return;
      const event = await this.#step(plan);
      if (this.#state.step % logEverySteps === 0) yield event;
      if (this.#now() - this.#lastSave > checkpointMinutes * 60) yield await this.#save(false);
    }
  }

  /** A resumed epoch keeps the weights it began with; a new one gets its own. */
  async *#startEpoch(epoch: number): AsyncGenerator<RunEvent, void, void> {
    this.#pace.startEpoch(epoch);
    if (epoch > 0 && this.#options.config.pacing.kind !== "learned") return;
    const scores = this.#pace.scores();
    const file = await this.#options.savePace?.(scores, epoch) ?? null;
    yield { kind: "pace", step: this.#state.step, epoch, metrics: paceMetrics(scores), file };
  }

  async #step(plan: BatchPlan): Promise<StepEvent> {
    const waiting = this.#now();
    const batch = this.#reader.read(plan);
    const { feeds, ...batchFacts } = makeFeeds(batch, this.#pace, this.#options.config);
    this.#meter.waited(this.#now() - waiting);
    const learningRate = this.#learningRate(this.#state.step);
    const result = await this.#program.step(feeds, { learningRate, step: this.#state.step });
    if (!result.applied) {
      throw new SonospeechError("not-finite", {
        action: `make step ${this.#state.step + 1}`,
        must: "the objective and the gradients must be finite",
        received: `objective ${result.objective}, gradient norm ${result.gradientNorm}, windows ` +
          plan.samples.map((sample) => sample.window.id).join(" "),
        hint: "lower optimizer.learningRate or optimizer.clipNorm, or look at these windows",
      });
    }
    const similarity = result.outputs.get("similarity");
    if (similarity) this.#pace.observe(plan.samples.map((sample) => sample.window), similarity.data);
    this.#state = { ...this.#state, step: this.#state.step + 1 };
    return {
      kind: "step",
      step: this.#state.step,
      epoch: plan.epoch,
      metrics: {
        ...stepMetrics(result, batchFacts),
        learningRate,
        ...this.#meter.stepped(),
      },
    };
  }

  async *#endOfEpoch(): AsyncGenerator<RunEvent, void, void> {
    let isBest = false;
    if (this.#options.evaluate) {
      const event = await this.#evaluate(this.#options.evaluate);
      if (event === null) return;
      const score = bestScore(event);
      isBest = score > this.#state.bestScore;
      if (isBest) this.#state = { ...this.#state, bestScore: score };
      yield event;
    }
    this.#state = { ...this.#state, evaluatedStep: this.#state.step };
    yield await this.#save(isBest);
    this.#meter.restart();
  }

  /** Null when it was asked to stop: the evaluation stays due and is made when the run goes on. */
  async #evaluate(evaluate: NonNullable<TrainOptions["evaluate"]>): Promise<EvaluationEvent | null> {
    const at = { step: this.#state.step, epoch: this.#epoch - 1 };
    try {
      return await evaluate(await this.#program.readState(), at);
    } catch (error) {
      if (this.#options.signal?.aborted) return null;
      throw error;
    }
  }

  async #save(isBest: boolean): Promise<RunEvent> {
    const start = this.#now();
    const { checkpoints, dataset } = this.#options;
    const parts = { program: this.#program, pace: this.#pace };
    const file = await saveState(checkpoints, parts, this.#state, dataset.id, isBest);
    this.#safeStep = this.#state.step;
    this.#lastSave = this.#now();
    return {
      kind: "checkpoint",
      step: this.#state.step,
      epoch: this.#epoch,
      file,
      isBest,
      seconds: this.#now() - start,
    };
  }

  async *#stop(): AsyncGenerator<RunEvent, void, void> {
    yield await this.#save(false);
    yield this.#paused("signal", "Training was asked to stop; it goes on from this step.");
  }

  /**
   * A value that is not finite and a failed evaluation leave the state of the last whole step, which is worth
   * keeping; when that fails too, as it does when the device is gone, the first failure is the one to tell.
   */
  async *#pauseAfter(error: unknown): AsyncGenerator<RunEvent, void, void> {
    const code = error instanceof SonospeechError ? error.code : "unexpected";
    const message = error instanceof SonospeechError ? error.publicMessage : "An unexpected error";
    if (code === "not-finite" || this.#evaluationIsDue) {
      const saved = await this.#save(false).catch(() => null);
      if (saved) yield saved;
    }
    yield this.#paused(code, message);
  }

  #paused(cause: string, message: string): RunEvent {
    return {
      kind: "paused",
      step: this.#state.step,
      epoch: this.#epoch,
      cause,
      message,
      safeStep: this.#safeStep,
    };
  }

  #started(): RunEvent {
    const { config, dataset, executor } = this.#options;
    const windows = dataset.windows({ split: "train" });
    const weights = this.#pace.weights(windows);
    const voiced = windows.map((window) => voicedFractionOf(window, config.pacing.detector));
    const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
    const { kind, name, isHardware } = executor.device;
    return {
      kind: "started",
      step: this.#state.step,
      epoch: this.#epoch,
      totalEpochs: config.training.epochs,
      stepsPerEpoch: this.#sampler.stepsPerEpoch,
      totalSteps: config.training.epochs * this.#sampler.stepsPerEpoch,
      device: kind === "webgpu" ? `${name} (webgpu, ${isHardware ? "hardware" : "software"})` : kind,
      parameterCount: this.#parameterCount,
      brokenCheckpoints: this.#brokenCheckpoints,
      trainWindows: windows.length,
      admittedShare: mean(Float32Array.from(weights, (weight) => weight > 0 ? 1 : 0)),
      voicedShare: mean(voiced),
      chance: chanceOf(config, this.#firstFeeds()),
    };
  }

  /** The masks of all batches are alike; the first one's gives the contrastive loss's chance level. */
  #firstFeeds(): StepFeeds {
    const plan = this.#sampler.epoch(0).next().value!;
    return makeFeeds(this.#reader.read(plan), this.#pace, this.#options.config);
  }
}

function createSampler(config: RunConfig, dataset: WindowSource): PairSampler {
  return new PairSampler(dataset.windows({ split: "train" }), {
    seed: config.seed,
    data: config.data,
    withOrder: config.losses.orderWeight > 0,
    windowSeconds: dataset.config.windowSeconds,
  });
}

/** Validation score that makes a checkpoint the best: mean reciprocal rank, both ways averaged. */
function bestScore(event: EvaluationEvent): number {
  const { metrics } = event;
  return (metrics["retrieval.videoToSpeech.meanReciprocalRank"] +
    metrics["retrieval.speechToVideo.meanReciprocalRank"]) / 2;
}
