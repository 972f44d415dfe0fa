/**
 * Results over the wire: reports of comparisons, and evaluations of runs.
 *
 * @module
 */

import type { EvaluationWire } from "./runs.ts";

/** `GET /api/results` */
export interface ResultsAnswer {
  /** Newest first. */
  reports: ReportSummary[];
  /** The newest of each run on each split, by the runs' names. */
  evaluations: EvaluationOfRun[];
}

/** A report of `reproduce` at a glance; the page at `/api/results/:report/report.html` shows all of it. */
export interface ReportSummary {
  /** Its folder's own name. */
  name: string;
  /** ISO 8601. */
  finishedAt: string;
  device: string;
  /** `quick` or `full`. */
  size: string;
  isSynthetic: boolean;
  seeds: number;
  rows: number;
  /** What was found, in words. */
  sentences: string[];
}

/** `GET /api/results/:report`: the report as the page draws it; numbers are texts where they are read and not drawn. */
export interface ReportDetailWire extends ReportSummary {
  /** The rows' titles: columns of the metrics' tables. */
  columns: { title: string; isControl: boolean }[];
  metrics: MetricTextsWire[];
  comparisons: ComparisonTextsWire[];
  confusions: ConfusionWire[];
  labelEfficiency: LabelCurveWire[];
  /** Test pictures of `GET /api/results/:report/saliency`. */
  saliencyExamples: number;
  /** Why a matrix's cells show no windows; null where they do. */
  windowsProblem: string | null;
  /** What the pictures under `/api/results/:report/dataset` are like; null where there are none. */
  dataset:
    | { windowSeconds: number; framesPerWindow: number; frameSize: [height: number, width: number] }
    | null;
}

/** A metric over all rows. */
export interface MetricTextsWire {
  title: string;
  /** What it is part of, for people. */
  group: string;
  definition: string;
  /** As `%`, or empty. */
  unit: string;
  /** `chance` where it should stay there. */
  better: "higher" | "lower" | "chance";
  chance: string;
  /** One a row; null where the row cannot do it. */
  cells: (FigureTextsWire | null)[];
}

/** A figure; what there is nothing of is empty. */
export interface FigureTextsWire {
  value: string;
  deviation: string;
  interval: string;
  chance: string;
  /** Whether the row was found better than all it was compared with. */
  isBest: boolean;
  coversChance: boolean;
}

/** An ordering of two rows that was tested. */
export interface ComparisonTextsWire {
  ordering: string;
  metric: string;
  difference: string;
  interval: string;
  pValue: string;
  adjustedPValue: string;
  smallestPValue: string;
  verdict: "holds" | "reversed" | "open";
  sentence: string;
}

/** A row's confusion matrix. */
export interface ConfusionWire {
  /** The row's id and title. */
  row: string;
  title: string;
  classes: string[];
  /** Rows are the truth, columns the answer, `[K][K]`, over all folds and seeds. */
  counts: number[][];
  /** Share on the diagonal; null without any. */
  accuracy: number | null;
}

/** Linear probes by the share of subjects whose labels they saw. */
export interface LabelCurveWire {
  title: string;
  points: {
    /** 0 to 1. */
    share: number;
    subjects: number;
    f1: number;
    interval: [low: number, high: number] | null;
  }[];
  chance: number | null;
}

/** `GET /api/results/:report/saliency` answers a list of these: where people look, beside where each row says they do. */
export interface SaliencyExampleWire {
  /** Base64 of grey values `[H, W]` of the picture. */
  picture: string;
  pictureSize: [height: number, width: number];
  /** Height and width of the maps. */
  size: [height: number, width: number];
  /** The truth, then the rows; base64 of `[H, W]`, each scaled to its own maximum. */
  maps: { title: string; values: string }[];
}

/** `GET /api/results/:report/windows?row=…&truth=…&answer=…&offset=…&limit=…`: those behind a cell of a matrix. */
export interface AnsweredWindowsPage {
  /** Windows in all, each once. */
  total: number;
  /** What the matrix counts: a window once for every seed that answered so. */
  answers: number;
  /** Trainings of the row. */
  seeds: number;
  offset: number;
  windows: AnsweredWindowWire[];
}

/** A labelled window and what it was taken for. */
export interface AnsweredWindowWire {
  windowId: number;
  scanId: string;
  startSeconds: number;
  /** Seeds whose training answered so. */
  seeds: number[];
  /** What the row's other seeds answered: classes by index. */
  others: { seed: number; answer: number }[];
}

/** An evaluation and whose it is. */
export interface EvaluationOfRun extends EvaluationWire {
  run: string;
}
