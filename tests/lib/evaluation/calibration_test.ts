import assert from "node:assert/strict";
import { calibration } from "../../../lib/evaluation/calibration.ts";
import { draws, isClose, readGolden } from "./golden.ts";

Deno.test("calibration() gives the Brier score of scikit-learn's user guide", () => {
  const { brierScore } = calibration([0.1, 0.9, 0.8, 0.4], [false, true, true, false]);
  assert.ok(isClose(brierScore, 0.055));
});

Deno.test("calibration() bins as calibration_curve's documented example", () => {
  const probabilities = [0.1, 0.2, 0.3, 0.4, 0.65, 0.7, 0.8, 0.9, 1];
  const labels = [false, false, false, false, true, true, true, true, true];
  const { bins, expectedCalibrationError } = calibration(probabilities, labels, { bins: 3 });
  assert.deepEqual(bins.map((bin) => bin.positiveShare), [0, 0.5, 1]);
  [0.2, 0.525, 0.85].forEach((mean, b) => assert.ok(isClose(bins[b].meanProbability, mean)));
  assert.ok(isClose(expectedCalibrationError, (3 * 0.2 + 2 * 0.025 + 4 * 0.15) / 9));
});

Deno.test("calibration() equals scikit-learn's curve and Brier score", () => {
  const golden = readGolden().ranking;
  const draw = draws(7);
  const probabilities = Array.from({ length: 60 }, () => Math.round(draw() * 10) / 10);
  const labels = probabilities.map((p) => draw() < 0.2 + 0.6 * p);
  const { bins, brierScore } = calibration(probabilities, labels, { bins: 4 });
  assert.ok(isClose(brierScore, golden.brierScore));
  bins.forEach((bin, b) => {
    assert.ok(isClose(bin.positiveShare, golden.positiveShares[b]));
    assert.ok(isClose(bin.meanProbability, golden.meanProbabilities[b]));
  });
});

Deno.test("calibration() is perfect when each bin's share is its probability", () => {
  const labels = Array.from({ length: 20 }, (_, i) => i % 4 === 0);
  const { expectedCalibrationError, brierScore, bins } = calibration(Array(20).fill(0.25), labels);
  assert.ok(isClose(expectedCalibrationError, 0));
  assert.ok(isClose(brierScore, 0.25 * 0.75));
  assert.deepEqual([bins[2].count, bins[3].count], [20, 0]);
  assert.ok(Number.isNaN(bins[3].positiveShare));
});

Deno.test("calibration() puts a probability on an edge into the lower bin, whatever rounding does", () => {
  for (let percent = 1; percent <= 100; percent++) {
    const { bins } = calibration([percent / 100], [true], { bins: 100 });
    assert.equal(bins[percent - 1].count, 1, `${percent} %`);
  }
  assert.equal(calibration([0], [true]).bins[0].count, 1);
});

Deno.test("calibration() refuses what is no probability", () => {
  for (const wrong of [-0.1, 1.1, NaN]) assert.throws(() => calibration([wrong], [true]), /in \[0, 1\]/);
  assert.throws(() => calibration([], []), /there must be items/);
});
