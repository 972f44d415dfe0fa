import assert from "node:assert/strict";
import { labelPermutation } from "../../../lib/evaluation/label_permutation.ts";
import { isClose } from "./golden.ts";

const predicted = Array.from({ length: 60 }, (_, i) => i % 3);
const agreement = (labels: readonly number[]) =>
  labels.filter((label, i) => label === predicted[i]).length / labels.length;

Deno.test("labelPermutation() puts a classifier that is right far above shuffled labels", () => {
  const found = labelPermutation({ labels: predicted, statistic: agreement, seed: 1, permutations: 199 });
  assert.equal(found.observed, 1);
  assert.equal(found.pValue, 1 / 200);
  // Shuffled labels agree in 1/3; one shuffle's standard deviation is about 0.06.
  assert.ok(Math.abs(found.mean - 1 / 3) < 0.02, `${found.mean}`);
  assert.ok(found.interval[1] < 0.55);
});

Deno.test("labelPermutation() finds a classifier that guesses no better than shuffled labels", () => {
  const labels = Array.from({ length: 60 }, (_, i) => Math.floor(i / 3) % 3);
  const found = labelPermutation({ labels, statistic: agreement, seed: 2, permutations: 199 });
  assert.ok(isClose(found.observed, 1 / 3));
  assert.ok(found.pValue > 0.2);
});

Deno.test("labelPermutation() counts a shuffle that scores the same against the score", () => {
  const same = labelPermutation({ labels: [1, 2, 3], statistic: () => 0.5, seed: 1, permutations: 20 });
  assert.deepEqual(same, { observed: 0.5, mean: 0.5, deviation: 0, interval: [0.5, 0.5], pValue: 1 });
});

Deno.test("labelPermutation() within groups keeps each group's labels", () => {
  const labels = ["x", "y", "x", "z", "z", "w"];
  const within = ["a", "a", "a", "b", "b", "b"];
  const seen = new Set<string>();
  labelPermutation({
    labels,
    within,
    seed: 3,
    permutations: 50,
    statistic: (shuffled) => {
      seen.add(shuffled.join(""));
      assert.deepEqual([shuffled.slice(0, 3).sort().join(""), shuffled.slice(3).sort().join("")], [
        "xxy",
        "wzz",
      ]);
      return 0;
    },
  });
  assert.equal(seen.size, 9);
});
