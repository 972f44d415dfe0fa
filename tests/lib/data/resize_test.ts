import assert from "node:assert/strict";
import fc from "fast-check";
import { resizeArea } from "../../../lib/data/resize.ts";
import { Random } from "../../../lib/random.ts";

Deno.test("resizeArea() averages the covered pixels where a picture shrinks", () => {
  assert.deepEqual([...resizeArea([0, 2, 4, 6, 8, 10, 12, 14], 2, 4, 1, 2)], [5, 9]);
  // 3 → 2: each output covers one and a half inputs.
  const [first, second] = resizeArea([3, 6, 9], 1, 3, 1, 2);
  assert.ok(Math.abs(first - (3 + 0.5 * 6) / 1.5) < 1e-6);
  assert.ok(Math.abs(second - (0.5 * 6 + 9) / 1.5) < 1e-6);
});

Deno.test("resizeArea() keeps the mean and the range of any picture that shrinks", () => {
  const side = fc.tuple(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 24 }));
  fc.assert(fc.property(side, side, fc.nat(), ([a, b], [c, d], seed) => {
    const [height, outHeight, width, outWidth] = [
      Math.max(a, b),
      Math.min(a, b),
      Math.max(c, d),
      Math.min(c, d),
    ];
    const random = new Random(seed, "picture");
    const picture = Float32Array.from({ length: height * width }, () => random.uniform(0, 255));
    const small = resizeArea(picture, height, width, outHeight, outWidth);
    const mean = (values: Float32Array) => values.reduce((x, y) => x + y, 0) / values.length;
    assert.ok(Math.abs(mean(small) - mean(picture)) < 1e-3);
    assert.ok(Math.min(...small) > Math.min(...picture) - 1e-3);
    assert.ok(Math.max(...small) < Math.max(...picture) + 1e-3);
  }));
});

Deno.test("resizeArea() keeps a ramp straight when it grows", () => {
  assert.deepEqual([...resizeArea([0, 4], 1, 2, 1, 4)], [0, 1, 3, 4]);
});

Deno.test("resizeArea() copies at the same size", () => {
  const values = new Float32Array([1, 2, 3, 4]);
  const copy = resizeArea(values, 2, 2, 2, 2);
  assert.deepEqual(copy, values);
  assert.notEqual(copy, values);
});
