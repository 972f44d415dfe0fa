/**
 * What a training run tells the world: a closed set of events, the only thing that stores, the terminal and the
 * dashboard see of a run.
 *
 * @module
 */

/** Numbers by dotted name, as `loss.contrastive` or `retrieval.videoToSpeech.recallAt1`. */
export type Metrics = Record<string, number>;

/** Sent once when training starts or goes on. */
export interface StartedEvent {
  kind: "started";
  /** Steps already done: 0, or the checkpoint's step. */
  step: number;
  epoch: number;
  totalEpochs: number;
  stepsPerEpoch: number;
  totalSteps: number;
  /** As `llvmpipe (webgpu, software)` or `wasm`. */
  device: string;
  parameterCount: number;
  trainWindows: number;
  /** Share of training windows with high affinity. */
  admittedShare: number;
  /** Mean voicedFraction of the training windows. */
  voicedShare: number;
  /** What each loss or metric is when nothing was learned, by the metric's name. */
  chance: Metrics;
}

/** Sent every `training.logEverySteps` steps; the metrics are of that step. */
export interface StepEvent {
  kind: "step";
  /** Steps done, this one included. */
  step: number;
  epoch: number;
  /**
   * `loss.total`, `loss.correlation`, `loss.contrastive`, `loss.order`, `accuracy.correlation`,
   * `accuracy.order`, `learningRate`, `gradientNorm`, `temperature`, `admittedShare` (of the batch),
   * `stepsPerSecond`, `dataStallShare` (time spent waiting for batches).
   */
  metrics: Metrics;
}

/** Sent when a checkpoint is safe on disk. */
export interface CheckpointEvent {
  kind: "checkpoint";
  step: number;
  epoch: number;
  /** File name inside the run's `checkpoints` folder. */
  file: string;
  isBest: boolean;
  seconds: number;
}

/** Sent after an evaluation on held-out subjects. */
export interface EvaluationEvent {
  kind: "evaluation";
  step: number;
  epoch: number;
  split: "validation" | "test";
  metrics: Metrics;
  /** What each metric is when nothing was learned. */
  chance: Metrics;
  /** Folder inside the run's `evaluations` folder with `report.json`, `embeddings.safetensors` and `map.json`. */
  folder: string;
}

/** Sent last when a run stops before its end. */
export interface PausedEvent {
  kind: "paused";
  step: number;
  epoch: number;
  /** `signal`, or the error's code. */
  cause: string;
  message: string;
  /** The step of the newest checkpoint. */
  safeStep: number;
}

/** Sent last when a run is complete. */
export interface FinishedEvent {
  kind: "finished";
  step: number;
  epoch: number;
}

/** Anything a run can tell. */
export type RunEvent =
  | StartedEvent
  | StepEvent
  | CheckpointEvent
  | EvaluationEvent
  | PausedEvent
  | FinishedEvent;
