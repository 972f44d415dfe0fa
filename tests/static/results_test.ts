import assert from "node:assert/strict";
import { nextCell } from "../../static/app/grid_keys.ts";
import { labelPlots } from "../../static/app/label_curves.ts";
import { decodeMap, overlayPixels } from "../../static/app/saliency_pixels.ts";

Deno.test("nextCell() moves by arrow keys, stays inside the grid and leaves other keys alone", () => {
  const size = { rows: 3, columns: 4 };
  assert.deepEqual(nextCell([1, 1], "ArrowRight", size), [1, 2]);
  assert.deepEqual(nextCell([1, 1], "ArrowUp", size), [0, 1]);
  assert.deepEqual(nextCell([2, 3], "ArrowDown", size), [2, 3]);
  assert.deepEqual(nextCell([0, 0], "ArrowLeft", size), [0, 0]);
  assert.deepEqual(nextCell([1, 1], "End", size), [1, 3]);
  assert.deepEqual(nextCell([1, 1], "Home", size), [1, 0]);
  for (const key of ["Enter", "a", "toString"]) assert.equal(nextCell([1, 1], key, size), undefined, key);
});

Deno.test("labelPlots() spreads doublings evenly and puts better scores and bands inside, higher up", () => {
  const points = [0.25, 0.5, 1].map((share, i) => ({
    share,
    subjects: 4 * share,
    f1: 0.3 + 0.2 * i,
    interval: [0.2 + 0.2 * i, 0.45 + 0.2 * i] as [number, number],
  }));
  const { size: [height, width], plots: [{ line, band, chanceY }], xTicks, yTicks } = labelPlots([
    { title: "a", points, chance: 0.07 },
  ]);
  const [a, b, c] = xTicks.map(({ x }) => x);
  assert.ok(Math.abs((b - a) - (c - b)) < 1e-9);
  assert.ok(c + 20 < width, "the last share, as 100 %, fits in");
  assert.ok(line[0][1] > line[1][1] && line[1][1] > line[2][1]);
  assert.ok(chanceY! > line[0][1]);
  assert.equal(band.length, 6);
  for (const [x, y] of [...line, ...band]) assert.ok(x >= 0 && x <= width && y >= 0 && y <= height);
  assert.deepEqual(yTicks.map(({ f1 }) => Math.round(10 * f1)), [0, 2, 4, 6, 8, 10]);
  const single = labelPlots([{ title: "b", points: points.slice(0, 1), chance: null }]);
  assert.ok(Number.isFinite(single.plots[0].line[0][0]) && single.plots[0].chanceY === null);
});

Deno.test("overlayPixels() shows the picture where the map is 0, and the map's colour where it is 255", () => {
  const picture = { values: Uint8Array.of(10, 20, 30, 40), size: [1, 4] as const };
  const map = { values: Uint8Array.of(0, 0, 255, 255), size: [1, 4] as const };
  assert.deepEqual([...overlayPixels(picture, map, 1)], [
    ...[10, 10, 10, 255],
    ...[20, 20, 20, 255],
    ...[255, 240, 120, 255],
    ...[255, 240, 120, 255],
  ]);
  assert.deepEqual([...overlayPixels(picture, map, 0)].filter((_, i) => i % 4 === 0), [10, 20, 30, 40]);
  const half = overlayPixels(picture, { values: Uint8Array.of(0, 255), size: [1, 2] }, 1);
  assert.equal(half[0], 10, "half a cell from the edge is the edge's own value");
  assert.ok(half[4] > 20 && half[4] < 255);
});

Deno.test("decodeMap() refuses what is no base64 or does not fit", () => {
  assert.deepEqual(decodeMap(btoa("abcd"), [2, 2])?.values, Uint8Array.of(97, 98, 99, 100));
  for (const text of ["AAAA", "", "%%%"]) assert.equal(decodeMap(text, [2, 2]), null, text);
  assert.equal(decodeMap("", [0, 0]), null);
});
