/**
 * Gaze prediction: the encoder is fine-tuned under a small decoder and tested on other subjects, beside maps that have
 * not seen the picture.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { buildSaliencyNetwork, buildSaliencyTraining } from "../models/saliency_network.ts";
import type { Random } from "../random.ts";
import type { Executor, Tensor, Tensors } from "../tensor/executor.ts";
import {
  fineTune,
  type FineTuneEvent,
  type FineTuneSettings,
  runForward,
  transferStep,
} from "./fine_tune.ts";
import { drawFrameChange, type FrameChange, noFrameChange, warp, writeFrame } from "./frame_change.ts";
import { fixationCells, gazeMap, gazeMapSize, type GazePoint, type SaliencyMap } from "./gaze_map.ts";
import { checkTransferSplit, type Pictures, resizedPictures, type TransferSplit } from "./pictures.ts";
import { need, needSameLength } from "./requirement.ts";
import { type SaliencyScores, saliencyScores } from "./saliency.ts";
import { centreBias, uniformMap } from "./saliency_baselines.ts";

const inferenceBatch = 32;

/** What to predict from what. */
export interface SaliencyPredictionOptions extends TransferSplit {
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
  /** Where each picture was looked at, [N]; at least one point inside each. */
  gaze: readonly (readonly GazePoint[])[];
  /** σ of the targets in cells; about 1° of visual angle. */
  sigmaCells: number;
  /** Height and width of the maps, cells; 28 × 36 when left out. */
  mapSize?: readonly [number, number];
  /** Ends the work with its reason. */
  signal?: AbortSignal;
}

/** Scores of one predictor. */
export interface SaliencyResult {
  /** Of each test picture, in the order asked for. */
  perPicture: SaliencyScores[];
  /** Mean over the test pictures. */
  mean: SaliencyScores;
}

/** How gaze was predicted. */
export interface SaliencyPrediction {
  /** The network. */
  network: SaliencyResult;
  /** The mean gaze map of the training pictures, for every picture. */
  centreBias: SaliencyResult;
  /** Every cell the same. */
  uniform: SaliencyResult;
  /** Of each test picture. */
  maps: SaliencyMap[];
  /** The trained network's. */
  parameters: Map<string, Tensor>;
}

/**
 * Fine-tunes on the training pictures with the KL loss and tests on the others; the last event holds the result.
 *
 * The network starts from the centre bias of the training pictures, so whatever it gains it gained from the picture.
 *
 * @throws SonospeechError `input` when a subject is in both parts, lengths differ, a picture has no gaze inside or
 * nothing of `start` fits; `not-finite` when training diverges.
 */
export async function* predictSaliency(
  options: SaliencyPredictionOptions,
): AsyncGenerator<FineTuneEvent<SaliencyPrediction>, void, void> {
  const { executor, model, settings, gaze, test, train, mapSize = gazeMapSize, sigmaCells } = options;
  const action = "predict gaze";
  needSameLength(action, {
    pictures: options.pictures.count,
    gaze: gaze.length,
    subjects: options.subjects.length,
  });
  checkTransferSplit(action, options);
  for (const index of test) {
    const inside = fixationCells(gaze[index], mapSize).length;
    need(inside > 0, action, "every test picture must have a gaze point inside it", `none in ${index}`);
  }
  const targets = new Map(
    [...train, ...test].map((index) => [index, gazeMap(gaze[index], { sigmaCells, size: mapSize })]),
  );
  const bias = centreBias(train.map((index) => targets.get(index)!));
  const parameters = yield* fineTune({
    executor,
    settings,
    graph: buildSaliencyTraining({ model, mapSize, batch: settings.batchSize }, transferStep(settings)),
    start: options.start,
    known: new Map([["saliency.prior", logDensity(bias)]]),
    items: train,
    feeds: saliencyFeeds(options, targets),
    signal: options.signal,
  });
  const maps = await predictMaps({ ...options, parameters, items: test });
  const score = (mapOf: (place: number) => SaliencyMap) =>
    scored(test.map((index, place) => {
      const truth = { gaze: targets.get(index)!, fixations: fixationCells(gaze[index], mapSize) };
      return saliencyScores(mapOf(place), truth, settings.seed);
    }));
  const result = {
    network: score((place) => maps[place]),
    centreBias: score(() => bias),
    uniform: score(() => uniformMap(mapSize)),
    maps,
    parameters,
  };
  yield { kind: "finished", result };
}

/** What a trained network says of pictures. */
export interface MapPredictionOptions
  extends Pick<SaliencyPredictionOptions, "executor" | "model" | "pictures" | "mapSize" | "signal"> {
  /** Of {@linkcode SaliencyPrediction}. */
  parameters: Tensors;
  /** Which pictures. */
  items: readonly number[];
}

/** The predicted density of each picture, in the order of `items`. */
export async function predictMaps(options: MapPredictionOptions): Promise<SaliencyMap[]> {
  const { executor, model, parameters, items, mapSize = gazeMapSize, signal } = options;
  const pictures = resizedPictures(options.pictures, model.frameSize);
  const [height, width] = mapSize;
  const densities = await runForward({
    executor,
    output: buildSaliencyNetwork({ model, mapSize, batch: inferenceBatch }).saliency,
    parameters,
    frameSize: model.frameSize,
    items,
    write: (item, out, at) => writeFrame(pictures.read(item), model.frameSize, noFrameChange, out, at),
    signal,
  });
  return items.map((_, i) => ({
    height,
    width,
    values: Float64Array.from(densities.subarray(i * height * width, (i + 1) * height * width)),
  }));
}

function saliencyFeeds(options: SaliencyPredictionOptions, targets: ReadonlyMap<number, SaliencyMap>) {
  const { model: { frameSize }, settings, mapSize = gazeMapSize } = options;
  const pictures = resizedPictures(options.pictures, frameSize);
  const [size, cells] = [frameSize, mapSize].map(([height, width]) => height * width);
  return (items: readonly number[], randoms: readonly Random[]): Tensors => {
    const frames = new Float32Array(items.length * size);
    const maps = new Float32Array(items.length * cells);
    items.forEach((item, i) => {
      const drawn = drawFrameChange(settings.augmentation, randoms[i]);
      const moved = movedMap(targets.get(item)!, drawn, frameSize[1] / frameSize[0]);
      // A change that turns all gaze out of the picture leaves nothing to learn: the picture stays as it is.
      writeFrame(pictures.read(item), frameSize, moved ? drawn : noFrameChange, frames, i * size);
      maps.set(moved ?? targets.get(item)!.values, i * cells);
    });
    return new Map([
      ["frames", { shape: [items.length, ...frameSize, 1], data: frames }],
      ["gazeMap", { shape: [items.length, cells], data: maps }],
    ]);
  };
}

/** The map after a change of its picture, summed to 1 again; nothing when little of it is left. */
function movedMap(map: SaliencyMap, change: FrameChange, pictureAspect: number): Float32Array | undefined {
  const size = [map.height, map.width] as const;
  const moved = warp(map.values, change, { size, pictureAspect, outside: "zero" });
  const total = moved.reduce((sum, value) => sum + value, 0);
  return total < 0.1 ? undefined : moved.map((value) => value / total);
}

function logDensity({ values }: SaliencyMap): Tensor {
  return { shape: [values.length], data: Float32Array.from(values, Math.log) };
}

function scored(perPicture: SaliencyScores[]): SaliencyResult {
  const mean = (key: keyof SaliencyScores) =>
    perPicture.reduce((sum, scores) => sum + scores[key], 0) / perPicture.length;
  return {
    perPicture,
    mean: {
      klDivergence: mean("klDivergence"),
      nss: mean("nss"),
      aucJudd: mean("aucJudd"),
      aucBorji: mean("aucBorji"),
      correlation: mean("correlation"),
      similarity: mean("similarity"),
    },
  };
}
