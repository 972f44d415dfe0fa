/**
 * The cells of the transfer tasks: a row's encoder, fine-tuned on all folds but one and tested on that.
 *
 * @module
 */

import { fineTuneDefaults, type FineTuneEvent, shortenedRecipe } from "../evaluation/fine_tune.ts";
import { datasetPictures } from "../evaluation/pictures.ts";
import { detectPlanes } from "../evaluation/plane_detection.ts";
import type { SaliencyScores } from "../evaluation/saliency.ts";
import { predictSaliency } from "../evaluation/saliency_prediction.ts";
import type { Cell } from "./cell.ts";
import { type CellContext, type CellProgress, startOf } from "./cell_context.ts";
import { studyFolds } from "./folds.ts";
import { rowConfig } from "./study.ts";
import type { LabelledPicture } from "./study_data.ts";

/** Answers for one fold. */
export interface PlanesResult {
  /** Indices into the labelled pictures of the transfer subjects. */
  pictures: number[];
  /** Class of each. */
  predicted: number[];
}

/** Scores for one fold. */
export interface GazeResult {
  /** Indices into the labelled pictures of the transfer subjects. */
  pictures: number[];
  /** Of the network, and of maps that have not seen the picture. */
  scores: Record<"network" | "centreBias" | "uniform", SaliencyScores[]>;
  /** Predicted maps of the first few pictures, scaled to 0 to 255, for looking at. */
  examples: number[][];
}

/** Maps kept of each fold. */
const exampleCount = 2;

/** The recipe of a cell. Changes of brightness and shape are the same for both tasks. */
function settingsOf(cell: Cell, { study }: CellContext) {
  return { ...shortenedRecipe(study.fineTuningEpochs, fineTuneDefaults), seed: cell.seed };
}

function picturesOf({ data }: CellContext, pictures: readonly LabelledPicture[]) {
  return {
    pictures: datasetPictures(
      data.dataset,
      pictures.map(({ window, frame }) => ({ scanId: window.scanId, frame })),
    ),
    subjects: pictures.map(({ window }) => window.subject),
  };
}

/** Passes on how far a task is and gives its result. */
async function* follow<R>(
  events: AsyncGenerator<FineTuneEvent<R>, void, void>,
): AsyncGenerator<CellProgress, R> {
  let total = 1;
  for await (const event of events) {
    if (event.kind === "started") total = event.totalSteps;
    if (event.kind === "step") yield event.step / total;
    if (event.kind === "finished") return event.result;
  }
  throw new Error("Cannot go on: a transfer task must end with a result");
}

/** Standard plane detection of one fold. */
export async function* computePlanes(
  cell: Cell,
  context: CellContext,
): AsyncGenerator<CellProgress, PlanesResult, void> {
  const { study, data, executor, signal } = context;
  const pictures = data.pictures(data.transfer);
  const { train, test } = studyFolds(study, data)[cell.fold!];
  const { predicted } = yield* follow(detectPlanes({
    executor,
    model: rowConfig(study, cell.row, cell.seed, data.dataset).model,
    settings: settingsOf(cell, context),
    start: await startOf(context, cell),
    ...picturesOf(context, pictures),
    labels: pictures.map(({ label }) => label),
    classes: data.classes,
    background: data.background,
    train,
    test,
    signal,
  }));
  return { pictures: [...test], predicted };
}

/** Gaze prediction of one fold, on the pictures that somebody looked at. */
export async function* computeGaze(
  cell: Cell,
  context: CellContext,
): AsyncGenerator<CellProgress, GazeResult, void> {
  const { study, data, executor, signal } = context;
  const pictures = data.pictures(data.transfer);
  const looked = ({ gaze }: LabelledPicture) => gaze.length > 0;
  const split = studyFolds(study, data)[cell.fold!];
  const [train, test] = [split.train, split.test].map((rows) => rows.filter((row) => looked(pictures[row])));
  const result = yield* follow(predictSaliency({
    executor,
    model: rowConfig(study, cell.row, cell.seed, data.dataset).model,
    settings: { ...settingsOf(cell, context), learningRate: study.gazeLearningRate },
    start: await startOf(context, cell),
    ...picturesOf(context, pictures),
    gaze: pictures.map(({ gaze }) => gaze),
    sigmaCells: study.gazeSigmaCells,
    train,
    test,
    signal,
  }));
  return {
    pictures: test,
    scores: {
      network: result.network.perPicture,
      centreBias: result.centreBias.perPicture,
      uniform: result.uniform.perPicture,
    },
    examples: result.maps.slice(0, exampleCount).map(({ values }) => scaled(values)),
  };
}

function scaled(values: Float64Array): number[] {
  const top = values.reduce((most, value) => Math.max(most, value), 0);
  return Array.from(values, (value) => top > 0 ? Math.round(255 * value / top) : 0);
}
