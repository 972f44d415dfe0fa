/**
 * The settings of a comparison: how much of everything.
 *
 * @module
 */

import { resolveRunConfig, type RunConfig } from "../config.ts";
import { fitRunConfig } from "../data/fit_run_config.ts";
import type { PhantomOptions } from "../phantom/options.ts";
import type { RowId } from "./report.ts";
import { rowDefinitions } from "./rows.ts";

/** What is computed. Equal studies of equal data give equal numbers on one kind of device. */
export interface Study {
  /** Named in the report. */
  size: "quick" | "full";
  /** Which rows. */
  rows: readonly RowId[];
  /** One training of every row for each. */
  seeds: readonly number[];
  /** Of the transfer tasks, by subject. */
  folds: number;
  /** Settings that all rows share, as `--set` texts. */
  settings: readonly string[];
  /** Epochs of plane detection and of gaze prediction; the recipe's learning rate falls at the same shares. */
  fineTuningEpochs: number;
  /** First learning rate of gaze prediction; the recipe's own is for planes and leaves the decoder where it began. */
  gazeLearningRate: number;
  /** Epochs of the supervised reference on the pretraining subjects. */
  supervisedEpochs: number;
  /** σ of the gaze targets, in cells of the 28 × 36 map. A picture is some 20° to 30° wide on a screen. */
  gazeSigmaCells: number;
  /** Bootstrap draws of an interval. */
  resamples: number;
  /** Exchanges between rows tried by a test. */
  permutations: number;
}

/** The synthetic scans of a study without data of its own. */
export interface StudyScans {
  /** What {@linkcode generatePhantom} makes. */
  phantom: PhantomOptions;
  /** Settings of preparing, as `--set` texts. */
  prepare: readonly string[];
}

const everyRow = Object.keys(rowDefinitions) as RowId[];

/** The two sizes. */
export const studies: Readonly<Record<Study["size"], Study>> = {
  quick: {
    size: "quick",
    rows: everyRow,
    seeds: [1],
    folds: 3,
    settings: ["training.epochs=16"],
    fineTuningEpochs: 20,
    supervisedEpochs: 12,
    gazeLearningRate: 0.1,
    gazeSigmaCells: 1.5,
    resamples: 1000,
    permutations: 1999,
  },
  full: {
    size: "full",
    rows: everyRow,
    seeds: [1, 2, 3],
    folds: 3,
    settings: ["training.epochs=60"],
    fineTuningEpochs: 50,
    supervisedEpochs: 30,
    gazeLearningRate: 0.1,
    gazeSigmaCells: 1.5,
    resamples: 2000,
    permutations: 9999,
  },
};

/**
 * The scans of either size. The quick study's narration is kinder than the standard difficulty's: it has minutes, not
 * a night, to learn words from sounds.
 */
export const studyScans: Readonly<Record<Study["size"], StudyScans>> = {
  quick: {
    phantom: {
      difficulty: "standard",
      subjects: 72,
      secondsPerScan: 60,
      frameRate: 5,
      frameSize: [112, 144],
      relatedShare: 0.7,
      lagSeconds: [-1, 1],
      wordings: 2,
    },
    prepare: ["split.validationShare=0.02", "split.testShare=0.32"],
  },
  full: {
    phantom: {
      difficulty: "standard",
      subjects: 240,
      secondsPerScan: 120,
      frameRate: 5,
      frameSize: [112, 144],
    },
    prepare: ["split.validationShare=0.02", "split.testShare=0.32"],
  },
};

/** What of a dataset a row's settings depend on. */
export type StudyDataset = Parameters<typeof fitRunConfig>[1];

/**
 * The run settings of a row, fitted to the dataset (see {@linkcode fitRunConfig}).
 *
 * @throws SonospeechError `config` when a setting of the study is none.
 */
export function rowConfig(
  study: Pick<Study, "settings">,
  row: RowId,
  seed: number,
  dataset: StudyDataset,
): RunConfig {
  const { config } = fitRunConfig(rowSettings(study, row, seed), dataset);
  // Nothing is chosen on held-out subjects: the last step counts, and evaluating on the way would only cost time.
  return { ...config, training: { ...config.training, evaluateEveryEpochs: config.training.epochs } };
}

/** The run settings of a row as they are asked for. @throws SonospeechError `config` as above. */
export function rowSettings(study: Pick<Study, "settings">, row: RowId, seed: number): RunConfig {
  return resolveRunConfig({
    set: [...study.settings, ...rowDefinitions[row].settings, `seed=${seed}`],
  });
}
