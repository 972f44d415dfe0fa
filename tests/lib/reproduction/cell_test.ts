import assert from "node:assert/strict";
import { type Cell, planCells, type StudyFacts } from "../../../lib/reproduction/cell.ts";
import { rowIds } from "../../../lib/reproduction/report.ts";
import { studies } from "../../../lib/reproduction/study.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";

const facts: StudyFacts = {
  dataHash: "abc",
  dataset: fakeWindows({ scans: 40, windowsPerScan: 10 }),
  pretrainingWindows: 240,
  pretrainingPictures: 240,
  transferWindows: 160,
  transferPictures: 150,
  gazePictures: 120,
};
const keys = (cells: readonly Cell[]) => new Set(cells.map(({ key }) => key));

Deno.test("planCells() has every row's encoder, frozen evaluation and folds, each after what it needs", () => {
  const cells = planCells(studies.quick, facts);
  const count = (kind: Cell["kind"]) => cells.filter((cell) => cell.kind === kind).length;
  assert.equal(count("pretraining"), rowIds.length - 1); // A random encoder is not trained.
  assert.equal(count("overfit"), 1);
  assert.equal(count("frozen"), rowIds.length);
  assert.equal(count("planes"), 3 * (rowIds.length - 1)); // The control takes no part.
  assert.equal(count("gaze"), count("planes"));
  assert.equal(keys(cells).size, cells.length);
  cells.forEach((cell, i) => assert.ok(!cell.needs || cells.indexOf(cell.needs) < i, cell.id));
  for (const { id, cost } of cells) assert.ok(cost > 0, id);
});

Deno.test("planCells() leaves gaze out where nobody looked", () => {
  const cells = planCells(studies.quick, { ...facts, gazePictures: 0 });
  assert.equal(cells.filter(({ kind }) => kind === "gaze").length, 0);
});

Deno.test("planCells() keeps the keys of what does not change", () => {
  const before = planCells(studies.quick, facts);
  const resampled = planCells({ ...studies.quick, resamples: 7, permutations: 9 }, facts);
  assert.deepEqual(keys(resampled), keys(before));
  const longer = planCells({ ...studies.quick, fineTuningEpochs: 3 }, facts);
  for (const kind of ["pretraining", "frozen"] as const) {
    const of = (cells: readonly Cell[]) => keys(cells.filter((cell) => cell.kind === kind));
    assert.deepEqual(of(longer), of(before));
  }
  const more = keys(planCells({ ...studies.quick, seeds: [1, 2] }, facts));
  for (const { key } of before) assert.ok(more.has(key));
});

Deno.test("planCells() changes every key with the data, and those of an encoder's users with its settings", () => {
  const before = keys(planCells(studies.quick, facts));
  for (const { key, id } of planCells(studies.quick, { ...facts, dataHash: "abd" })) {
    assert.ok(!before.has(key), id);
  }
  const settings = [...studies.quick.settings, "losses.initialTemperature=0.2"];
  for (const { key, id, row } of planCells({ ...studies.quick, settings }, facts)) {
    // Random encoders and labels know no temperature.
    assert.equal(before.has(key), row === "random" || row === "supervised", id);
  }
});
