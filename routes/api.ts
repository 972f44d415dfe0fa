/**
 * What the server and the dashboard say to each other: the JSON of every answer under `/api`.
 *
 * This file imports nothing, so that the dashboard can take its types without the rest of the server. No answer
 * holds a path of the machine, the name of a file, or the name of a subject.
 *
 * @module
 */

/** Where a run stands; `interrupted` is a run that ended without a word. */
export type RunState = "new" | "running" | "paused" | "interrupted" | "finished";

/** Numbers by name; `null` is a number that was not finite. */
export type WireMetrics = Record<string, number | null>;

/** `GET /api/runs` answers a list of these, newest first. */
export interface RunSummary {
  name: string;
  state: RunState;
  preset: string;
  /** ISO 8601. */
  createdAt: string;
  step: number;
  totalSteps: number | null;
  /** When the newest event was recorded, seconds since 1970. */
  lastEventSeconds: number | null;
  totalLoss: number | null;
  /** Newest `retrieval.videoToSpeech.recallAt1`. */
  recallAt1: number | null;
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
  trainWindows: number;
  admittedShare: number;
  voicedShare: number;
  chance: WireMetrics;
}

/** The events that the dashboard reads closely; other kinds pass through as they are. */
export type EventWire =
  | StartedWire
  | { kind: "step"; step: number; epoch: number; metrics: WireMetrics }
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
export interface RunDetail extends RunSummary {
  /** The newest opening event. */
  started: StartedWire | null;
  /** Why the run paused, if it is paused. */
  pausedMessage: string | null;
  /** The complete RunConfig. */
  config: Record<string, unknown>;
  hasDataset: boolean;
}

/** One metric over the steps. */
export interface SeriesWire {
  steps: number[];
  values: (number | null)[];
}

/** `GET /api/runs/:run/series?name=…&name=…&maxPoints=…`: all metrics when none is named. */
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
  metrics: WireMetrics;
  chance: WireMetrics;
  hasMap: boolean;
}

/** A window's two embeddings in the plane. */
export interface MapPoint {
  windowId: number;
  scanId: string;
  /** What the window is labelled, if the dataset has labels. */
  label: string | null;
  video: [number, number];
  speech: [number, number];
}

/** `GET /api/runs/:run/evaluations/:folder/map` */
export interface EmbeddingMapWire {
  step: number;
  points: MapPoint[];
  /** Share of the variance each axis explains. */
  explainedVariance: [number, number];
}

/** A recording of the dataset. */
export interface ScanWire {
  id: string;
  /** The subject's number, from 1 in the order of the scans: its name may be a patient's and stays here. */
  subject: number;
  split: string;
  windows: number;
  durationSeconds: number;
}

/** `GET /api/runs/:run/dataset` */
export interface DatasetWire {
  windows: number;
  hours: number;
  /** Mean voicedFraction by detector. */
  voicedFractionEnergy: number;
  voicedFractionWebrtc: number;
  windowSeconds: number;
  framesPerWindow: number;
  /** Height and width, pixels. */
  frameSize: [number, number];
  scans: ScanWire[];
  quarantined: number;
}

/** One window: the paper's interval T. */
export interface WindowWire {
  id: number;
  scanId: string;
  /** As in {@linkcode ScanWire}. */
  subject: number;
  split: string;
  index: number;
  startSeconds: number;
  frameCount: number;
  voicedFractionEnergy: number;
  voicedFractionWebrtc: number;
}

/** `GET /api/runs/:run/dataset/windows?scan=…&split=…&offset=…&limit=…` */
export interface WindowsPage {
  total: number;
  offset: number;
  windows: WindowWire[];
}

/** `GET /api/runs/:run/dataset/quarantine` answers a list of these. */
export interface QuarantineWire {
  /** What kind of problem, as `no audio`. */
  reason: string;
  /** The problem in words, without names of files. */
  detail: string;
  /** How many files share the reason. */
  files: number;
}

/** The body of every refusal (RFC 9457, `application/problem+json`). */
export interface Problem {
  type: "about:blank";
  title: string;
  status: number;
  detail?: string;
}
