/**
 * From the results of a row's cells to its measurements.
 *
 * @module
 */

import { classScores, confusionMatrix, macroScores } from "../evaluation/classification.ts";
import type { ConceptRank, DealtConcept } from "../evaluation/concept_retrieval.ts";
import { rocAuc } from "../evaluation/ranking.ts";
import type { SaliencyScores } from "../evaluation/saliency.ts";
import type { FrozenResult, FrozenRetrieval } from "./frozen.ts";
import { type Measurement, oneGroup } from "./measurement.ts";
import type { LabelledPicture, StudyData } from "./study_data.ts";
import type { GazeResult, PlanesResult } from "./transfer.ts";

/** Results of one row: of every seed, and of every fold of it. */
export interface RowResults {
  /** [seeds] */
  frozen: FrozenResult[];
  /** [seeds][folds]; empty for a control. */
  planes: PlanesResult[][];
  /** [seeds][folds]; empty for a control and without gaze. */
  gaze: GazeResult[][];
}

/** Everything that is measured of a row. */
export function rowMeasurements(results: RowResults, data: StudyData): Measurement[] {
  const pictures = data.pictures(data.transfer);
  return [
    ...results.planes.length > 0 ? planeMeasurements(results.planes, pictures, data) : [],
    ...results.gaze.length > 0 ? gazeMeasurements(results.gaze, pictures) : [],
    ...probeMeasurements(results.frozen, pictures, data),
    ...retrievalMeasurements(results.frozen, data),
  ];
}

type MacroKey = "precision" | "recall" | "f1";

/** Macro averages over the classes that occur among the items: a fold or a draw need not show all of them. */
function macro(
  pictures: readonly LabelledPicture[],
  data: StudyData,
  key: MacroKey,
  withBackground: boolean,
) {
  return (predicted: readonly number[], items: Int32Array): number => {
    const truth = Array.from(items, (item) => pictures[item].label);
    const scores = classScores(confusionMatrix(truth, predicted, data.classes));
    const names = scores.filter(({ name, support }) =>
      support > 0 && (withBackground || name !== data.background)
    );
    return names.length === 0 ? NaN : macroScores(scores, names.map(({ name }) => name))[key];
  };
}

/** Precision, recall and F1 of a class are its share when answers are drawn by the classes' shares. */
function macroChance(pictures: readonly LabelledPicture[], data: StudyData, withBackground: boolean): number {
  const counts = data.classes.map((_, label) => pictures.filter((one) => one.label === label).length);
  const counted = counts.filter((count, label) =>
    count > 0 && (withBackground || data.classes[label] !== data.background)
  );
  return counted.reduce((sum, count) => sum + count, 0) / counted.length / pictures.length;
}

function macroMeasurement(
  key: string,
  outcomes: readonly (readonly number[])[],
  groups: readonly Int32Array[],
  pictures: readonly LabelledPicture[],
  data: StudyData,
  average: { key: MacroKey; withBackground: boolean },
): Measurement {
  return {
    key,
    outcomes,
    subjects: pictures.map(({ window }) => window.subject),
    groups,
    chance: macroChance(pictures, data, average.withBackground),
    statistic: macro(pictures, data, average.key, average.withBackground),
  };
}

function planeMeasurements(
  results: readonly PlanesResult[][],
  pictures: readonly LabelledPicture[],
  data: StudyData,
): Measurement[] {
  const outcomes = results.map((folds) => gather(pictures.length, folds, ({ predicted }) => predicted));
  const groups = results[0].map(({ pictures }) => Int32Array.from(pictures));
  const averages = (["precision", "recall", "f1"] as const).flatMap((key) =>
    [false, true].map((withBackground) => ({ key, withBackground }))
  );
  const macros = averages.map((average) => {
    const name = average.key === "f1" ? "f1Macro" : average.key;
    const key = `planes.${name}${average.withBackground ? 14 : 13}`;
    return macroMeasurement(key, outcomes, groups, pictures, data, average);
  });
  const counts = data.classes.map((_, label) => pictures.filter((one) => one.label === label).length);
  return [...macros, {
    key: "planes.accuracy",
    outcomes,
    subjects: pictures.map(({ window }) => window.subject),
    groups,
    chance: Math.max(...counts) / pictures.length,
    statistic: (predicted, items) =>
      mean(predicted.map((label, i) => Number(label === pictures[items[i]].label))),
  }];
}

/** Puts the folds' values at their pictures. What was not finite is null in the file of a result. */
function gather<R extends { pictures: number[] }>(
  count: number,
  folds: readonly R[],
  valuesOf: (fold: R) => readonly number[],
): number[] {
  const out = new Array<number>(count).fill(NaN);
  for (const fold of folds) valuesOf(fold).forEach((value, i) => out[fold.pictures[i]] = value ?? NaN);
  return out;
}

const gazeChance: Readonly<Record<keyof SaliencyScores, number | null>> = {
  klDivergence: null,
  nss: 0,
  aucJudd: 0.5,
  aucBorji: 0.5,
  correlation: 0,
  similarity: null,
};

/** Gaze scores of a row, or of a baseline. */
export function gazeMeasurements(
  results: readonly GazeResult[][],
  pictures: readonly LabelledPicture[],
  of: keyof GazeResult["scores"] = "network",
): Measurement[] {
  // Pictures that nobody looked at are no items.
  const looked = results[0].flatMap((fold) => fold.pictures);
  const place = new Map(looked.map((picture, item) => [picture, item]));
  const groups = results[0].map((fold) => Int32Array.from(fold.pictures, (picture) => place.get(picture)!));
  return (Object.keys(gazeChance) as (keyof SaliencyScores)[]).map((key) => ({
    key: `gaze.${key}`,
    outcomes: results.map((folds) => {
      const all = gather(pictures.length, folds, (fold) => fold.scores[of].map((scores) => scores[key]));
      return looked.map((picture) => all[picture]);
    }),
    subjects: looked.map((picture) => pictures[picture].window.subject),
    groups,
    chance: gazeChance[key],
    statistic: mean,
  }));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function probeMeasurements(
  frozen: readonly FrozenResult[],
  pictures: readonly LabelledPicture[],
  data: StudyData,
): Measurement[] {
  const groups = oneGroup(pictures.length);
  return ([["linear", "probe"], ["neighbours", "neighbours"]] as const).flatMap(([name, field]) =>
    [false, true].map((withBackground) =>
      macroMeasurement(
        `probe.${name}F1Macro${withBackground ? 14 : 13}`,
        frozen.map((result) => result[field]),
        groups,
        pictures,
        data,
        { key: "f1", withBackground },
      )
    )
  );
}

/** Macro F1 over all classes by the share of subjects with labels, one measurement for each share. */
export function labelEfficiencyMeasurements(
  frozen: readonly FrozenResult[],
  data: StudyData,
): { share: number; subjects: number; measurement: Measurement }[] {
  const pictures = data.pictures(data.transfer);
  return frozen[0].labelEfficiency.map(({ share, subjects }, i) => ({
    share,
    subjects,
    measurement: macroMeasurement(
      "probe.linearF1Macro14",
      frozen.map((result) => result.labelEfficiency[i].predicted),
      oneGroup(pictures.length),
      pictures,
      data,
      { key: "f1", withBackground: true },
    ),
  }));
}

const directions = ["speechToVideo", "videoToSpeech"] as const;

function retrievalMeasurements(frozen: readonly FrozenResult[], data: StudyData): Measurement[] {
  const results = frozen.flatMap(({ retrieval }) => retrieval === null ? [] : [retrieval]);
  if (results.length === 0) return [];
  const subjectOf = new Map(data.transfer.map(({ id, subject }) => [id, subject]));
  const subjects = results[0].windows.map((id) => subjectOf.get(id)!);
  return [
    ...directions.flatMap((direction) => instanceMeasurements(results, direction, subjects)),
    ...directions.flatMap((direction) => conceptMeasurements(results, direction, subjects)),
    ...heldOutAffinity(results, subjects, data),
    // Where nobody speaks, or no plane is seen in two scans, nothing can be asked for.
  ].filter((one) => one.subjects.length > 0);
}

type Direction = typeof directions[number];
const suffix = (direction: Direction) => direction === "speechToVideo" ? "SpeechToVideo" : "VideoToSpeech";

function instanceMeasurements(
  results: readonly FrozenRetrieval[],
  direction: Direction,
  subjects: readonly string[],
): Measurement[] {
  const shared = {
    outcomes: results.map(({ instance }) => instance[direction]),
    subjects,
    groups: oneGroup(subjects.length),
  };
  return [{
    ...shared,
    key: `retrieval.instanceRecallAt10${suffix(direction)}`,
    chance: Math.min(1, 10 / subjects.length),
    statistic: (ranks) => mean(ranks.map((rank) => Number(rank <= 10))),
  }, {
    ...shared,
    key: `retrieval.medianRank${suffix(direction)}`,
    chance: (subjects.length + 1) / 2,
    statistic: (ranks) => {
      const sorted = [...ranks].sort((a, b) => a - b);
      return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
    },
  }];
}

function conceptMeasurements(
  results: readonly FrozenRetrieval[],
  direction: Direction,
  subjects: readonly string[],
): Measurement[] {
  // Which queries can be asked depends on labels alone: they are the same for every row and seed.
  const asked = results[0].concept[direction].ranks;
  const shared = {
    subjects: asked.map(({ query }) => subjects[query]),
    groups: oneGroup(asked.length),
    statistic: mean,
  };
  const outcomes = (value: (rank: ConceptRank, dealt: DealtConcept) => number) =>
    results.map(({ concept }) => {
      const { ranks, dealt } = concept[direction];
      return ranks.map((rank, i) => value(rank, dealt[i]));
    });
  const chance = (of: "averagePrecision" | "firstHit") => mean(outcomes((_, dealt) => dealt[of]).map(mean));
  return [{
    ...shared,
    key: `retrieval.conceptLift${suffix(direction)}`,
    outcomes: outcomes((rank, dealt) => rank.averagePrecision - dealt.averagePrecision),
    chance: 0,
  }, {
    ...shared,
    key: `retrieval.conceptMap${suffix(direction)}`,
    outcomes: outcomes(({ averagePrecision }) => averagePrecision),
    chance: chance("averagePrecision"),
  }, {
    ...shared,
    key: `retrieval.recallAt1${suffix(direction)}`,
    outcomes: outcomes(({ hits }) => hits[0]),
    chance: chance("firstHit"),
  }];
}

/** How well the agreement of a held-out window's own pair tells whether its speech is about the picture. */
function heldOutAffinity(
  results: readonly FrozenRetrieval[],
  subjects: readonly string[],
  { truth }: StudyData,
): Measurement[] {
  if (truth === undefined) return [];
  const related = results[0].windows.map((id) => truth.get(id)!.isRelated);
  return [{
    key: "affinity.heldOutAuc",
    outcomes: results.map(({ similarity }) => similarity),
    subjects,
    groups: oneGroup(subjects.length),
    chance: 0.5,
    statistic: (scores, items) => rocAuc(scores, Array.from(items, (item) => related[item])),
  }];
}
