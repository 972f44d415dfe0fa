import assert from "node:assert/strict";
import fc from "fast-check";
import { labelSubsets, subjectFolds } from "../../../lib/evaluation/folds.ts";

Deno.test("subjectFolds() tests every subject exactly once and never trains on it", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 25 }),
    fc.integer({ min: 2, max: 5 }),
    fc.integer(),
    (windows, wanted, seed) => {
      const subjects = windows.flatMap((count, s) => Array<string>(count).fill(`s${s}`));
      const folds = subjectFolds(subjects, { folds: Math.min(wanted, windows.length), seed });
      assert.deepEqual(folds.flatMap((fold) => fold.test).sort(), windows.map((_, s) => `s${s}`).sort());
      for (const { test, train } of folds) {
        assert.ok(test.length > 0);
        assert.deepEqual([...test, ...train].sort(), windows.map((_, s) => `s${s}`).sort());
      }
      const loads = folds.map(({ test }) => subjects.filter((subject) => test.includes(subject)).length);
      // Dealing the largest first leaves a difference of at most one subject.
      assert.ok(Math.max(...loads) - Math.min(...loads) <= Math.max(...windows));
    },
  ));
});

Deno.test("subjectFolds() balances windows, not subjects", () => {
  const subjects = [..."aaaaaaaaa", ..."bbb", ..."ccc", ..."ddd"];
  const tests = subjectFolds(subjects, { folds: 2, seed: 5 }).map((fold) => fold.test.join("")).sort();
  assert.deepEqual(tests, ["a", "bcd"]);
});

Deno.test("subjectFolds() depends on the seed and not on the order of windows", () => {
  const subjects = Array.from({ length: 40 }, (_, i) => `s${i % 20}`);
  const folds = subjectFolds(subjects, { folds: 3, seed: 1 });
  assert.deepEqual(subjectFolds([...subjects].reverse(), { folds: 3, seed: 1 }), folds);
  assert.notDeepEqual(subjectFolds(subjects, { folds: 3, seed: 2 }), folds);
});

Deno.test("subjectFolds() refuses more folds than subjects", () => {
  for (const folds of [1, 3, 2.5]) {
    assert.throws(
      () => subjectFolds(["a", "b", "b"], { folds, seed: 0 }),
      /from 2 to the number of subjects, 2/,
    );
  }
});

Deno.test("labelSubsets() are nested, seeded and round up", () => {
  const subjects = Array.from({ length: 40 }, (_, i) => `s${i}`);
  const subsets = labelSubsets([...subjects, ...subjects], { seed: 3 });
  assert.deepEqual(subsets.map((subset) => subset.subjects.length), [1, 2, 4, 10, 20, 40]);
  for (let i = 1; i < subsets.length; i++) {
    assert.ok(subsets[i - 1].subjects.every((subject) => subsets[i].subjects.includes(subject)));
  }
  assert.deepEqual(labelSubsets([...subjects].reverse(), { seed: 3 }), subsets);
  assert.notDeepEqual(labelSubsets(subjects, { seed: 4 }), subsets);
  assert.throws(() => labelSubsets(subjects, { seed: 3, shares: [0] }), /in \(0, 1\]/);
});
