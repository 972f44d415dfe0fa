import assert from "node:assert/strict";
import { bootstrapAllBySubject, bootstrapBySubject } from "../../../lib/evaluation/bootstrap.ts";
import { Random } from "../../../lib/random.ts";

// The sample of scipy's comparison with R's boot package (scipy/stats/tests/test_resampling.py, against_R).
const sample = [10, 12, 12.5, 12.5, 13.9, 15, 21, 22, 23, 34, 50, 81, 89, 121, 134, 213];
const meanOf = (values: readonly number[]) => (rows: Int32Array) =>
  rows.reduce((sum, row) => sum + values[row], 0) / rows.length;
const oneEach = sample.map((_, i) => `subject ${i}`);

for (
  const { method, expected } of [
    { method: "percentile", expected: [28.86, 84.21] },
    { method: "bca", expected: [32.31, 91.43] },
  ] as const
) {
  Deno.test(`bootstrapBySubject() gives R boot's ${method} interval`, () => {
    const { value, interval } = bootstrapBySubject({
      subjects: oneEach,
      statistic: meanOf(sample),
      seed: 4,
      resamples: 40_000,
      method,
    });
    assert.equal(value, 53.99375);
    assert.ok(interval);
    // 40,000 draws leave about 0.2 (lower end) and 0.5 (upper end) of chance.
    assert.ok(Math.abs(interval[0] - expected[0]) < 0.5, `${interval}`);
    assert.ok(Math.abs(interval[1] - expected[1]) < 1.2, `${interval}`);
  });
}

Deno.test("bootstrapBySubject() is wider when a subject's windows are alike", () => {
  const random = new Random(5, "alike");
  const offsets = Array.from({ length: 12 }, () => random.normal());
  const subjects = Array.from({ length: 120 }, (_, i) => `s${i % 12}`);
  const values = subjects.map((_, i) => offsets[i % 12] + 0.1 * random.normal());
  const width = (names: readonly string[]) => {
    const { interval } = bootstrapBySubject({
      subjects: names,
      statistic: meanOf(values),
      seed: 1,
      resamples: 500,
    });
    assert.ok(interval);
    return interval[1] - interval[0];
  };
  // Ten times as many independent items would be √10 narrower.
  assert.ok(width(subjects) > 2.5 * width(values.map((_, i) => `w${i}`)));
});

Deno.test("bootstrapBySubject() covers the truth about as often as it says", () => {
  let covered = 0;
  for (let trial = 0; trial < 120; trial++) {
    const random = new Random(trial, "coverage");
    const values = Array.from({ length: 30 }, () => random.normal());
    const { interval } = bootstrapBySubject({
      subjects: values.map((_, i) => `${i}`),
      statistic: meanOf(values),
      seed: trial,
      resamples: 400,
      level: 0.9,
    });
    assert.ok(interval);
    if (interval[0] <= 0 && interval[1] >= 0) covered++;
  }
  // 108 expected of 120, less what small samples cost; standard deviation 3.3.
  assert.ok(covered >= 95 && covered <= 118, `${covered} of 120`);
});

Deno.test("bootstrapBySubject() repeats with its seed and is a point when subjects agree", () => {
  const options = { subjects: oneEach, statistic: meanOf(sample), resamples: 200 };
  assert.deepEqual(bootstrapBySubject({ ...options, seed: 3 }), bootstrapBySubject({ ...options, seed: 3 }));
  assert.notDeepEqual(
    bootstrapBySubject({ ...options, seed: 3 }),
    bootstrapBySubject({ ...options, seed: 4 }),
  );
  const same = bootstrapBySubject({ ...options, statistic: () => 7, seed: 1 });
  assert.deepEqual(same, { value: 7, interval: [7, 7] });
});

Deno.test("bootstrapBySubject() claims no interval from one subject or for an undefined number", () => {
  const one = bootstrapBySubject({ subjects: ["a", "a"], statistic: meanOf([1, 3]), seed: 1 });
  assert.deepEqual(one, { value: 2, interval: null });
  const rarely = bootstrapBySubject({
    subjects: oneEach,
    statistic: (rows) => new Set(rows).size === 16 ? 1 : NaN,
    seed: 1,
    resamples: 100,
  });
  assert.deepEqual(rarely, { value: 1, interval: null });
  assert.throws(
    () => bootstrapBySubject({ subjects: [], statistic: () => 0, seed: 1 }),
    /there must be items/,
  );
});

Deno.test("bootstrapAllBySubject() gives each number the interval it has alone", () => {
  const squares = sample.map((value) => value * value);
  const options = { subjects: oneEach, seed: 8, resamples: 300 };
  const both = bootstrapAllBySubject({
    ...options,
    statistics: (rows) => ({ mean: meanOf(sample)(rows), square: meanOf(squares)(rows) }),
  });
  assert.deepEqual(both.mean, bootstrapBySubject({ ...options, statistic: meanOf(sample) }));
  assert.deepEqual(both.square, bootstrapBySubject({ ...options, statistic: meanOf(squares) }));
});
