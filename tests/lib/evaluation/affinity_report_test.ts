import assert from "node:assert/strict";
import { affinityReport } from "../../../lib/evaluation/affinity_report.ts";
import { averagePrecision, rocAuc } from "../../../lib/evaluation/ranking.ts";
import { Random } from "../../../lib/random.ts";

/** Scores that are normal, `gap` higher where the speech is about the picture. */
function data(gap: number, seed = 1) {
  const random = new Random(seed, "affinity");
  const subjects = Array.from({ length: 600 }, (_, i) => `s${i % 12}`);
  const related = subjects.map(() => random.uniform() < 0.4);
  return {
    scores: related.map((yes) => random.normal(yes ? gap : 0)),
    related,
    subjects,
    seed,
    resamples: 300,
  };
}

Deno.test("affinityReport() finds the closed form Φ(gap/√2) of two normals", () => {
  const options = data(1);
  const report = affinityReport(options);
  assert.equal(report.rocAuc.value, rocAuc(options.scores, options.related));
  assert.equal(report.averagePrecision.value, averagePrecision(options.scores, options.related));
  // Φ(1/√2) = 0.7602; the standard error of 240 against 360 windows is 0.02.
  assert.ok(Math.abs(report.rocAuc.value - 0.7602) < 0.05);
  const { interval } = report.rocAuc;
  assert.ok(interval && interval[0] < report.rocAuc.value && report.rocAuc.value < interval[1]);
  assert.ok(interval[0] > report.rocAuc.chance);
  assert.deepEqual([report.windows, report.subjects], [600, 12]);
});

Deno.test("affinityReport() calibrates on other subjects only, near the truth", () => {
  const { calibrationFitted, calibrationAsGiven, brierScoreChance } = affinityReport(data(1.5));
  assert.equal(calibrationAsGiven, null);
  assert.ok(calibrationFitted);
  assert.ok(calibrationFitted.expectedCalibrationError < 0.08);
  assert.ok(calibrationFitted.brierScore < brierScoreChance - 0.05);
});

Deno.test("affinityReport() of scores that know nothing is at chance", () => {
  const { rocAuc: auc, averagePrecision: precision, calibrationFitted, brierScoreChance } = affinityReport(
    data(0, 7),
  );
  assert.ok(auc.interval && auc.interval[0] < 0.5 && auc.interval[1] > 0.5);
  assert.ok(
    precision.interval && precision.interval[0] < precision.chance &&
      precision.interval[1] > precision.chance,
  );
  assert.ok(calibrationFitted && calibrationFitted.brierScore > brierScoreChance - 0.01);
});

Deno.test("affinityReport() takes scores in [0, 1] as probabilities too", () => {
  const options = data(1);
  const report = affinityReport({ ...options, scores: options.related.map((yes) => yes ? 0.4 : 0.4) });
  assert.equal(report.rocAuc.value, 0.5);
  assert.ok(report.calibrationAsGiven);
  const share = report.relatedWindows / report.windows;
  assert.ok(Math.abs(report.calibrationAsGiven.expectedCalibrationError - Math.abs(share - 0.4)) < 1e-12);
});

Deno.test("affinityReport() of one subject has no interval and no fitted calibration", () => {
  const options = data(1);
  const report = affinityReport({ ...options, subjects: options.subjects.map(() => "one") });
  assert.deepEqual([report.rocAuc.interval, report.calibrationFitted], [null, null]);
});

Deno.test("affinityReport() refuses truth of one kind", () => {
  const options = data(1);
  assert.throws(
    () => affinityReport({ ...options, related: options.related.map(() => true) }),
    /some windows must be about the picture and some not, received "600 of 600"/,
  );
});
