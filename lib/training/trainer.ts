/**
 * Training as a stream of events: `for await (const event of train(…))`.
 *
 * @module
 */

import type { Batch } from "../data/batches.ts";
import type { BatchPlan } from "../data/pairs.ts";
import { SonospeechError } from "../errors.ts";
import { nextTurn } from "../event_loop.ts";
import type { Schedule } from "../schedule.ts";
import type { StepResult } from "../tensor/executor.ts";
import type { EvaluationEvent, Metrics, RunEvent, StepEvent } from "./events.ts";
import { makeFeeds } from "./feeds.ts";
import { learningRateSchedule } from "./learning_rate.ts";
import { paceMetrics } from "./pace_scores.ts";
import { openRun, type RunParts, startedEvent, type TrainOptions } from "./run_start.ts";
import { type BatchFacts, StepMeter, stepMetrics } from "./step_metrics.ts";
import { saveState, type TrainState } from "./train_state.ts";

/**
 * Trains a dual encoder, from the newest checkpoint if there is one, else from the start.
 *
 * An abort of the signal ends the stream with a checkpoint and a `paused` event. So does a failure, whose error is
 * then thrown; a value that is not finite is noticed before the update, so that checkpoint is sound.
 *
 * @throws SonospeechError `not-finite`, `device`, `store` or `input`; the last event names the safe step. `input`, before
 * any event, when the split cannot be certified.
 */
export async function* train(options: TrainOptions): AsyncGenerator<RunEvent, void, void> {
  const run = new TrainingRun(options, await openRun(options));
  try {
    yield* run.events();
  } finally {
    run.dispose();
  }
}

/** A step whose result is not known yet. */
interface PendingStep {
  plan: BatchPlan;
  facts: BatchFacts;
  learningRate: number;
  result: Promise<StepResult>;
}

class TrainingRun {
  readonly #options: TrainOptions;
  readonly #parts: RunParts;
  readonly #learningRate: Schedule;
  readonly #meter: StepMeter;
  /** Steps after that of the state, in their order. */
  #pending: PendingStep[] = [];
  #state: TrainState;
  #safeStep: number;
  #lastSave: number;

  /** Owns the parts from now on. */
  constructor(options: TrainOptions, parts: RunParts) {
    const { optimizer, training } = options.config;
    this.#options = options;
    this.#parts = parts;
    this.#state = parts.restored.state;
    this.#safeStep = this.#state.step;
    this.#learningRate = learningRateSchedule(optimizer, parts.sampler.stepsPerEpoch, training.epochs);
    this.#meter = new StepMeter(this.#now);
    this.#lastSave = this.#now();
  }

  dispose(): void {
    this.#parts.batches.close();
    this.#parts.program.dispose();
  }

  get #now(): () => number {
    return this.#options.now ?? (() => performance.now() / 1000);
  }

  get #epoch(): number {
    return Math.floor(this.#state.step / this.#parts.sampler.stepsPerEpoch);
  }

  async *events(): AsyncGenerator<RunEvent, void, void> {
    yield startedEvent(this.#options, this.#parts);
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
    const atBoundary = step > 0 && step % this.#parts.sampler.stepsPerEpoch === 0;
    const isItsTurn = this.#epoch % evaluateEveryEpochs === 0 || this.#epoch === epochs;
    return atBoundary && isItsTurn && evaluatedStep !== step;
  }

  async *#restOfEpoch(): AsyncGenerator<RunEvent, void, void> {
    const { checkpointMinutes } = this.#options.config.training;
    const epoch = this.#epoch;
    const fromStep = this.#state.step - epoch * this.#parts.sampler.stepsPerEpoch;
    if (fromStep === 0) yield* this.#startEpoch(epoch);
    for (let step = fromStep; step < this.#parts.sampler.stepsPerEpoch; step++) {
      await nextTurn();
      if (this.#options.signal?.aborted) break;
      const batch = await this.#nextBatch();
      if (batch === null) break; // it was asked to stop while it waited
      if (this.#begin(batch)) continue;
      yield* this.#finishSteps();
      if (this.#now() - this.#lastSave > checkpointMinutes * 60) yield await this.#save(false);
    }
    if (this.#pending.length === 0) return;
    await this.#parts.program.readState(); // results of deferred steps come with it
    yield* this.#finishSteps();
  }

  /** A resumed epoch keeps the weights it began with; a new one gets its own. */
  async *#startEpoch(epoch: number): AsyncGenerator<RunEvent, void, void> {
    this.#parts.pace.startEpoch(epoch);
    if (epoch > 0 && this.#options.config.pacing.kind !== "learned") return;
    const scores = this.#parts.pace.scores();
    const file = await this.#options.savePace?.(scores, epoch) ?? null;
    yield { kind: "pace", step: this.#state.step, epoch, metrics: paceMetrics(scores), file };
  }

  async #nextBatch(): Promise<Batch | null> {
    const waiting = this.#now();
    const batch = await this.#parts.batches.next();
    this.#meter.waited(this.#now() - waiting);
    return batch;
  }

  /**
   * Begins the step after those that are pending. Results are read once for each step that is told of: reading makes
   * a graphics adapter wait.
   *
   * @returns Whether the result may wait.
   */
  #begin(batch: Batch): boolean {
    const { plan } = batch;
    const { feeds, ...facts } = makeFeeds(batch, this.#parts.pace, this.#options.config);
    const step = this.#state.step + this.#pending.length;
    const learningRate = this.#learningRate(step);
    const isLast = (step + 1) % this.#parts.sampler.stepsPerEpoch === 0;
    const deferred = !isLast && (step + 1) % this.#options.config.training.logEverySteps !== 0;
    const result = this.#parts.program.step(feeds, { learningRate, step, deferred });
    result.catch(() => {}); // it is waited for later
    this.#pending.push({ plan, facts, learningRate, result });
    return deferred;
  }

  /** Takes note of the pending steps' results, and tells of those that are to be told of. */
  async *#finishSteps(): AsyncGenerator<StepEvent, void, void> {
    const pending = this.#pending;
    this.#pending = [];
    await Promise.allSettled(pending.map(({ result }) => result));
    const speed = this.#meter.stepped(pending.length);
    for (const step of pending) {
      const metrics = this.#finish(step, await step.result);
      if (this.#state.step % this.#options.config.training.logEverySteps !== 0) continue;
      yield {
        kind: "step",
        step: this.#state.step,
        epoch: step.plan.epoch,
        metrics: { ...metrics, learningRate: step.learningRate, ...speed },
      };
    }
  }

  /** Takes note of one result. @throws SonospeechError `not-finite` when nothing was updated. */
  #finish({ plan, facts }: PendingStep, result: StepResult): Metrics {
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
    if (similarity) this.#parts.pace.observe(plan.samples.map((sample) => sample.window), similarity.data);
    this.#state = { ...this.#state, step: this.#state.step + 1 };
    return stepMetrics(result, facts);
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
  }

  /** Null when it was asked to stop: the evaluation stays due and is made when the run goes on. */
  async #evaluate(evaluate: NonNullable<TrainOptions["evaluate"]>): Promise<EvaluationEvent | null> {
    const at = { step: this.#state.step, epoch: this.#epoch - 1 };
    try {
      return await evaluate(await this.#parts.program.readState(), at);
    } catch (error) {
      if (this.#options.signal?.aborted) return null;
      throw error;
    }
  }

  async #save(isBest: boolean): Promise<RunEvent> {
    const start = this.#now();
    const { checkpoints, dataset } = this.#options;
    const provenance = { datasetId: dataset.id, certificate: this.#parts.certificate };
    const file = await saveState(checkpoints, this.#parts, this.#state, provenance, isBest);
    this.#safeStep = this.#state.step;
    this.#lastSave = this.#now();
    this.#meter.restart();
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
}

/** Validation score that makes a checkpoint the best: mean reciprocal rank, both ways averaged. */
function bestScore(event: EvaluationEvent): number {
  const { metrics } = event;
  return (metrics["retrieval.videoToSpeech.meanReciprocalRank"] +
    metrics["retrieval.speechToVideo.meanReciprocalRank"]) / 2;
}
