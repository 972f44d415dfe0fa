/**
 * Starting, stopping, continuing and evaluating runs over the wire.
 *
 * @module
 */

import type { Role } from "./session.ts";

/** `GET /api/control`: what may be started, and what was. */
export interface ControlWire {
  datasets: TrainableDataset[];
  /** By preset: what it sets the settings that the form asks for to. */
  presets: Record<string, CommonSettings>;
  devices: string[];
  /** What is being done, or was done last; null before the first. */
  job: JobWire | null;
}

/** A dataset that the server was told that it may be trained on. */
export interface TrainableDataset {
  /** Its folder's own name, with a number where two are called the same. */
  name: string;
  /** The first digits of its hash, as in {@linkcode RunSummary}; null when it cannot be read. */
  datasetId: string | null;
}

/** Settings that most people want to change, by dotted name. */
export type CommonSettings = Record<
  "seed" | "training.epochs" | "data.batchSize" | "optimizer.learningRate",
  number
>;

/** Something that the server does with the program: training a run, or evaluating it. */
export interface JobWire {
  /** Counts from 1. */
  id: number;
  kind: "train" | "evaluate";
  run: string;
  state: "running" | "stopping" | "ended";
  /** ISO 8601. */
  startedAt: string;
  endedAt: string | null;
  /** How it ended; null before, or when it was killed. */
  exitCode: number | null;
  /** Whether it did what it was to do. */
  succeeded: boolean;
  /** The last that it said, without paths. */
  message: string;
  /** The last lines that it said, in order, without paths. */
  lines: string[];
  /** Whether the run can be asked for: one that is being made has no folder at first. */
  hasRun: boolean;
}

/** Body of `POST /api/control/check`, and with `confirm` of `POST /api/control/start`. */
export interface StartRequest {
  /** The new run's name. */
  run: string;
  dataset: string;
  preset: string;
  device: string;
  /** As `optimizer.learningRate=3e-4`, each. */
  settings: string[];
  /** Whether to train without the controls that should fail first. */
  skipGates: boolean;
}

/** Bodies of `POST /api/control/continue`, `/stop` and `/evaluate`. */
export interface RunRequest {
  run: string;
}

/** Body of `POST /api/control/evaluate`. */
export interface EvaluateRequest extends RunRequest {
  split: "validation" | "test";
  checkpoint: "best" | "newest";
}

/** What confirms a request: the run's name once more. */
export interface Confirmed {
  confirm: string;
}

/** `POST /api/control/check` answers a list of these; nothing is started before it is empty. */
export interface StartProblem {
  field: "run" | "dataset" | "preset" | "device" | "settings";
  /** The setting that is meant, as it was sent. */
  setting: string | null;
  message: string;
}

/** `GET /api/control/settings?run=…`: how to start another run like one. */
export interface SettingsOfRun {
  preset: string;
  device: string;
  /** Null where its dataset may not be trained on, or is gone. */
  dataset: string | null;
  /** What differs from the preset, by dotted name, as text of the form `a.b=value`. */
  settings: Record<string, string>;
}

/** `GET /api/control/log` answers a list of these, newest first. */
export interface ControlLogEntry {
  /** ISO 8601. */
  at: string;
  /** Who asked; the server itself ends jobs. */
  who: Role | "server";
  action: "start" | "continue" | "evaluate" | "stop" | "ended";
  run: string;
  /** What was asked for, or how it ended. */
  detail: string;
}
