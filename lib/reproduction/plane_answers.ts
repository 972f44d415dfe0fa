/**
 * What every row took each labelled picture for: what the confusion matrices are counted from.
 *
 * @module
 */

import type { Cell } from "./cell.ts";
import type { CellRecord } from "./cell_store.ts";
import { type RowId, rowIds } from "./report.ts";
import type { StudyData } from "./study_data.ts";
import type { PlanesResult } from "./transfer.ts";

/** The answers of all rows, as written to `answers.json` beside the report. */
export interface PlaneAnswers {
  /** Rises when the meaning of a field changes. */
  formatVersion: 1;
  /** {@linkcode DatasetReader.id} of the dataset that the windows are of. */
  datasetId: string;
  /** The classes' names, [K]. */
  classes: string[];
  /** The windows whose middle pictures were labelled, P of each. */
  windows: {
    /** As the dataset counts them, [P]. */
    id: number[];
    /** The dataset's names of their scans, [P]. */
    scan: string[];
    /** On the scan's axis, [P]. */
    startSeconds: number[];
    /** Index of the true class, [P]. */
    label: number[];
  };
  /** For each row and seed, in the report's order. */
  trainings: TrainingAnswers[];
}

/** The answers of one training, all folds together. */
export interface TrainingAnswers {
  /** Which row. */
  row: RowId;
  /** Of the training. */
  seed: number;
  /** Index of the class that was answered when the window's fold was tested, [P]; null where none was. */
  predicted: (number | null)[];
}

/** What the answers are taken from. */
export interface PlaneAnswersOptions {
  /** The windows. */
  data: Pick<StudyData, "classes" | "transfer" | "pictures"> & { dataset: { id: string } };
  /** Every cell with its record. */
  records: ReadonlyMap<Cell, CellRecord>;
}

/** Collects the answers of all folds; a few bytes for each picture, row and seed. */
export function planeAnswers({ data, records }: PlaneAnswersOptions): PlaneAnswers {
  const pictures = data.pictures(data.transfer);
  const tested = [...records].filter(([{ kind }]) => kind === "planes");
  const trainings = [...Map.groupBy(tested, ([{ row, seed }]) => `${row} ${seed}`).values()].map((folds) => {
    const [{ row, seed }] = folds[0];
    const predicted = new Array<number | null>(pictures.length).fill(null);
    for (const [, { result }] of folds) {
      const fold = result as PlanesResult;
      fold.pictures.forEach((picture, i) => predicted[picture] = fold.predicted[i]);
    }
    return { row, seed, predicted };
  });
  return {
    formatVersion: 1,
    datasetId: data.dataset.id,
    classes: [...data.classes],
    windows: {
      id: pictures.map(({ window }) => window.id),
      scan: pictures.map(({ window }) => window.scanId),
      startSeconds: pictures.map(({ window }) => window.startSeconds),
      label: pictures.map(({ label }) => label),
    },
    trainings: trainings.sort((a, b) => rowIds.indexOf(a.row) - rowIds.indexOf(b.row) || a.seed - b.seed),
  };
}
