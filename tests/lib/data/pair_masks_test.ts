import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { negativeMask, planMasks, positiveMask } from "../../../lib/data/pair_masks.ts";
import { type BatchPlan, PairSampler } from "../../../lib/data/pairs.ts";
import { windowsOf } from "../../helpers/window_records.ts";

/** Four windows with two pairs each, of few scans, so that some are near each other. */
function firstPlan(): BatchPlan {
  const { data } = resolveRunConfig({
    file: { data: { batchSize: 4, samplingGroups: 2, windowsPerScan: 4, consecutiveWindows: 2 } },
  });
  const sampler = new PairSampler(windowsOf(6, 8), {
    seed: 1,
    data,
    withOrder: true,
    windowSeconds: 2,
    hasSpeech: () => true,
  });
  return sampler.epoch(0).next().value!;
}

Deno.test("negativeMask() leaves out the pair itself, near neighbours of the same scan and what is not admitted", () => {
  const [a, b, c] = windowsOf(1, 3);
  const [other, silent] = windowsOf(2, 3).slice(3);
  const windows = [a, b, { ...c, startSeconds: 20 }, other, silent];
  const mask = negativeMask(windows, [true, true, true, true, false], {
    neighbourSeconds: 10,
    bagSeconds: 0,
  });
  const rows = windows.map((_, i) => [...mask.slice(i * 5, i * 5 + 5)]);
  assert.deepEqual(rows[0], [0, 0, 1, 1, 0]);
  assert.deepEqual(rows[2], [1, 1, 0, 1, 0]);
  assert.deepEqual(rows[3], [1, 1, 1, 0, 0]);
});

Deno.test("positiveMask() is what is admitted within bagSeconds in the same scan, and nothing of it a negative", () => {
  const [a, b, c, d] = windowsOf(1, 4);
  const windows = [a, b, c, d, { ...a, id: 9, scanId: "s9" }, a];
  const admitted = [true, true, false, true, true, true];
  const neighbourhood = { neighbourSeconds: 1, bagSeconds: 4 };
  const rowsOf = (mask: Float32Array) => windows.map((_, i) => [...mask.slice(i * 6, i * 6 + 6)]);
  const positive = rowsOf(positiveMask(windows, admitted, neighbourhood));
  // Window c, which is not admitted, is in no bag, but has one.
  assert.deepEqual(positive[0], [0, 1, 0, 0, 0, 1]);
  assert.deepEqual(positive[2], [1, 1, 0, 1, 0, 1]);
  assert.deepEqual(positive[4], [0, 0, 0, 0, 0, 0]);
  assert.deepEqual(rowsOf(negativeMask(windows, admitted, neighbourhood))[0], [0, 0, 0, 1, 1, 0]);
  assert.ok(positiveMask(windows, admitted, { bagSeconds: 0 }).every((value) => value === 0));
});

Deno.test("planMasks() never lets two pairs of one window be each other's negatives", () => {
  const plan = firstPlan();
  const none = { neighbourSeconds: 0, bagSeconds: 0 };
  const { negativeMask: mask, positiveMask } = planMasks(plan, new Float32Array(8).fill(1), none);
  assert.equal(positiveMask, null);
  for (let i = 0; i < 8; i++) {
    for (let j = 0; j < 8; j++) {
      assert.equal(mask[i * 8 + j], Math.floor(i / 2) === Math.floor(j / 2) ? 0 : 1);
    }
  }
});

Deno.test("planMasks() puts all pairs of a window into each other's bags, and no pair is both positive and negative", () => {
  const plan = firstPlan();
  const neighbourhood = { neighbourSeconds: 0, bagSeconds: 2 };
  const { negativeMask, positiveMask } = planMasks(plan, new Float32Array(8).fill(1), neighbourhood);
  const windowOf = (pair: number) => plan.samples[Math.floor(pair / 2)].window;
  for (let i = 0; i < 8; i++) {
    for (let j = 0; j < 8; j++) {
      const [a, b] = [windowOf(i), windowOf(j)];
      const isNear = a.scanId === b.scanId && Math.abs(a.startSeconds - b.startSeconds) <= 2;
      assert.equal(positiveMask![i * 8 + j], i !== j && isNear ? 1 : 0);
      assert.equal(negativeMask[i * 8 + j], isNear ? 0 : 1);
    }
  }
});
