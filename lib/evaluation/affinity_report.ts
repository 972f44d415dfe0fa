/**
 * How well a score of each window finds the windows whose speech is about the picture. The score may be the share of
 * voiced time, a learned affinity, or anything else that should be high there.
 *
 * @module
 */

import { bootstrapAllBySubject, type ChanceEstimate } from "./bootstrap.ts";
import { type Calibration, calibration } from "./calibration.ts";
import { subjectFolds } from "./folds.ts";
import { fitLinearProbe } from "./linear_probe.ts";
import {
  averagePrecisionOfCounts,
  countLevels,
  expectedAveragePrecision,
  rocAucOfCounts,
  rocCurve,
  type RocPoint,
  scoreLevels,
} from "./ranking.ts";
import { need, needSameLength } from "./requirement.ts";

/** Scores with the truth. */
export interface AffinityReportOptions {
  /** [N], higher means more likely about the picture. */
  scores: ArrayLike<number>;
  /** [N], whether the window's speech is about the picture. */
  related: readonly boolean[];
  /** [N] */
  subjects: readonly string[];
  /** Draws subjects and folds. */
  seed: number;
  /** Bootstrap draws; 2000 when left out. */
  resamples?: number;
}

/** How well the score finds related windows. */
export interface AffinityReport {
  /** N. */
  windows: number;
  /** Windows whose speech is about the picture. */
  relatedWindows: number;
  /** How many subjects the windows come from. */
  subjects: number;
  /** Area under the ROC curve; chance is ½. */
  rocAuc: ChanceEstimate;
  /** Average precision; chance is the mean of a random order. */
  averagePrecision: ChanceEstimate;
  /** For a plot. */
  rocCurve: RocPoint[];
  /** The scores taken as probabilities; null when one is outside [0, 1]. */
  calibrationAsGiven: Calibration | null;
  /**
   * After a logistic curve from score to probability (Platt, 1999), fitted for each window on other subjects only;
   * null with a single subject, or when some fold's other subjects show only one kind of window.
   */
  calibrationFitted: Calibration | null;
  /** Brier score of always answering the share of related windows. */
  brierScoreChance: number;
}

/**
 * Scores against truth, with 95 % intervals by bootstrap over subjects.
 *
 * @throws SonospeechError `input` when lengths differ or one of the two kinds of windows is missing.
 */
export function affinityReport(options: AffinityReportOptions): AffinityReport {
  const { scores, related, subjects, seed, resamples } = options;
  const action = "report on affinity";
  needSameLength(action, { scores: scores.length, related: related.length, subjects: subjects.length });
  const relatedWindows = related.filter(Boolean).length;
  const hasBoth = relatedWindows > 0 && relatedWindows < related.length;
  need(
    hasBoth,
    action,
    "some windows must be about the picture and some not",
    `${relatedWindows} of ${related.length}`,
  );
  const levels = scoreLevels(scores);
  const { rocAuc, averagePrecision } = bootstrapAllBySubject({
    subjects,
    statistics: (rows) => {
      const counts = countLevels(levels, related, rows);
      return { rocAuc: rocAucOfCounts(counts), averagePrecision: averagePrecisionOfCounts(counts) };
    },
    seed,
    resamples,
  });
  const isProbability = Array.from(scores).every((score) => score >= 0 && score <= 1);
  const fitted = crossFitted(options);
  const share = relatedWindows / related.length;
  return {
    windows: related.length,
    relatedWindows,
    subjects: new Set(subjects).size,
    rocAuc: { ...rocAuc, chance: 0.5 },
    averagePrecision: {
      ...averagePrecision,
      chance: expectedAveragePrecision(related.length, relatedWindows),
    },
    rocCurve: rocCurve(scores, related),
    calibrationAsGiven: isProbability ? calibration(scores, related) : null,
    calibrationFitted: fitted && calibration(fitted, related),
    brierScoreChance: share * (1 - share),
  };
}

/** Probabilities from a logistic curve fitted on the other folds' subjects. */
function crossFitted({ scores, related, subjects, seed }: AffinityReportOptions): Float64Array | null {
  const count = new Set(subjects).size;
  if (count < 2) return null;
  const out = new Float64Array(related.length);
  for (const { test, train } of subjectFolds(subjects, { folds: Math.min(5, count), seed })) {
    const [tested, trained] = [test, train].map((names) => {
      const wanted = new Set(names);
      return [...subjects.keys()].filter((row) => wanted.has(subjects[row]));
    });
    const take = (rows: readonly number[]) => Float64Array.from(rows, (row) => scores[row]);
    const labels = trained.map((row) => Number(related[row]));
    if (new Set(labels).size < 2) return null;
    // A trace of regularization keeps the curve finite where scores separate the kinds perfectly.
    const curve = fitLinearProbe(
      { features: take(trained), dimension: 1, labels, subjects: trained.map((row) => subjects[row]) },
      { l2: 1e-4 },
    );
    const probabilities = curve.probabilities(take(tested));
    tested.forEach((row, i) => out[row] = probabilities[2 * i + 1]);
  }
  return out;
}
