import assert from "node:assert/strict";
import { confusionMatrix } from "../../../lib/evaluation/classification.ts";
import type { Cell } from "../../../lib/reproduction/cell.ts";
import type { CellRecord } from "../../../lib/reproduction/cell_store.ts";
import { planeAnswers, type PlaneAnswersOptions } from "../../../lib/reproduction/plane_answers.ts";
import type { RowId } from "../../../lib/reproduction/report.ts";
import type { LabelledPicture } from "../../../lib/reproduction/study_data.ts";

const classes = ["3VT", "4CH", "background"];
const labels = [0, 2, 1, 1, 0, 2, 0];

function cell(row: RowId, seed: number, fold: number, kind: Cell["kind"] = "planes"): Cell {
  return {
    id: `${kind}/${row}/${seed}/${fold}`,
    kind,
    row,
    seed,
    fold,
    cost: 1,
    key: `${row}${seed}${fold}`,
  };
}

const record = (result: unknown): CellRecord => ({ id: "", seconds: 1, device: "cpu", result });

function pictures(): LabelledPicture[] {
  return labels.map((label, i) => ({
    label,
    frame: 8 * i + 4,
    gaze: [],
    window: {
      ...{
        id: 10 + i,
        scanId: `s000${i % 2}`,
        subject: "anna",
        split: "test",
        index: i,
        startSeconds: 2 * i,
      },
      ...{ firstFrame: 8 * i, frameCount: 8, voicedFractionEnergy: 0, voicedFractionWebrtc: 0 },
    },
  }));
}

const data: PlaneAnswersOptions["data"] = { classes, transfer: [], pictures, dataset: { id: "abc" } };

/** Folds out of order, and pictures of a fold as well. */
const folds = [
  [cell("paper", 2, 1), { pictures: [5, 1], predicted: [2, 0] }],
  [cell("paper", 1, 1), { pictures: [1, 5], predicted: [2, 1] }],
  [cell("paper", 1, 0), { pictures: [6, 0, 2, 3, 4], predicted: [0, 1, 1, 0, 2] }],
  [cell("random", 1, 0), { pictures: [0, 1, 2], predicted: [2, 2, 2] }],
  [cell("paper", 2, 0), { pictures: [0, 2, 3, 4, 6], predicted: [0, 1, 1, 0, 1] }],
] as const;

const records = new Map<Cell, CellRecord>([
  ...folds.map(([cell, result]) => [cell, record(result)] as const),
  [cell("paper", 1, 0, "gaze"), record({ pictures: [0], scores: {}, examples: [] })],
]);

Deno.test("planeAnswers() gives every window's answer by row and seed, in the report's order", () => {
  const { trainings, windows, datasetId } = planeAnswers({ data, records });
  assert.equal(datasetId, "abc");
  assert.deepEqual(windows.id, [10, 11, 12, 13, 14, 15, 16]);
  assert.deepEqual(windows.label, labels);
  assert.deepEqual([windows.scan[3], windows.startSeconds[3]], ["s0001", 6]);
  assert.deepEqual(trainings, [
    { row: "random", seed: 1, predicted: [2, 2, 2, null, null, null, null] },
    { row: "paper", seed: 1, predicted: [1, 2, 1, 0, 2, 1, 0] },
    { row: "paper", seed: 2, predicted: [0, 0, 1, 1, 0, 2, 1] },
  ]);
});

Deno.test("planeAnswers() counts up to the confusion matrix of the folds", () => {
  const { trainings, windows } = planeAnswers({ data, records });
  for (const row of ["random", "paper"]) {
    const own = folds.filter(([cell]) => cell.row === row).map(([, result]) => result);
    const truth = own.flatMap((fold) => fold.pictures.map((picture) => labels[picture]));
    const { counts } = confusionMatrix(truth, own.flatMap((fold) => [...fold.predicted]), classes);
    const counted = classes.map(() => classes.map(() => 0));
    for (const training of trainings.filter((one) => one.row === row)) {
      training.predicted.forEach((answer, i) => answer !== null && counted[windows.label[i]][answer]++);
    }
    assert.deepEqual(counted, counts);
  }
});

Deno.test("planeAnswers() keeps no subject's name and goes through JSON unchanged", () => {
  const answers = planeAnswers({ data, records });
  assert.deepEqual(JSON.parse(JSON.stringify(answers)), answers);
  assert.doesNotMatch(JSON.stringify(answers), /anna/);
});
