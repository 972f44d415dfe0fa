import assert from "node:assert/strict";
import { columns, mebibytes, milliseconds, percent } from "./table.ts";

Deno.test("columns() aligns cells and lets the last cell of a short row run on", () => {
  const text = columns(["engine", "ms", "ratio"], [["a", "10.5", "1"], [
    "long name",
    "not run: nothing there",
  ]]);
  assert.deepEqual(text.split("\n"), [
    "engine     ms    ratio",
    "a          10.5  1",
    "long name  not run: nothing there",
  ]);
});

Deno.test("numbers have as many digits as tell something", () => {
  assert.deepEqual([1.234, 12.34, 123.4].map(milliseconds), ["1.23", "12.3", "123"]);
  assert.equal(mebibytes(3 * 2 ** 20), "3");
  assert.deepEqual([0.034, 0.34, 1].map(percent), ["3.4 %", "34 %", "100 %"]);
});
