/**
 * What a study works on: prepared windows with their labels, gaze and, for synthetic scans, their truth.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { DatasetReader, type WindowRecord } from "../data/dataset_store.ts";
import { SonospeechError } from "../errors.ts";
import type { GazePoint } from "../evaluation/gaze_map.ts";
import { background } from "../phantom/anatomy.ts";
import { tableLabels } from "./study_labels.ts";
import { type ScanFactors, type ScanTruth, type WindowTruth, windowTruth } from "../phantom/truth.ts";

/** Where a study's data lies. */
export interface StudyPlaces {
  /** Folder of the prepared dataset. */
  dataset: string;
  /** A table of labels, see {@linkcode tableLabels}; the dataset's own labels when left out. */
  labels?: string;
  /** `truth.jsonl` of synthetic scans. */
  truth?: string;
}

/** A window with a plane label: its middle picture is one example of the transfer tasks. */
export interface LabelledPicture {
  /** The window. */
  window: WindowRecord;
  /** Row of the picture in its scan's frames. */
  frame: number;
  /** Index into {@linkcode StudyData.classes}. */
  label: number;
  /** Where people looked during the window, inside the picture; empty where it is not known. */
  gaze: readonly GazePoint[];
}

/** All that a study's cells read. */
export class StudyData implements Disposable {
  /** The prepared dataset. */
  readonly dataset: DatasetReader;
  /** Windows of the subjects that are trained on without labels: the dataset's training split. */
  readonly pretraining: readonly WindowRecord[];
  /** Windows of all other subjects, which the transfer tasks train and test on in folds. */
  readonly transfer: readonly WindowRecord[];
  /** Names of the labels, sorted, the background last. */
  readonly classes: readonly string[];
  /** The label that is no standard plane, if there is one by that name. */
  readonly background: string | undefined;
  /** Truth of each window by id; undefined for scans that are not synthetic. */
  readonly truth: ReadonlyMap<number, WindowTruth> | undefined;
  /** Hidden factors of each scan by its name in the dataset; undefined for scans that are not synthetic. */
  readonly factors: ReadonlyMap<string, ScanFactors> | undefined;
  /** Of everything above; cells of other data are others. */
  readonly hash: string;
  readonly #labels: ReadonlyMap<number, string>;
  readonly #gaze: (window: WindowRecord) => readonly GazePoint[];

  private constructor(dataset: DatasetReader, labels: ReadonlyMap<number, string>, truths?: TruthOfScans) {
    const windows = dataset.windows();
    this.dataset = dataset;
    this.pretraining = windows.filter(({ split }) => split === "train");
    this.transfer = windows.filter(({ split }) => split !== "train");
    this.#labels = labels;
    const names = [...new Set(labels.values())].sort();
    this.background = names.find((name) => name === background);
    this.classes = [...names.filter((name) => name !== background), ...names.filter((n) => n === background)];
    this.truth = truths && truthOfWindows(dataset, truths);
    this.factors = truths &&
      new Map(dataset.scans().map(({ id, sourceName }) => [id, truths.get(sourceName)!.factors]));
    const gaze = new Map(windows.map((window) => [window.id, dataset.fixations(window).filter(isInside)]));
    this.#gaze = ({ id }) => gaze.get(id)!;
    this.hash = hashOf(dataset, [...labels], windows.map(this.#gaze), [...this.truth ?? []]);
  }

  /**
   * Opens a dataset with its labels.
   *
   * @throws SonospeechError `input` without labels of at least two kinds, or when the truth is of other scans;
   * `store` when the dataset cannot be read.
   */
  static async open({ dataset: path, labels, truth }: StudyPlaces): Promise<StudyData> {
    const dataset = DatasetReader.open(path);
    try {
      const labelOf = labels === undefined
        ? dataset.labels()
        : tableLabels(await readLabels(labels), dataset);
      if (new Set(labelOf.values()).size < 2) {
        throw new SonospeechError("input", {
          action: "compare on this dataset",
          must: "its windows must have labels of at least two kinds",
          received: new Set(labelOf.values()).size,
          hint: "name them in the manifest's column labels, or give a table with --labels FILE.csv",
        });
      }
      return new StudyData(dataset, labelOf, truth === undefined ? undefined : await readTruth(truth));
    } catch (error) {
      dataset.close();
      throw error;
    }
  }

  /** Labelled pictures of some windows, in their order. */
  pictures(windows: readonly WindowRecord[]): LabelledPicture[] {
    return windows.flatMap((window) => {
      const label = this.#labels.get(window.id);
      if (label === undefined) return [];
      const frame = window.firstFrame + (window.frameCount >> 1);
      return [{ window, frame, label: this.classes.indexOf(label), gaze: this.#gaze(window) }];
    });
  }

  /** The name of a window's label. */
  labelOf(window: WindowRecord): string | undefined {
    return this.#labels.get(window.id);
  }

  /** Closes the dataset's files. */
  [Symbol.dispose](): void {
    this.dataset.close();
  }
}

async function readLabels(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new SonospeechError("input", {
      action: "read the labels",
      must: "--labels must name a file that can be read",
      received: path,
      publicMessage: "Cannot read the labels: their file must be readable",
      cause,
    });
  }
}

const isInside = ({ isInside }: { isInside: boolean }) => isInside;

type TruthOfScans = ReadonlyMap<string, ScanTruth>;

async function readTruth(path: string): Promise<TruthOfScans> {
  const lines = (await Deno.readTextFile(path)).trim().split("\n");
  return new Map(lines.map((line) => JSON.parse(line) as ScanTruth).map((truth) => [truth.scan, truth]));
}

function truthOfWindows(dataset: DatasetReader, truths: TruthOfScans): Map<number, WindowTruth> {
  const { windowSeconds } = dataset.config;
  const out = new Map<number, WindowTruth>();
  for (const { id, sourceName } of dataset.scans()) {
    const truth = truths.get(sourceName);
    if (truth === undefined) {
      throw new SonospeechError("input", {
        action: "read the truth of the synthetic scans",
        must: "every scan of the dataset must be in it",
        received: id,
      });
    }
    const known = windowTruth(truth, { windowSeconds });
    for (const window of dataset.windows({ scanId: id })) out.set(window.id, known[window.index]);
  }
  return out;
}

function hashOf(dataset: DatasetReader, ...facts: unknown[]): string {
  return createHash("sha256").update(JSON.stringify([dataset.id, ...facts])).digest("hex");
}
