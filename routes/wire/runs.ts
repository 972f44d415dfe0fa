/**
 * Runs over the wire: the list, a run with its events and metrics, its evaluations.
 *
 * @module
 */

/** Where a run stands; `interrupted` is a run that ended without a word. */
export type RunState = "new" | "running" | "paused" | "interrupted" | "finished";

/** Why a run does not go on; `killed` is known by its silence. */
export type PauseCauseWire =
  | "stopped"
  | "killed"
  | "disk full"
  | "disk trouble"
  | "not finite"
  | "device lost"
  | "bad input"
  | "bad settings"
  | "machine"
  | "unexpected";

/** The pause of a run that is paused or interrupted. */
export interface PauseWire {
  cause: PauseCauseWire;
  /** One sentence without paths. */
  message: string;
  /** The step of the checkpoint where it goes on; 0 without one. */
  safeStep: number;
  /** What to do before it is continued. */
  remedy: string;
}

/** Numbers by name; `null` is a number that was not finite. */
export type WireMetrics = Record<string, number | null>;

/** `GET /api/runs?metric=…` */
export interface RunsAnswer {
  /** Newest first. */
  runs: RunSummary[];
  /** Names of all metrics of all runs, sorted: what may be asked for. */
  metricNames: string[];
}

/** One run at a glance. */
export interface RunSummary {
  name: string;
  state: RunState;
  /** Null while it is not paused. */
  pauseCause: PauseCauseWire | null;
  preset: string;
  seed: number | null;
  /** ISO 8601. */
  createdAt: string;
  step: number;
  totalSteps: number | null;
  /** As `llvmpipe (webgpu, software)`; null before the first event. */
  device: string | null;
  /** The first digits of the dataset's hash; null when the run does not say. */
  datasetId: string | null;
  trainWindows: number | null;
  /** When the first event was recorded, seconds since 1970. */
  firstEventSeconds: number | null;
  /** When the newest event was recorded, seconds since 1970. */
  lastEventSeconds: number | null;
  /** When the newest step was recorded, seconds since 1970: a later evaluation is no training. */
  lastStepSeconds: number | null;
  totalLoss: number | null;
  /** Newest `retrieval.videoToSpeech.recallAt1`. */
  recallAt1: number | null;
  /** What became of the metric that was asked for; null when the run has none. */
  metric: MetricStats | null;
  annotation: RunAnnotation;
}

/** A step and the value there. */
export type StepValue = [step: number, value: number];

/** What one metric came to, at which step; null where nothing was finite. */
export interface MetricStats {
  last: StepValue | null;
  min: StepValue | null;
  max: StepValue | null;
  /** Values that were not finite. */
  missing: number;
  /** What it is where nothing was learned; null where that is not known. */
  chance: number | null;
  /** The split whose evaluations these are; null of what training measures. */
  split: string | null;
}

/** What people keep with a run. */
export interface RunAnnotation {
  pinned: boolean;
  tags: string[];
  note: string;
}

/** Body of `PATCH /api/runs/:run/annotation`: what changes; the answer is all of it. */
export type AnnotationChange = Partial<RunAnnotation>;

/** Body of `DELETE /api/runs/:run`: the run's name once more. */
export interface RunRemoval {
  name: string;
}

/** The event that opens a run, or its part after a resume. */
export interface StartedWire {
  kind: "started";
  step: number;
  epoch: number;
  totalEpochs: number;
  stepsPerEpoch: number;
  totalSteps: number;
  device: string;
  parameterCount: number;
  /** What a training step takes of the device's memory, by part; runs of earlier versions do not say. */
  memory?: {
    parts: { name: string; bytes: number }[];
    /** What comes nearest to a limit of the device. */
    tightest?: { label: string; bytes: number; limitBytes: number };
  };
  /** Newer checkpoints of the run's that were passed over because they cannot be read. */
  brokenCheckpoints?: string[];
  /** What the split certificate says, in one line. */
  certificate?: string;
  trainWindows: number;
  admittedShare: number;
  voicedShare: number;
  chance: WireMetrics;
}

/** What happened, as the run recorded it. */
export type EventWire =
  | StartedWire
  | {
    kind: "gate";
    step: number;
    gate: "overfit" | "shuffled";
    outcome: "passed" | "failed" | "skipped";
    message: string;
    metrics: WireMetrics;
    chance: WireMetrics;
  }
  | { kind: "step"; step: number; epoch: number; metrics: WireMetrics }
  | { kind: "pace"; step: number; epoch: number; metrics: WireMetrics; file: string | null }
  | { kind: "checkpoint"; step: number; epoch: number; file: string; isBest: boolean; seconds: number }
  | {
    kind: "evaluation";
    step: number;
    epoch: number;
    split: string;
    metrics: WireMetrics;
    chance: WireMetrics;
    folder: string;
  }
  | { kind: "paused"; step: number; epoch: number; cause: string; message: string; safeStep: number }
  | { kind: "finished"; step: number; epoch: number };

/** Data of an SSE message of type `run`; its SSE id is `id`. */
export interface StoredEventWire {
  id: number;
  timeSeconds: number;
  event: EventWire;
}

/** Data of an SSE message of type `state`, sent at the start of a stream and whenever the state changes. */
export interface StateMessage {
  state: RunState;
}

/** `GET /api/runs/:run` */
export interface RunDetail extends Omit<RunSummary, "metric"> {
  /** The newest opening event. */
  started: StartedWire | null;
  /** Null while it is not paused. */
  pause: PauseWire | null;
  /** The complete RunConfig. */
  config: Record<string, unknown>;
  hasDataset: boolean;
}

/** One metric over the steps. */
export interface SeriesWire {
  steps: number[];
  /** `null` where the number was not finite. */
  values: (number | null)[];
  /** When each was recorded, seconds since 1970. */
  seconds: number[];
  /** Places i where nothing was measured between the values i − 1 and i, though the rhythm asked. */
  gaps: number[];
  /** Usual steps from one value to the next; 0 while that is unknown. */
  rhythm: number;
  /** Of a series that was thinned out: the mean of the stretch that each value stands for. */
  means?: (number | null)[];
}

/**
 * `GET /api/runs/:run/series?name=…&name=…&from=…&to=…&maxPoints=…`: all metrics when none is named, all steps when
 * no range is.
 */
export interface SeriesAnswer {
  /** Id of the newest event that these series contain: where the event stream goes on. */
  cursor: number;
  series: Record<string, SeriesWire>;
}

/** `GET /api/runs/:run/evaluations` answers a list of these, by step. */
export interface EvaluationWire {
  /** Name of its folder, for its map. */
  folder: string;
  step: number;
  split: string;
  windows: number;
  /** Whose windows with speech they are; null where the record does not say. */
  subjects: number | null;
  metrics: WireMetrics;
  chance: WireMetrics;
  /** 95 % intervals over subjects, by metric. */
  intervals: Record<string, [low: number, high: number]>;
  /** When it was recorded, seconds since 1970; null when the record does not say. */
  timeSeconds: number | null;
  hasMap: boolean;
}
