/**
 * What `reproduce` found, as written to `report.json`.
 *
 * @module
 */

import type { Interval } from "../evaluation/bootstrap.ts";

/** The rows of the comparison, from knowing nothing to knowing the labels; the last one is a control that must fail. */
export const rowIds = [
  "random",
  "video",
  "correlation",
  "contrastive",
  "paper",
  "learned",
  "supervised",
  "shuffled",
] as const;

/** One of {@linkcode rowIds}. */
export type RowId = typeof rowIds[number];

/** The parts of the report, in the order in which they are shown. */
export const metricGroups = ["planes", "gaze", "probe", "retrieval", "affinity", "confounds"] as const;

/** One of {@linkcode metricGroups}. */
export type MetricGroup = typeof metricGroups[number];

/** What a number means. */
export interface MetricInfo {
  /** As `planes.f1Macro13`; the part before the dot is its group. */
  key: string;
  /** For people, as "F1, macro over 13 planes". */
  title: string;
  /** The part of the report that it belongs to. */
  group: MetricGroup;
  /** What is measured on what, with its source, in a sentence or two. */
  definition: string;
  /** Shares are shown in percent. */
  unit: "share" | "number" | "rank" | "nats";
  /** Which way is good; `chance` where the number should stay at chance, as for confounds. */
  better: "higher" | "lower" | "chance";
  /** Whether the tables show it; the others are in `report.json` alone. */
  isPrimary: boolean;
}

/** One number of one row. */
export interface Figure {
  /** The score of all items together, averaged over seeds. */
  value: number;
  /** Over the runs; null with a single one. */
  standardDeviation: number | null;
  /** 95 %, by BCa bootstrap over subjects of the score averaged over seeds. Null where it cannot be had. */
  interval: Interval | null;
  /** The same number for answers that know nothing; null where there is no such number. */
  chance: number | null;
  /** One for each seed, or each seed and fold. */
  runs: number[];
}

/** One row of the comparison. */
export interface ReportRow {
  /** Which. */
  id: RowId;
  /** For people. */
  title: string;
  /** What the row's encoder was trained with, one sentence. */
  description: string;
  /** Whether it is there to fail. */
  isControl: boolean;
  /** By metric key; a row has no figures for what it cannot do, as retrieval without speech. */
  figures: Record<string, Figure>;
  /** Of the test pictures of all folds and seeds; undefined where planes were not asked for. */
  confusion?: ConfusionCounts;
  /** Linear probes on frozen features by the share of subjects whose labels they saw. */
  labelEfficiency: LabelSharePoint[];
  /** Losses while it was trained, first seed, thinned. */
  curves: LossCurve[];
}

/** How often each class was taken for each. */
export interface ConfusionCounts {
  /** The classes' names, [K]. */
  classes: string[];
  /** Rows are the truth, columns the answer, [K][K]. */
  counts: number[][];
}

/** One point of the label-efficiency curve. */
export interface LabelSharePoint {
  /** Share of the subjects, 0 to 1. */
  share: number;
  /** How many these are, on average over folds. */
  subjects: number;
  /** Macro F1 over all classes. */
  f1: Figure;
}

/** A loss over steps. */
export interface LossCurve {
  /** As `loss.contrastive`. */
  name: string;
  /** Steps done, ascending. */
  steps: number[];
  /** Nats; smoothed over the steps between two points. */
  values: number[];
  /** When nothing is learned. */
  chance: number | null;
}

/** Whether one row is better than another in one number, on the same subjects. */
export interface ReportComparison {
  /** Metric key. */
  metric: string;
  /** Whose order it is: that of the paper's table, or one that this project adds, as for learned affinity. */
  claimedBy: "paper" | "ours";
  /** The row that the paper's table (or ours) says is better. */
  better: RowId;
  /** The row it is compared with. */
  worse: RowId;
  /** Better minus worse, signed so that above 0 means that the order holds. */
  difference: number;
  /** 95 %, by bootstrap over subjects. */
  interval: Interval | null;
  /** Two-sided, by exchanging the rows within subjects. */
  pValue: number;
  /** The same, corrected for all comparisons of the report (Holm, 1979). */
  adjustedPValue: number;
  /** Below this no data of this size could get. */
  smallestPValue: number;
  /** `holds` or `reversed` at an adjusted p below 0.05, else `open`. */
  verdict: "holds" | "reversed" | "open";
}

/** How well a score finds the windows whose speech is about the picture. */
export interface AffinityCurve {
  /** As "voiced share" or "learned affinity". */
  title: string;
  /** The row whose training gave the score; undefined for what needs no training. */
  row?: RowId;
  /** Points of the ROC curve from (0, 0) to (1, 1): false positive rate and true positive rate. */
  roc: [number, number][];
  /** Area under it; chance is 0.5. */
  auc: Figure;
  /** Average precision; chance is the share of related windows. */
  averagePrecision: Figure;
  /** Mean score and share of related windows in bins of equally many windows. */
  calibration: { score: number; relatedShare: number; windows: number }[];
}

/** A check that the comparison rests on. */
export interface ReportCheck {
  /** Short, as `shuffled pairs`. */
  name: string;
  /** What must hold, one sentence. */
  must: string;
  /** What was found, with its numbers, one sentence. */
  found: string;
  /** Whether it holds. */
  holds: boolean;
}

/** A map beside its truth. */
export interface SaliencyExample {
  /** Height and width of the maps. */
  size: readonly [number, number];
  /** Grey values 0 to 255 of the picture, of {@linkcode SaliencyExample.pictureSize}, base64. */
  picture: string;
  /** Height and width of the picture. */
  pictureSize: readonly [number, number];
  /** Truth and each row's map, scaled to 0 to 255, base64. */
  maps: { title: string; values: string }[];
}

/** All of it. */
export interface ReproductionReport {
  /** Rises when the meaning of a field changes. */
  formatVersion: 1;
  /** Version of the program. */
  programVersion: string;
  /** ISO 8601, UTC. */
  finishedAt: string;
  /** Of computing, summed over workers: cells found in the cache count with the time they took then. */
  computeSeconds: number;
  /** What its parts were computed on, as "WebAssembly, 1 thread"; several where they differ. */
  device: string;
  /** What was compared on what. */
  protocol: {
    /** The command that makes this report again, without folders, as `./run reproduce --size full`. */
    command: string;
    /** Quick, or the whole comparison. */
    size: "quick" | "full";
    /** Whether the scans are narrated synthetic ones, whose truth is known. */
    isSynthetic: boolean;
    /** Seeds of training. */
    seeds: number[];
    /** Folds of the transfer tasks. */
    folds: number;
    /** Subjects trained on without labels, and those of the transfer tasks; nobody is in both. */
    subjects: { pretraining: number; transfer: number };
    /** Windows of each. */
    windows: { pretraining: number; transfer: number };
    /** Labelled pictures of the transfer tasks. */
    labelledPictures: number;
    /** Training steps without labels, by row. */
    pretrainingSteps: Partial<Record<RowId, number>>;
    /** Fine-tuning epochs. */
    fineTuningEpochs: number;
    /** Hash of the dataset's content. */
    datasetHash: string;
    /** Sentences for the reader on how it was done, the splits among them. */
    notes: string[];
  };
  /** What the keys of figures mean, in order. */
  metrics: MetricInfo[];
  /** The rows. */
  rows: ReportRow[];
  /** Baselines that need no network, by metric key: centre bias and uniform maps for gaze. */
  baselines: { title: string; figures: Record<string, Figure> }[];
  /** The order of the paper's table, and ours, tested. */
  comparisons: ReportComparison[];
  /** ROC curves of voice and learned affinities; empty where the truth is not known. */
  affinity: AffinityCurve[];
  /** Controls, leaks, certificate. */
  checks: ReportCheck[];
  /** A few test pictures with where people look. */
  saliencyExamples: SaliencyExample[];
}
