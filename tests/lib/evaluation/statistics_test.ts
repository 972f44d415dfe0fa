import assert from "node:assert/strict";
import { cohensD, holm, meanAndDeviation, quantile } from "../../../lib/evaluation/statistics.ts";
import { isClose } from "./golden.ts";

Deno.test("meanAndDeviation() has n − 1 in the denominator", () => {
  assert.deepEqual(meanAndDeviation([2, 4, 4, 4, 5, 5, 7, 9]), {
    mean: 5,
    deviation: Math.sqrt(32 / 7),
    count: 8,
  });
  assert.ok(Number.isNaN(meanAndDeviation([3]).deviation));
  assert.throws(() => meanAndDeviation([]), /there must be values/);
});

Deno.test("quantile() is linear between values", () => {
  assert.deepEqual([0, 0.25, 0.5, 0.9, 1].map((share) => quantile([1, 2, 3, 4], share)), [
    1,
    1.75,
    2.5,
    3.7,
    4,
  ]);
});

Deno.test("cohensD() of paired differences is their mean in standard deviations", () => {
  assert.ok(isClose(cohensD([1, 2, 3]), 2));
  assert.equal(cohensD([2, 2, 2]), Infinity);
  assert.ok(Number.isNaN(cohensD([0, 0])));
});

Deno.test("holm() adjusts as R's p.adjust, in the order given", () => {
  // p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") by hand: 4 · 0.005, 3 · 0.01, 2 · 0.03, then the largest so far.
  const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
  [0.03, 0.06, 0.06, 0.02].forEach((value, i) => assert.ok(isClose(adjusted[i], value)));
  assert.deepEqual(holm([0.6, 0.9]), [1, 1]);
});
