import assert from "node:assert/strict";
import {
  drawFrameChange,
  type FrameChange,
  noFrameChange,
  warp,
  writeFrame,
} from "../../../lib/evaluation/frame_change.ts";
import { fineTuneDefaults, shortenedRecipe } from "../../../lib/evaluation/fine_tune.ts";
import { Random } from "../../../lib/random.ts";

const ramp = Float32Array.from({ length: 12 }, (_, i) => i);
const options = { size: [3, 4] as const, pictureAspect: 4 / 3, outside: "edge" as const };
const rounded = (values: Float32Array) => Array.from(values, (value) => Math.round(value * 1e4) / 1e4);
const change = (part: Partial<FrameChange>): FrameChange => ({ ...noFrameChange, ...part });

/** The centre of what a picture shows, as shares of its size. */
function centre(values: Float32Array, height: number, width: number): [number, number] {
  let [x, y, total] = [0, 0, 0];
  values.forEach((value, i) => {
    x += value * (i % width + 0.5) / width;
    y += value * (Math.floor(i / width) + 0.5) / height;
    total += value;
  });
  return [x / total, y / total];
}

Deno.test("warp() without a change is the identity, and a flip mirrors left to right", () => {
  assert.deepEqual(rounded(warp(ramp, noFrameChange, options)), [...ramp]);
  assert.deepEqual(rounded(warp(ramp, change({ isFlipped: true }), options)), [
    ...[3, 2, 1, 0],
    ...[7, 6, 5, 4],
    ...[11, 10, 9, 8],
  ]);
});

Deno.test("warp() turns clockwise as seen, without shear in a wide picture", () => {
  // A dot above the middle of a picture twice as wide as high; a quarter turn puts it right of the middle.
  const [height, width] = [20, 40];
  const dot = new Float32Array(height * width);
  for (const row of [4, 5]) for (const column of [19, 20]) dot[row * width + column] = 1;
  const turned = warp(dot, change({ rotation: Math.PI / 2 }), {
    size: [height, width],
    pictureAspect: 2,
    outside: "zero",
  });
  const [x, y] = centre(turned, height, width);
  assert.ok(Math.abs(x - (0.5 + 0.25 / 2)) < 1e-6 && Math.abs(y - 0.5) < 1e-6, `${x}, ${y}`);
});

Deno.test("warp() widens by aspect, enlarges by crop, and brings in zeros or the edge", () => {
  const size = [2, 100] as const;
  const step = Float32Array.from({ length: 200 }, (_, i) => i % 100 >= 25 && i % 100 < 75 ? 1 : 0);
  const widthOf = (part: Partial<FrameChange>) =>
    warp(step, change(part), { size, pictureAspect: 1, outside: "edge" }).subarray(0, 100)
      .reduce((sum, value) => sum + value, 0);
  assert.ok(Math.abs(widthOf({ aspect: 1.21 }) - 55) < 0.5);
  assert.ok(Math.abs(widthOf({ kept: 0.8 }) - 62.5) < 0.5);
  const ones = new Float32Array(100).fill(1);
  const turned = (outside: "edge" | "zero") =>
    warp(ones, change({ rotation: Math.PI / 4 }), { size: [10, 10], pictureAspect: 1, outside })[0];
  assert.deepEqual([turned("edge"), turned("zero")], [1, 0]);
});

Deno.test("warp() moves a picture and its map together, whatever their sizes", () => {
  const blob = (height: number, width: number) =>
    Float32Array.from({ length: height * width }, (_, i) => {
      const x = (i % width + 0.5) / width - 0.4;
      const y = (Math.floor(i / width) + 0.5) / height - 0.6;
      return Math.exp(-(x * x + y * y) / 0.01);
    });
  for (let i = 0; i < 10; i++) {
    const drawn = drawFrameChange(fineTuneDefaults.augmentation, new Random(1, "together", i));
    const [a, b] = [[56, 72], [28, 36]].map(([height, width]) => {
      const size = [height, width] as const;
      const moved = warp(blob(height, width), drawn, { size, pictureAspect: 9 / 7, outside: "zero" });
      return centre(moved, height, width);
    });
    assert.ok(Math.hypot(a[0] - b[0], a[1] - b[1]) < 2e-3, `${a} and ${b}`);
  }
});

Deno.test("drawFrameChange() stays within the recipe's limits and depends on its stream alone", () => {
  const draws = Array.from(
    { length: 300 },
    (_, i) => drawFrameChange(fineTuneDefaults.augmentation, new Random(1, i)),
  );
  assert.deepEqual(drawFrameChange(fineTuneDefaults.augmentation, new Random(1, 7)), draws[7]);
  const spread = (of: (draw: FrameChange) => number, low: number, high: number) => {
    const values = draws.map(of);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    assert.ok(least >= low && most <= high && most - least > 0.9 * (high - low), `${least} to ${most}`);
  };
  spread(({ rotation }) => rotation * 180 / Math.PI, -10, 10);
  spread(({ aspect }) => aspect, 0.9, 1.1);
  spread(({ kept }) => kept, 0.95, 1);
  spread(({ gamma }) => gamma, 0.75, 1.25);
  spread(({ brightness }) => brightness, 0.75, 1.25);
  const flipped = draws.filter(({ isFlipped }) => isFlipped).length;
  assert.ok(flipped > 110 && flipped < 190, `${flipped} of 300`);
});

Deno.test("writeFrame() scales to [−1, 1] after gamma and brightness", () => {
  const out = new Float32Array(4);
  writeFrame([0, 127.5, 255], [1, 3], noFrameChange, out, 1);
  assert.deepEqual([...out], [0, -1, 0, 1]);
  writeFrame([127.5, 255], [1, 2], change({ gamma: 2, brightness: 1.2 }), out, 0);
  assert.ok(Math.abs(out[0] - (2 * 0.25 * 1.2 - 1)) < 1e-6 && out[1] === 1);
});

Deno.test("shortenedRecipe() lowers the learning rate at the same shares of the way", () => {
  assert.deepEqual(shortenedRecipe(50), fineTuneDefaults);
  assert.deepEqual(shortenedRecipe(10).decayEpochs, [4, 7]);
});
