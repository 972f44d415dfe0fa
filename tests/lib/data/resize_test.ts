import assert from "node:assert/strict";
import { resizeArea } from "../../../lib/data/resize.ts";

Deno.test("resizeArea() averages the covered pixels where a picture shrinks", () => {
  assert.deepEqual([...resizeArea([0, 2, 4, 6, 8, 10, 12, 14], 2, 4, 1, 2)], [5, 9]);
  // 3 → 2: each output covers one and a half inputs.
  const [first, second] = resizeArea([3, 6, 9], 1, 3, 1, 2);
  assert.ok(Math.abs(first - (3 + 0.5 * 6) / 1.5) < 1e-6);
  assert.ok(Math.abs(second - (0.5 * 6 + 9) / 1.5) < 1e-6);
});

Deno.test("resizeArea() keeps the mean when it shrinks and a ramp's straightness when it grows", () => {
  const values = Float32Array.from({ length: 7 * 5 }, (_, i) => (i * 37) % 11);
  const mean = (a: ArrayLike<number>) => Array.from(a).reduce((x, y) => x + y, 0) / a.length;
  assert.ok(Math.abs(mean(resizeArea(values, 7, 5, 3, 2)) - mean(values)) < 1e-5);
  assert.deepEqual([...resizeArea([0, 4], 1, 2, 1, 4)], [0, 1, 3, 4]);
});

Deno.test("resizeArea() copies at the same size", () => {
  const values = new Float32Array([1, 2, 3, 4]);
  const copy = resizeArea(values, 2, 2, 2, 2);
  assert.deepEqual(copy, values);
  assert.notEqual(copy, values);
});
