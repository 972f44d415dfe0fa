/**
 * How a score grows with the number of SUBJECTS whose labels are used.
 *
 * @module
 */

import { labelShares, labelSubsets } from "./folds.ts";
import { type LabelledFeatures, ofSubjects } from "./labelled_features.ts";
import { need } from "./requirement.ts";
import { meanAndDeviation } from "./statistics.ts";

/** A classifier and a score on fixed train and test subjects. */
export interface LabelEfficiencyOptions {
  /** Subjects whose labels are drawn. */
  train: LabelledFeatures;
  /** Other subjects. */
  test: LabelledFeatures;
  /** Fits on some training items and predicts the test items' classes, [N]. */
  classify: (train: LabelledFeatures, features: LabelledFeatures["features"]) => number[];
  /** Scores the predicted classes of the test items. */
  score: (predicted: readonly number[]) => number;
  /** One draw of subjects for each. */
  seeds: readonly number[];
  /** 1, 5, 10, 25, 50 and 100 % when left out. */
  shares?: readonly number[];
}

/** A point of the curve. */
export interface LabelEfficiencyPoint {
  /** Share of the training subjects, in (0, 1]. */
  share: number;
  /** How many subjects that is; equal for small shares of few subjects. */
  subjects: number;
  /** Over seeds. */
  mean: number;
  /** Over seeds, which at 100 % do not differ. */
  deviation: number;
  /** One per seed. */
  scores: number[];
}

/**
 * Scores a classifier on nested random subsets of the training subjects (Hénaff et al., ICML 2020, draw shares of the
 * images; here subjects, since a clinic labels patients and windows of one subject are alike).
 *
 * @throws SonospeechError `input` when train and test share a subject.
 */
export function labelEfficiency(options: LabelEfficiencyOptions): LabelEfficiencyPoint[] {
  const { train, test, classify, score, seeds, shares = labelShares } = options;
  const tested = new Set(test.subjects);
  const shared = new Set(train.subjects.filter((subject) => tested.has(subject))).size;
  need(
    shared === 0,
    "measure label efficiency",
    "train and test must not share a subject",
    `${shared} that are in both`,
  );
  const subsets = seeds.map((seed) => labelSubsets(train.subjects, { seed, shares }));
  return shares.map((share, i) => {
    const scores = subsets.map((subset) =>
      score(classify(ofSubjects(train, subset[i].subjects), test.features))
    );
    const { mean, deviation } = meanAndDeviation(scores);
    return { share, subjects: subsets[0][i].subjects.length, mean, deviation, scores };
  });
}
