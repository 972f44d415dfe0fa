/**
 * What a training run tells the world: a closed set of events, the only thing that stores, the terminal and the
 * dashboard see of a run.
 *
 * @module
 */

import type { MemoryUse } from "../tensor/executor.ts";

/** Numbers by dotted name, as `loss.contrastive` or `retrieval.videoToSpeech.recallAt1`. */
export type Metrics = Record<string, number>;

/** Sent once when training starts or goes on. */
export interface StartedEvent {
  /** Tells the events apart. */
  kind: "started";
  /** Steps already done: 0, or the checkpoint's step. */
  step: number;
  /** Whole epochs done. */
  epoch: number;
  /** Epochs of the whole run. */
  totalEpochs: number;
  /** Whole batches in an epoch. */
  stepsPerEpoch: number;
  /** Steps of the whole run. */
  totalSteps: number;
  /** As `llvmpipe (webgpu, software)` or `wasm`. */
  device: string;
  /** Trainable numbers of the network. */
  parameterCount: number;
  /** What the training step takes of the device's memory; left out by runs of earlier versions. */
  memory?: MemoryUse;
  /** Names of newer checkpoints that were passed over because they cannot be read. */
  brokenCheckpoints: readonly string[];
  /** What the split certificate says, in one line. */
  certificate: string;
  /** Windows of the training split. */
  trainWindows: number;
  /** Share of training windows with high affinity. */
  admittedShare: number;
  /** Mean voicedFraction of the training windows. */
  voicedShare: number;
  /** What each loss or metric is when nothing was learned, by the metric's name. */
  chance: Metrics;
}

/** Sent before training starts, for each gate that was tried or skipped. */
export interface GateEvent {
  /** Tells the events apart. */
  kind: "gate";
  /** 0. */
  step: number;
  /** `overfit`: one batch is learned by heart. `shuffled`: nothing is learned from shuffled pairs. */
  gate: "overfit" | "shuffled";
  /** A run whose gate failed does not start. */
  outcome: "passed" | "failed" | "skipped";
  /** What was seen, beside chance, and where it failed what to look at. */
  message: string;
  /** What was measured, as `gate.overfit.loss.contrastive`. */
  metrics: Metrics;
  /** The same where nothing was learned. */
  chance: Metrics;
}

/** Sent every `training.logEverySteps` steps; the metrics are of that step. */
export interface StepEvent {
  /** Tells the events apart. */
  kind: "step";
  /** Steps done, this one included. */
  step: number;
  /** The epoch it belongs to, from 0. */
  epoch: number;
  /**
   * `loss.total`, `loss.correlation`, `loss.contrastive`, `loss.order`, `accuracy.correlation`,
   * `accuracy.order`, `learningRate`, `gradientNorm`, `temperature`, `admittedShare` and `voicedShare` (of
   * the batch), `bagSize` (mean positives of an admitted pair, with `data.bagSeconds`),
   * `stepsPerSecond`, `dataStallShare` (share of the time since the last such event in which the next batch was
   * waited for; where results of steps wait on a graphics card, it may have computed meanwhile).
   */
  metrics: Metrics;
}

/** Sent at the start of an epoch whose weights were chosen anew, and of the first. */
export interface PaceEvent {
  /** Tells the events apart. */
  kind: "pace";
  /** Steps done before the epoch. */
  step: number;
  /** The epoch that begins, from 0. */
  epoch: number;
  /**
   * `pace.admittedShare` of the training windows; where affinities are known, `pace.meanAffinity` and
   * `pace.affinityDeviation`.
   */
  metrics: Metrics;
  /** File name inside the run's `pace` folder with every window's affinity and weight; null when none is kept. */
  file: string | null;
}

/** Sent when a checkpoint is safe on disk. */
export interface CheckpointEvent {
  /** Tells the events apart. */
  kind: "checkpoint";
  /** Steps done. */
  step: number;
  /** Whole epochs done. */
  epoch: number;
  /** File name inside the run's `checkpoints` folder. */
  file: string;
  /** Whether it is the best by validation so far. */
  isBest: boolean;
  /** Time it took to write. */
  seconds: number;
}

/** Sent after an evaluation on held-out subjects. */
export interface EvaluationEvent {
  /** Tells the events apart. */
  kind: "evaluation";
  /** Steps done. */
  step: number;
  /** The epoch that ended with it, from 0. */
  epoch: number;
  /** The part of the data it was made on. */
  split: "validation" | "test";
  /** Scores by name. */
  metrics: Metrics;
  /** What each metric is when nothing was learned. */
  chance: Metrics;
  /** Folder inside the run's `evaluations` folder with `report.json`, `embeddings.safetensors` and `map.json`. */
  folder: string;
}

/** Sent last when a run stops before its end. */
export interface PausedEvent {
  /** Tells the events apart. */
  kind: "paused";
  /** Steps done. */
  step: number;
  /** Whole epochs done. */
  epoch: number;
  /** `signal`, or the error's code. */
  cause: string;
  /** One sentence without paths. */
  message: string;
  /** The step of the newest checkpoint. */
  safeStep: number;
}

/** Sent last when a run is complete. */
export interface FinishedEvent {
  /** Tells the events apart. */
  kind: "finished";
  /** Steps done. */
  step: number;
  /** Whole epochs done. */
  epoch: number;
}

/** Anything a run can tell. */
export type RunEvent =
  | StartedEvent
  | GateEvent
  | StepEvent
  | PaceEvent
  | CheckpointEvent
  | EvaluationEvent
  | PausedEvent
  | FinishedEvent;
