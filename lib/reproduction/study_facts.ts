/**
 * What a study can do on its data, said before anything is computed.
 *
 * @module
 */

import { fitRunConfig } from "../data/fit_run_config.ts";
import { need } from "../evaluation/requirement.ts";
import type { StudyFacts } from "./cell.ts";
import { studyFolds } from "./folds.ts";
import { rowSettings, type Study } from "./study.ts";
import type { LabelledPicture, StudyData } from "./study_data.ts";

/** Counts of the data, and sentences on what it cannot serve. */
export interface StudyPlan {
  /** What cells' costs and keys depend on. */
  facts: StudyFacts;
  /** What is left out or smaller than asked for; for the reader. */
  notes: string[];
}

/**
 * Looks at a study's data before hours are spent on it.
 *
 * @throws SonospeechError `input` when there is too little to train on, or to cut into folds by subject.
 */
export function planStudy(study: Study, data: StudyData): StudyPlan {
  const pictures = data.pictures(data.transfer);
  needEnough(study, data, pictures);
  const pretrainingPictures = data.pictures(data.pretraining).length;
  const looked = ({ gaze }: LabelledPicture) => gaze.length > 0;
  const gazePictures = pictures.filter(looked).length;
  const everyFoldHasGaze = studyFolds(study, data).every(({ train, test }) =>
    [train, test].every((rows) => rows.some((row) => looked(pictures[row])))
  );
  const notes = [
    ...fitRunConfig(rowSettings(study, "paper", 1), data.dataset).notes,
    ...study.rows.includes("supervised") && pretrainingPictures === 0
      ? ["The supervised reference is left out: no subject of the training split has labels."]
      : [],
    ...gazePictures > 0 && !everyFoldHasGaze
      ? ["Gaze is left out: too few of the subjects with labels have it to train and test on in every fold."]
      : [],
  ];
  const facts = {
    dataHash: data.hash,
    dataset: data.dataset,
    pretrainingWindows: data.pretraining.length,
    pretrainingPictures,
    transferWindows: data.transfer.length,
    transferPictures: pictures.length,
    gazePictures: everyFoldHasGaze ? gazePictures : 0,
  };
  return { facts, notes };
}

const action = "compare on this dataset";

function needEnough(study: Study, data: StudyData, pictures: readonly LabelledPicture[]): void {
  const trained = new Set(data.pretraining.map(({ subject }) => subject)).size;
  need(trained >= 2, action, "its training split must have at least two subjects", trained);
  const tested = new Set(pictures.map(({ window }) => window.subject)).size;
  const must =
    `at least ${study.folds} subjects outside its training split must have labels, one for each fold`;
  need(tested >= study.folds, action, must, tested);
  const classes = new Set(pictures.map(({ label }) => label)).size;
  need(
    classes >= 2,
    action,
    "the subjects outside its training split must have labels of at least two kinds",
    classes,
  );
}
