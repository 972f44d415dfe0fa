import assert from "node:assert/strict";
import {
  accuracy,
  balancedAccuracy,
  classificationReport,
  classScores,
  confusionMatrix,
  macroScores,
} from "../../../lib/evaluation/classification.ts";
import { draws, isClose, readGolden } from "./golden.ts";

Deno.test("confusionMatrix() counts as in scikit-learn's example, truth by row", () => {
  const { counts } = confusionMatrix([2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2], ["ant", "bird", "cat"]);
  assert.deepEqual(counts, [[2, 0, 0], [0, 0, 1], [1, 0, 2]]);
});

Deno.test("classScores() match precision_recall_fscore_support's example, with 0/0 as 0", () => {
  // https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_recall_fscore_support.html
  const [cat, dog, pig] = [0, 1, 2];
  const matrix = confusionMatrix([cat, dog, pig, cat, dog, pig], [cat, pig, dog, cat, cat, dog], [
    "cat",
    "dog",
    "pig",
  ]);
  assert.deepEqual(classScores(matrix), [
    { name: "cat", precision: 2 / 3, recall: 1, f1: 0.8, support: 2 },
    { name: "dog", precision: 0, recall: 0, f1: 0, support: 2 },
    { name: "pig", precision: 0, recall: 0, f1: 0, support: 2 },
  ]);
  const macro = macroScores(classScores(matrix));
  assert.ok(isClose(macro.precision, 2 / 9) && isClose(macro.recall, 1 / 3) && isClose(macro.f1, 0.8 / 3));
});

Deno.test("classScores() match a table worked out by hand", () => {
  // Rows: truth. Class 1: TP 3, FP 1 + 2, FN 0 + 1.
  const matrix = { classes: ["a", "b", "c"], counts: [[5, 1, 0], [0, 3, 1], [0, 2, 4]] };
  const [, b] = classScores(matrix);
  assert.deepEqual(b, { name: "b", precision: 3 / 6, recall: 3 / 4, f1: 6 / 10, support: 4 });
  assert.equal(accuracy(matrix), 12 / 16);
  assert.ok(isClose(balancedAccuracy(matrix), (5 / 6 + 3 / 4 + 4 / 6) / 3));
});

Deno.test("balancedAccuracy() matches scikit-learn's example and leaves out classes that do not occur", () => {
  const matrix = confusionMatrix([0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1], ["no", "yes", "never"]);
  assert.equal(balancedAccuracy(matrix), 0.625);
  assert.equal(macroScores(classScores(matrix)).absent, 1);
});

Deno.test("classificationReport() averages over 14 classes and over 13 without background, as scikit-learn", () => {
  const golden = readGolden().classification;
  const draw = draws(11);
  const truth = Array.from({ length: 120 }, () => Math.floor(draw() * 14));
  const predicted = truth.map((label) => draw() < 0.6 ? label : Math.floor(draw() * 14));
  const classes = Array.from({ length: 14 }, (_, k) => k === 13 ? "background" : `plane ${k}`);
  const report = classificationReport(truth, predicted, classes, "background");
  const { macro, macroWithoutBackground: planes } = report;
  assert.ok(planes);
  assert.deepEqual([macro.classes, planes.classes], [14, 13]);
  [macro.precision, macro.recall, macro.f1].forEach((value, i) =>
    assert.ok(isClose(value, golden.macro14[i]))
  );
  [planes.precision, planes.recall, planes.f1].forEach((value, i) =>
    assert.ok(isClose(value, golden.macro13[i]))
  );
  assert.ok(isClose(report.accuracy, golden.accuracy));
  assert.ok(isClose(report.balancedAccuracy, golden.balancedAccuracy));
});

Deno.test("confusionMatrix() refuses unequal lengths and unknown classes", () => {
  assert.throws(
    () => confusionMatrix([0, 1], [0], ["a", "b"]),
    /truth, predicted must be equally long, received "2, 1"/,
  );
  for (const wrong of [2, -1, 0.5, NaN]) {
    assert.throws(() => confusionMatrix([0], [wrong], ["a", "b"]), /whole number below 2/);
  }
  assert.throws(
    () => macroScores(classScores(confusionMatrix([0], [0], ["a"])), ["b"]),
    /every name must be a class/,
  );
});
