/**
 * Standard plane detection: the encoder is fine-tuned under a linear classifier and tested on other subjects.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { buildPlaneClassifier, buildPlaneTraining } from "../models/plane_classifier.ts";
import type { Random } from "../random.ts";
import type { Executor, Tensor, Tensors } from "../tensor/executor.ts";
import { type ClassificationReport, classificationReport } from "./classification.ts";
import {
  fineTune,
  type FineTuneEvent,
  type FineTuneSettings,
  runForward,
  transferStep,
} from "./fine_tune.ts";
import { drawFrameChange, noFrameChange, writeFrame } from "./frame_change.ts";
import { checkTransferSplit, type Pictures, resizedPictures, type TransferSplit } from "./pictures.ts";
import { need, needSameLength } from "./requirement.ts";

const inferenceBatch = 32;

/** What to detect in what. */
export interface PlaneDetectionOptions extends TransferSplit {
  /** Computes. */
  executor: Executor;
  /** The settings of the run that `start` is from, or of a fresh encoder. */
  model: RunConfig["model"];
  /** The recipe, as `fineTuneDefaults`. */
  settings: FineTuneSettings;
  /** A run's parameters; the encoder starts at random when left out. */
  start?: Tensors;
  /** The frames, N of them. */
  pictures: Pictures;
  /** Class of each picture, [N]. */
  labels: readonly number[];
  /** The classes' names, [K]. */
  classes: readonly string[];
  /** The name of the class that is no standard plane. */
  background?: string;
  /**
   * `balanced` (the default) weighs a picture by 1 / how often its class is trained on, so that macro averages do not
   * suffer from rare planes; `none` counts pictures alike.
   */
  classWeights?: "balanced" | "none";
  /** Ends the work with its reason. */
  signal?: AbortSignal;
}

/** How the planes were found. */
export interface PlaneDetection {
  /** On the test pictures. */
  report: ClassificationReport;
  /** Of each test picture, in the order asked for, [T, K]. */
  probabilities: Float32Array;
  /** The likeliest class of each test picture, [T]. */
  predicted: number[];
  /** The trained network's. */
  parameters: Map<string, Tensor>;
}

/**
 * Fine-tunes on the training pictures and tests on the others; the last event holds the result.
 *
 * @throws SonospeechError `input` when a subject is in both parts, lengths differ or nothing of `start` fits;
 * `not-finite` when training diverges.
 *
 * @example Bright pictures against dark ones
 * ```ts
 * import assert from "node:assert/strict";
 * import { resolveRunConfig } from "../config.ts";
 * import { createExecutor } from "../tensor/device.ts";
 * import { shortenedRecipe } from "./fine_tune.ts";
 * import { detectPlanes } from "./plane_detection.ts";
 *
 * const { model } = resolveRunConfig({ file: { model: { frameSize: [16, 16], widthMultiplier: 0.25 } } });
 * const labels = Array.from({ length: 48 }, (_, i) => i % 2);
 * const executor = await createExecutor("wasm");
 * for await (
 *   const event of detectPlanes({
 *     executor,
 *     model,
 *     settings: shortenedRecipe(20),
 *     pictures: {
 *       count: 48,
 *       size: [16, 16],
 *       read: (i) => new Uint8Array(256).fill(labels[i] ? 220 : 20),
 *     },
 *     labels,
 *     classes: ["dark", "bright"],
 *     subjects: labels.map((_, i) => `p${i}`),
 *     train: labels.map((_, i) => i).slice(0, 32),
 *     test: labels.map((_, i) => i).slice(32),
 *   })
 * ) {
 *   if (event.kind === "finished") assert(event.result.report.accuracy === 1);
 * }
 * await executor.dispose();
 * ```
 */
export async function* detectPlanes(
  options: PlaneDetectionOptions,
): AsyncGenerator<FineTuneEvent<PlaneDetection>, void, void> {
  const { executor, model, settings, labels, classes, test } = options;
  const action = "detect standard planes";
  needSameLength(action, {
    pictures: options.pictures.count,
    labels: labels.length,
    subjects: options.subjects.length,
  });
  checkTransferSplit(action, options);
  const known = labels.every((label) => classes[label] !== undefined);
  need(known, action, `every label must be a whole number below ${classes.length}`);
  const sizes = { model, classes: classes.length, batch: settings.batchSize };
  const parameters = yield* fineTune({
    executor,
    settings,
    graph: buildPlaneTraining(sizes, transferStep(settings)),
    start: options.start,
    items: options.train,
    feeds: planeFeeds(options),
    signal: options.signal,
  });
  const probabilities = await predictPlanes({ ...options, parameters, items: test });
  const predicted = likeliest(probabilities, classes.length);
  const truth = test.map((index) => labels[index]);
  const report = classificationReport(truth, predicted, classes, options.background);
  yield { kind: "finished", result: { report, probabilities, predicted, parameters } };
}

/** What a trained classifier says of pictures. */
export interface PlanePredictionOptions
  extends Pick<PlaneDetectionOptions, "executor" | "model" | "pictures" | "classes" | "signal"> {
  /** Of {@linkcode PlaneDetection}. */
  parameters: Tensors;
  /** Which pictures. */
  items: readonly number[];
}

/** The probability of each class for each picture, [items, K]. */
export function predictPlanes(options: PlanePredictionOptions): Promise<Float32Array> {
  const { executor, model, classes, parameters, items, signal } = options;
  const pictures = resizedPictures(options.pictures, model.frameSize);
  const { probabilities } = buildPlaneClassifier({ model, classes: classes.length, batch: inferenceBatch });
  return runForward({
    executor,
    output: probabilities,
    parameters,
    frameSize: model.frameSize,
    items,
    write: (item, out, at) => writeFrame(pictures.read(item), model.frameSize, noFrameChange, out, at),
    signal,
  });
}

function planeFeeds(options: PlaneDetectionOptions) {
  const { model: { frameSize }, settings, labels, classes } = options;
  const pictures = resizedPictures(options.pictures, frameSize);
  const weights = classWeights(options);
  const size = frameSize[0] * frameSize[1];
  return (items: readonly number[], randoms: readonly Random[]): Tensors => {
    const frames = new Float32Array(items.length * size);
    const oneHot = new Float32Array(items.length * classes.length);
    items.forEach((item, i) => {
      const change = drawFrameChange(settings.augmentation, randoms[i]);
      writeFrame(pictures.read(item), frameSize, change, frames, i * size);
      oneHot[i * classes.length + labels[item]] = 1;
    });
    return new Map([
      ["frames", { shape: [items.length, ...frameSize, 1], data: frames }],
      ["classOneHot", { shape: [items.length, classes.length], data: oneHot }],
      [
        "itemWeights",
        { shape: [items.length], data: Float32Array.from(items, (item) => weights[labels[item]]) },
      ],
    ]);
  };
}

/** The weight of each class: N / (classes that are trained on · pictures of the class), so that the mean is 1. */
function classWeights(options: PlaneDetectionOptions): number[] {
  const { labels, classes, train } = options;
  if (options.classWeights === "none") return classes.map(() => 1);
  const counts = classes.map((_, k) => train.filter((index) => labels[index] === k).length);
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => count === 0 ? 0 : train.length / (present * count));
}

function likeliest(probabilities: Float32Array, classes: number): number[] {
  return Array.from({ length: probabilities.length / classes }, (_, i) => {
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(row.reduce((best, value) => Math.max(best, value), -Infinity));
  });
}
