/**
 * The folds of the transfer tasks: the same for every row and seed, so that rows can be compared picture by picture.
 *
 * @module
 */

import { type TransferSplit, transferSplits } from "../evaluation/pictures.ts";
import type { Study } from "./study.ts";
import type { StudyData } from "./study_data.ts";

const foldSeed = 1;

/**
 * Splits of the labelled pictures of the transfer subjects, by subject.
 *
 * @throws SonospeechError `input` with fewer subjects than folds.
 */
export function studyFolds(study: Pick<Study, "folds">, data: StudyData): TransferSplit[] {
  const subjects = data.pictures(data.transfer).map(({ window }) => window.subject);
  return transferSplits(subjects, { folds: study.folds, seed: foldSeed });
}
