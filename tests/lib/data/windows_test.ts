import assert from "node:assert/strict";
import { commonSpan, countWindows, longestWindow, scanSeconds } from "../../../lib/data/windows.ts";

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

Deno.test("scanSeconds() is what whole windows tile, in whatever order they come", () => {
  const windows = [["b", 0], ["a", 2], ["a", 0], ["a", 1]].map(([scanId, index]) => ({ scanId, index }));
  const found = scanSeconds(windows as { scanId: string; index: number }[], 1.5);
  assert.deepEqual([...found], [["b", 1.5], ["a", 4.5]]);
});

Deno.test("longestWindow() is the largest hundredth that countWindows() counts", () => {
  for (const seconds of [1.24, 1.2349, 1.2351, 0.8, 2.999]) {
    const longest = longestWindow(seconds);
    assert.equal(countWindows(seconds, longest), 1);
    assert.equal(countWindows(seconds, longest + 0.01), 0);
  }
});
