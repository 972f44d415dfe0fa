import assert from "node:assert/strict";
import { commonSpan, countWindows } from "../../../lib/data/windows.ts";

Deno.test("commonSpan() is where both exist", () => {
  const span = (startSeconds: number, endSeconds: number) => ({ startSeconds, endSeconds });
  assert.deepEqual(commonSpan(span(0, 5), span(-1, 4)), span(0, 4));
  assert.deepEqual(commonSpan(span(0, 1), span(2, 3)), span(2, 1));
});

Deno.test("countWindows() counts whole windows and forgives rounded time stamps", () => {
  assert.deepEqual([3.99, 3.997, 4, 4.5].map((seconds) => countWindows(seconds, 2)), [1, 2, 2, 2]);
  assert.equal(countWindows(-1, 2), 0);
  assert.equal(countWindows(0.3, 0.1), 3);
});
