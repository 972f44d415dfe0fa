import assert from "node:assert/strict";
import { compareRows, signFlipTest } from "../../../lib/evaluation/paired_comparison.ts";
import { Random } from "../../../lib/random.ts";
import { isClose } from "./golden.ts";

// Darwin's cross- and self-fertilized maize, differences in eighths of an inch (Fisher, The design of experiments,
// 1935, section 21): 1726 of the 32768 arrangements are at least as far from 0.
const darwin = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];

Deno.test("signFlipTest() counts Fisher's 1726 of 32768 arrangements of Darwin's maize", () => {
  const test = signFlipTest(darwin, { seed: 1, permutations: 40_000 });
  assert.deepEqual(test, {
    pValue: 1726 / 32768,
    exact: true,
    arrangements: 32768,
    smallestPValue: 2 / 32768,
  });
});

Deno.test("signFlipTest() by random arrangements comes near the exact answer and is never 0", () => {
  const { pValue, exact } = signFlipTest(darwin, { seed: 2, permutations: 5000 });
  assert.equal(exact, false);
  // Standard deviation √(0.05 · 0.95 / 5000) = 0.003.
  assert.ok(Math.abs(pValue - 1726 / 32768) < 0.0125, `${pValue}`);
  const sure = signFlipTest(Array.from({ length: 40 }, (_, i) => 1 + i), { seed: 3, permutations: 500 });
  assert.equal(sure.pValue, 1 / 501);
});

Deno.test("signFlipTest() says that three folds cannot show anything", () => {
  const test = signFlipTest([3, 4, 5], { seed: 1 });
  assert.deepEqual([test.pValue, test.smallestPValue], [0.25, 0.25]);
});

Deno.test("signFlipTest() finds nothing in about 95 of 100 nulls", () => {
  let found = 0;
  for (let trial = 0; trial < 200; trial++) {
    const random = new Random(trial, "null");
    const { pValue } = signFlipTest(Array.from({ length: 8 }, () => random.normal()), { seed: trial });
    if (pValue <= 0.05) found++;
  }
  // At most 12/256 = 4.7 % can be found: 9.4 expected, standard deviation 3.
  assert.ok(found >= 2 && found <= 19, `${found} of 200`);
});

const accuracy = (correct: readonly boolean[]) => correct.filter(Boolean).length / correct.length;

function rows(gain: number, subjectCount: number) {
  const random = new Random(6, "rows", subjectCount);
  const subjects = Array.from({ length: subjectCount * 20 }, (_, i) => `s${i % subjectCount}`);
  const b = subjects.map(() => random.uniform() < 0.5);
  const a = b.map((right) => right || random.uniform() < gain);
  return { a, b, subjects };
}

Deno.test("compareRows() finds a better row, with interval, p-value and effect size", () => {
  const { a, b, subjects } = rows(0.3, 12);
  const found = compareRows({ a, b, subjects, statistic: accuracy, seed: 1, resamples: 500 });
  assert.ok(isClose(found.difference.value, accuracy(a) - accuracy(b)));
  assert.ok(found.difference.interval && found.difference.interval[0] > 0);
  assert.deepEqual([found.test.exact, found.test.pValue], [true, 2 / 4096]);
  assert.ok(found.effectSize > 1);
  assert.equal(found.subjects, 12);
});

Deno.test("compareRows() of a mean over equal subjects is the sign-flip test of their differences", () => {
  const { a, b, subjects } = rows(0.05, 9);
  const noisy = a.map((right, i) => i % 17 === 0 ? !right : right);
  const { test } = compareRows({ a: noisy, b, subjects, statistic: accuracy, seed: 1, resamples: 50 });
  const differences = Array.from({ length: 9 }, (_, s) => {
    const own = subjects.flatMap((subject, i) => subject === `s${s}` ? [i] : []);
    return own.reduce((sum, i) => sum + Number(noisy[i]) - Number(b[i]), 0);
  });
  assert.ok(isClose(test.pValue, signFlipTest(differences, { seed: 1 }).pValue));
});

Deno.test("compareRows() of a row with itself finds nothing", () => {
  const { a, subjects } = rows(0.3, 6);
  const same = compareRows({ a, b: a, subjects, statistic: accuracy, seed: 1, resamples: 100 });
  assert.deepEqual(same.difference, { value: 0, interval: [0, 0] });
  assert.equal(same.test.pValue, 1);
});

Deno.test("compareRows() refuses rows on different items", () => {
  const options = { statistic: () => 0, seed: 1 };
  assert.throws(() => compareRows({ a: [1], b: [1, 2], subjects: ["s"], ...options }), /equally long/);
  assert.throws(() => signFlipTest([1, NaN], { seed: 1 }), /must be finite/);
});
