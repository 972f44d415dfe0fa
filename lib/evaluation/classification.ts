/**
 * Scores of a classifier: confusion matrix, precision, recall and F1 of each class, and their macro averages.
 *
 * Where a ratio is 0/0 (a class that was never predicted has no precision, one that never occurs no recall) it counts
 * as 0, as scikit-learn does with `zero_division=0`. So a class that is missing from a fold pulls the macro average
 * down; {@linkcode MacroScores.absent} says how many do.
 *
 * @module
 */

import { need, needSameLength } from "./requirement.ts";

/** Counts of true and predicted classes. */
export interface ConfusionMatrix {
  /** The classes' names, [K]. */
  classes: readonly string[];
  /** `counts[truth][predicted]`, [K][K]. */
  counts: number[][];
}

/** How well one class was found; ratios are in [0, 1]. */
export interface ClassScores {
  /** The class. */
  name: string;
  /** Of the items predicted as this class, the share that are: TP / (TP + FP). */
  precision: number;
  /** Of the items of this class, the share that was found: TP / (TP + FN). */
  recall: number;
  /** 2TP / (2TP + FP + FN), the harmonic mean of precision and recall. */
  f1: number;
  /** Items of this class. */
  support: number;
}

/** Means over classes, each class counting the same. */
export interface MacroScores {
  /** Mean precision. */
  precision: number;
  /** Mean recall. */
  recall: number;
  /** The mean of the classes' F1, not the F1 of the mean precision and recall (Opitz and Burst, 2019). */
  f1: number;
  /** Classes in the mean. */
  classes: number;
  /** Classes in the mean that no item belongs to. */
  absent: number;
}

/** All that is reported of a classifier. */
export interface ClassificationReport {
  /** Counts behind all the rest. */
  confusion: ConfusionMatrix;
  /** In the order of the classes. */
  perClass: ClassScores[];
  /** Over all classes: 14 for standard planes with background. */
  macro: MacroScores;
  /** Over all classes but the background: 13 for standard planes; null without a background class. */
  macroWithoutBackground: MacroScores | null;
  /** Share of the items whose class was predicted. */
  accuracy: number;
  /** Mean recall of the classes that occur. */
  balancedAccuracy: number;
}

/**
 * Counts how often each class was predicted as each.
 *
 * @param truth Class indices in [0, K), one per item.
 * @param predicted Class indices in [0, K), one per item.
 * @throws SonospeechError `input` when lengths differ or an index is not a class.
 */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: readonly string[],
): ConfusionMatrix {
  const action = "count a confusion matrix";
  needSameLength(action, { truth: truth.length, predicted: predicted.length });
  const counts = classes.map(() => classes.map(() => 0));
  for (let i = 0; i < truth.length; i++) {
    for (const index of [truth[i], predicted[i]]) {
      need(
        counts[index] !== undefined,
        action,
        `a class must be a whole number below ${classes.length}`,
        index,
      );
    }
    counts[truth[i]][predicted[i]]++;
  }
  return { classes, counts };
}

const ratio = (part: number, whole: number) => whole === 0 ? 0 : part / whole;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Precision, recall and F1 of each class; 0/0 is 0. */
export function classScores({ classes, counts }: ConfusionMatrix): ClassScores[] {
  return classes.map((name, k) => {
    const support = sum(counts[k]);
    const predicted = sum(counts.map((row) => row[k]));
    const found = counts[k][k];
    return {
      name,
      precision: ratio(found, predicted),
      recall: ratio(found, support),
      f1: ratio(2 * found, predicted + support),
      support,
    };
  });
}

/**
 * Unweighted means over classes.
 *
 * @param names Which classes to average over; all when left out.
 * @throws SonospeechError `input` when a name is unknown or there is none.
 */
export function macroScores(scores: readonly ClassScores[], names?: readonly string[]): MacroScores {
  const chosen = names?.map((name) => {
    const found = scores.find((one) => one.name === name);
    need(found !== undefined, "average over classes", "every name must be a class", name);
    return found;
  }) ?? scores;
  need(chosen.length > 0, "average over classes", "there must be at least one", 0);
  const mean = (key: "precision" | "recall" | "f1") => sum(chosen.map((one) => one[key])) / chosen.length;
  return {
    precision: mean("precision"),
    recall: mean("recall"),
    f1: mean("f1"),
    classes: chosen.length,
    absent: chosen.filter((one) => one.support === 0).length,
  };
}

/** The share of items whose class was predicted; NaN without items. */
export function accuracy({ counts }: ConfusionMatrix): number {
  return sum(counts.map((row, k) => row[k])) / sum(counts.map(sum));
}

/**
 * The mean recall of the classes that occur (Brodersen et al., ICPR 2010); 1/K for a classifier that looks at nothing.
 * Other than in {@linkcode macroScores}, classes without items are left out, as scikit-learn does.
 */
export function balancedAccuracy(matrix: ConfusionMatrix): number {
  const present = classScores(matrix).filter((one) => one.support > 0);
  return sum(present.map((one) => one.recall)) / present.length;
}

/**
 * {@linkcode balancedAccuracy} of some rows, for resampling.
 *
 * @param truth Class indices in [0, K), one per item.
 * @param predicted The same; an index that is no class is wrong.
 * @param classes K.
 * @param rows Items with repetitions; all when left out.
 */
export function balancedAccuracyOfRows(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
  rows?: Int32Array,
): number {
  const all = new Float64Array(classes), right = new Float64Array(classes);
  const count = rows?.length ?? truth.length;
  for (let i = 0; i < count; i++) {
    const row = rows ? rows[i] : i;
    all[truth[row]]++;
    if (truth[row] === predicted[row]) right[truth[row]]++;
  }
  let sum = 0, present = 0;
  for (let k = 0; k < classes; k++) {
    if (all[k] === 0) continue;
    sum += right[k] / all[k];
    present++;
  }
  return sum / present;
}

/**
 * All scores of one classifier.
 *
 * @param background The name of the class that is no standard plane; the second macro average leaves it out. The
 * paper's tables mix both averages, so both are reported.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classificationReport } from "./classification.ts";
 * const report = classificationReport([0, 1, 2, 2], [0, 1, 2, 1], ["4CH", "femur", "background"], "background");
 * assert(report.accuracy === 0.75 && report.macroWithoutBackground?.recall === 1);
 * ```
 */
export function classificationReport(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: readonly string[],
  background?: string,
): ClassificationReport {
  const confusion = confusionMatrix(truth, predicted, classes);
  const perClass = classScores(confusion);
  const planes = classes.filter((name) => name !== background);
  return {
    confusion,
    perClass,
    macro: macroScores(perClass),
    macroWithoutBackground: background === undefined ? null : macroScores(perClass, planes),
    accuracy: accuracy(confusion),
    balancedAccuracy: balancedAccuracy(confusion),
  };
}
