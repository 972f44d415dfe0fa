import assert from "node:assert/strict";
import { fitLine, growthExponent, median, relativeSpread } from "./statistics.ts";

Deno.test("median() is the middle number, the mean of the middle two, and refuses none", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.throws(() => median([]), /at least one/);
});

Deno.test("relativeSpread() is the median distance from the median as a share of it", () => {
  assert.equal(relativeSpread([8, 10, 12]), 0.2);
  assert.equal(relativeSpread([5, 5, 5, 900]), 0);
});

Deno.test("fitLine() finds a line through its points and refuses points at one x", () => {
  const { slope, intercept } = fitLine([[0, 1], [1, 3], [2, 5], [4, 9]]);
  assert.ok(Math.abs(slope - 2) < 1e-12 && Math.abs(intercept - 1) < 1e-12);
  assert.throws(() => fitLine([[1, 2], [1, 3]]), /different x/);
});

Deno.test("growthExponent() is the power that a quantity grows by", () => {
  const points = [1, 2, 5, 9].map((x): [number, number] => [x, 7 * x ** 1.5]);
  assert.ok(Math.abs(growthExponent(points) - 1.5) < 1e-12);
});
