import assert from "node:assert/strict";
import {
  averagePrecision,
  averagePrecisionOfCounts,
  countLevels,
  expectedAveragePrecision,
  rocAuc,
  rocAucOfCounts,
  rocCurve,
  scoreLevels,
} from "../../../lib/evaluation/ranking.ts";
import { Random } from "../../../lib/random.ts";
import { draws, isClose, readGolden } from "./golden.ts";

/** Every pair of a positive and a negative, one by one. */
function plainAuc(scores: readonly number[], labels: readonly boolean[]): number {
  let [wins, pairs] = [0, 0];
  scores.forEach((a, i) =>
    scores.forEach((b, j) => {
      if (!labels[i] || labels[j]) return;
      pairs++;
      wins += a > b ? 1 : a === b ? 0.5 : 0;
    })
  );
  return wins / pairs;
}

/** Precision at each positive's own threshold. */
function plainAveragePrecision(scores: readonly number[], labels: readonly boolean[]): number {
  const precisions = scores.flatMap((threshold, i) => {
    if (!labels[i]) return [];
    const passed = labels.filter((_, j) => scores[j] >= threshold);
    return [passed.filter(Boolean).length / passed.length];
  });
  return precisions.reduce((sum, value) => sum + value, 0) / precisions.length;
}

function randomCase(seed: number, steps: number) {
  const random = new Random(seed, "ranking");
  const scores = Array.from({ length: 40 }, () => random.integer(steps));
  const labels = scores.map((_, i) => i === 0 || (i !== 1 && random.uniform() < 0.4));
  return { scores, labels };
}

Deno.test("rocAuc() and averagePrecision() give scikit-learn's documented 0.75 and 0.83", () => {
  const [scores, labels] = [[0.1, 0.4, 0.35, 0.8], [false, false, true, true]];
  assert.equal(rocAuc(scores, labels), 0.75);
  assert.ok(isClose(averagePrecision(scores, labels), 5 / 6));
});

Deno.test("rocAuc() and averagePrecision() equal scikit-learn's on tied scores", () => {
  const golden = readGolden().ranking;
  const draw = draws(7);
  const scores = Array.from({ length: 60 }, () => Math.round(draw() * 10) / 10);
  const labels = scores.map((score) => draw() < 0.2 + 0.6 * score);
  assert.ok(isClose(rocAuc(scores, labels), golden.rocAuc));
  assert.ok(isClose(averagePrecision(scores, labels), golden.averagePrecision));
});

Deno.test("rocAuc() and averagePrecision() equal plain loops, with few and many ties", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { scores, labels } = randomCase(seed, seed % 2 ? 4 : 1000);
    assert.ok(isClose(rocAuc(scores, labels), plainAuc(scores, labels)), `seed ${seed}`);
    assert.ok(
      isClose(averagePrecision(scores, labels), plainAveragePrecision(scores, labels)),
      `seed ${seed}`,
    );
  }
});

Deno.test("rocAuc() is 1, 0 and one half in the closed cases, and NaN with one kind only", () => {
  const labels = [true, true, false, false, false];
  assert.equal(rocAuc([5, 4, 3, 2, 1], labels), 1);
  assert.equal(rocAuc([1, 2, 3, 4, 5], labels), 0);
  assert.equal(rocAuc([7, 7, 7, 7, 7], labels), 0.5);
  assert.equal(averagePrecision([7, 7, 7, 7, 7], labels), 0.4);
  assert.ok(Number.isNaN(rocAuc([1, 2], [true, true])));
  assert.ok(Number.isNaN(averagePrecision([1, 2], [false, false])));
});

Deno.test("countLevels() of drawn rows equals the measures of the drawn items", () => {
  const { scores, labels } = randomCase(3, 6);
  const random = new Random(3, "rows");
  const rows = scores.map(() => random.integer(scores.length));
  const counts = countLevels(scoreLevels(scores), labels, rows);
  const [drawnScores, drawnLabels] = [rows.map((row) => scores[row]), rows.map((row) => labels[row])];
  assert.ok(isClose(rocAucOfCounts(counts), plainAuc(drawnScores, drawnLabels)));
  assert.ok(isClose(averagePrecisionOfCounts(counts), plainAveragePrecision(drawnScores, drawnLabels)));
});

Deno.test("expectedAveragePrecision() is the mean over all orders", () => {
  // All 10 ways to place 2 relevant among 5 items.
  let [sum, orders] = [0, 0];
  for (let i = 1; i <= 5; i++) {
    for (let j = i + 1; j <= 5; j++) {
      sum += (1 / i + 2 / j) / 2;
      orders++;
    }
  }
  assert.equal(orders, 10);
  assert.ok(isClose(expectedAveragePrecision(5, 2), sum / orders));
  assert.ok(isClose(expectedAveragePrecision(5, 5), 1));
  assert.equal(expectedAveragePrecision(1, 1), 1);
});

Deno.test("rocCurve() has the area of rocAuc()", () => {
  const { scores, labels } = randomCase(9, 7);
  const points = rocCurve(scores, labels);
  let area = 0;
  for (let i = 1; i < points.length; i++) {
    const width = points[i].falsePositiveRate - points[i - 1].falsePositiveRate;
    area += width * (points[i].truePositiveRate + points[i - 1].truePositiveRate) / 2;
  }
  assert.ok(isClose(area, rocAuc(scores, labels)));
  assert.deepEqual(points[0], { falsePositiveRate: 0, truePositiveRate: 0 });
  assert.deepEqual(points.at(-1), { falsePositiveRate: 1, truePositiveRate: 1 });
});

Deno.test("scoreLevels() refuses a score that is not a number", () => {
  assert.throws(() => scoreLevels([1, NaN]), /every score must be a number/);
});
