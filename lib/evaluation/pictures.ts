/**
 * Single frames by number, from memory or from a dataset.
 *
 * @module
 */

import type { InputSource } from "../data/inputs.ts";
import { resizeArea } from "../data/resize.ts";
import { subjectFolds } from "./folds.ts";
import { need } from "./requirement.ts";

/** Frames that are read when they are needed. */
export interface Pictures {
  /** How many there are. */
  readonly count: number;
  /** Height and width, pixels. */
  readonly size: readonly [number, number];
  /** Picture `index`, `[H, W]`, 0 to 255. */
  read(index: number): ArrayLike<number>;
}

/** Stored frames of a dataset: picture i is row `frames[i].frame` of its scan's frames. */
export function datasetPictures(
  source: Pick<InputSource, "config" | "readFrames">,
  frames: readonly { scanId: string; frame: number }[],
): Pictures {
  return {
    count: frames.length,
    size: source.config.frameSize,
    read: (index) => source.readFrames(frames[index].scanId, frames[index].frame, 1),
  };
}

/** The pictures at another size; see {@linkcode resizeArea}. */
export function resizedPictures(pictures: Pictures, [height, width]: readonly [number, number]): Pictures {
  const [fromHeight, fromWidth] = pictures.size;
  if (fromHeight === height && fromWidth === width) return pictures;
  return {
    count: pictures.count,
    size: [height, width],
    read: (index) => resizeArea(pictures.read(index), fromHeight, fromWidth, height, width),
  };
}

/** Which pictures train and which test. */
export interface TransferSplit {
  /** The subject of each picture, [N]. */
  subjects: readonly string[];
  /** Indices of pictures. */
  train: readonly number[];
  /** Indices of pictures. */
  test: readonly number[];
}

/** The splits of cross-validation by subject; every picture is tested once. See {@linkcode subjectFolds}. */
export function transferSplits(
  subjects: readonly string[],
  options: { folds: number; seed: number },
): TransferSplit[] {
  return subjectFolds(subjects, options).map((fold) => {
    const tested = new Set(fold.test);
    const rows = [...subjects.keys()];
    return {
      subjects,
      train: rows.filter((row) => !tested.has(subjects[row])),
      test: rows.filter((row) => tested.has(subjects[row])),
    };
  });
}

/** Refuses a split that would flatter. @throws SonospeechError `input` when a part is empty or a subject is in both. */
export function checkTransferSplit(action: string, { subjects, train, test }: TransferSplit): void {
  need(train.length > 0, action, "there must be pictures to train on", 0);
  need(test.length > 0, action, "there must be pictures to test on", 0);
  for (const index of [...train, ...test]) {
    need(subjects[index] !== undefined, action, "every index must be that of a picture", index);
  }
  const trained = new Set(train.map((index) => subjects[index]));
  const shared = test.filter((index) => trained.has(subjects[index])).length;
  need(
    shared === 0,
    action,
    "no subject may be trained and tested on",
    `${shared} test pictures of trained subjects`,
  );
}
