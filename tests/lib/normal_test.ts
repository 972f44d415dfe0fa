import assert from "node:assert/strict";
import { normalCdf, normalQuantile } from "../../lib/normal.ts";
import { isClose } from "./evaluation/golden.ts";

Deno.test("normalCdf() and normalQuantile() match the printed tables", () => {
  // Abramowitz and Stegun, 1964, tables 26.1 and 26.5.
  const table = [[-3, 0.001349898031630], [-1, 0.158655253931457], [0, 0.5], [0.5, 0.691462461274013], [
    2,
    0.977249868051821,
  ]];
  for (const [x, p] of table) {
    assert.ok(isClose(normalCdf(x), p, 1e-14));
    assert.ok(isClose(normalQuantile(p), x, 1e-11));
  }
  assert.ok(isClose(normalQuantile(0.975), 1.959963984540054, 1e-12));
  assert.deepEqual([normalQuantile(0), normalQuantile(1)], [-Infinity, Infinity]);
});

Deno.test("normalQuantile() refuses what is no probability", () => {
  for (const p of [-0.1, 1.1, NaN]) assert.throws(() => normalQuantile(p), /p must be in \[0, 1\]/);
});
