import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import type { WindowRecord } from "../../../lib/data/dataset_store.ts";
import { negativeMask, PairSampler, type PairSettings, speechStart } from "../../../lib/data/pairs.ts";

function windowsOf(scans: number, perScan: number): WindowRecord[] {
  return Array.from({ length: scans * perScan }, (_, i) => ({
    id: i,
    scanId: `s${Math.floor(i / perScan)}`,
    subject: `p${Math.floor(i / perScan)}`,
    split: "train" as const,
    index: i % perScan,
    startSeconds: 2 * (i % perScan),
    firstFrame: 8 * (i % perScan),
    frameCount: 8,
    voicedFractionEnergy: 1,
    voicedFractionWebrtc: 1,
  }));
}

function settings(set: string[] = []): PairSettings {
  const config = resolveRunConfig({ set: ["data.batchSize=8", "data.speechSeconds=0.6", ...set] });
  return { seed: config.seed, data: config.data, withOrder: true, windowSeconds: 2 };
}

Deno.test("PairSampler shows every window at most once an epoch and drops only what fills no batch", () => {
  const sampler = new PairSampler(windowsOf(3, 9), settings());
  const seen = [...sampler.epoch(0)].flatMap((plan) => plan.samples.map((sample) => sample.window.id));
  assert.equal(sampler.stepsPerEpoch, 3);
  assert.equal(seen.length, 24);
  assert.equal(new Set(seen).size, 24);
});

Deno.test("PairSampler gives the same batches when an epoch is entered in its middle", () => {
  const whole = [...new PairSampler(windowsOf(4, 10), settings()).epoch(3)];
  const rest = [...new PairSampler(windowsOf(4, 10), settings()).epoch(3, 2)];
  assert.deepEqual(rest, whole.slice(2));
  const next = [...new PairSampler(windowsOf(4, 10), settings()).epoch(4)];
  assert.notDeepEqual(next.map((plan) => plan.samples), whole.map((plan) => plan.samples));
});

Deno.test("PairSampler takes positives from inside the window and hard negatives from 0 < δ < D after it", () => {
  const sampler = new PairSampler(windowsOf(2, 30), settings());
  const offsets = new Set<number>();
  for (let epoch = 0; epoch < 20; epoch++) {
    for (const { samples } of sampler.epoch(epoch)) {
      for (const { window, pairs } of samples) {
        for (const { positive, hardNegative } of pairs) {
          assert.equal(positive.window, window);
          assert.ok(positive.startSeconds >= window.startSeconds);
          assert.ok(positive.startSeconds + 0.6 <= window.startSeconds + 2 + 1e-9);
          assert.equal(hardNegative!.window.scanId, window.scanId);
          offsets.add(hardNegative!.window.index - window.index);
        }
      }
    }
  }
  const after = [...offsets].filter((offset) => offset > 0).sort();
  assert.deepEqual(after, [1, 2, 3, 4]);
  // Only a scan's last window has nothing after it and looks back.
  assert.deepEqual([...offsets].filter((offset) => offset <= 0).sort(), [-1, -2, -3, -4]);
});

Deno.test("PairSampler gives no hard negative to the only window of a scan", () => {
  const [plan] = new PairSampler(windowsOf(8, 1), settings()).epoch(0);
  assert.ok(plan.samples.every((sample) => sample.pairs.every((pair) => pair.hardNegative === null)));
});

Deno.test("PairSampler shows four different frames with their ranks in time", () => {
  const [plan] = new PairSampler(windowsOf(2, 8), settings()).epoch(0);
  for (const { frames, permutation } of plan.samples) {
    assert.equal(new Set(frames).size, 4);
    const inOrder = [...frames].sort((a, b) => a - b);
    assert.deepEqual(permutation.map((rank) => inOrder[rank]), frames);
  }
});

Deno.test("PairSampler refuses fewer windows than a batch", () => {
  assert.throws(() => new PairSampler(windowsOf(1, 7), settings()), /at least data.batchSize = 8 windows/);
});

Deno.test("speechStart() keeps short samples inside the window and the window inside long samples", () => {
  assert.equal(speechStart(10, 2, 0.6, 0), 10);
  assert.equal(speechStart(10, 2, 0.6, 1), 11.4);
  assert.equal(speechStart(10, 2, 6, 0), 10);
  assert.equal(speechStart(10, 2, 6, 1), 6);
  assert.equal(speechStart(10, 2, 6, 0.5), 8);
});

Deno.test("PairSampler draws groups of windows from one scan, and every window by itself when asked", () => {
  const scansIn = (windowsPerScan: number) => {
    const sampler = new PairSampler(windowsOf(20, 8), settings([`data.windowsPerScan=${windowsPerScan}`]));
    const plans = [...sampler.epoch(0)];
    const counts = plans.map((plan) => new Set(plan.samples.map((sample) => sample.window.scanId)).size);
    return counts.reduce((a, b) => a + b, 0) / counts.length;
  };
  assert.equal(scansIn(8), 1);
  assert.equal(scansIn(4), 2);
  assert.ok(scansIn(1) > 5);
});

Deno.test("negativeMask() leaves out the pair itself, near neighbours of the same scan and what is not admitted", () => {
  const [a, b, c] = windowsOf(1, 3);
  const [other, silent] = windowsOf(2, 3).slice(3);
  const windows = [a, b, { ...c, startSeconds: 20 }, other, silent];
  const mask = negativeMask(windows, [true, true, true, true, false], 10);
  const rows = windows.map((_, i) => [...mask.slice(i * 5, i * 5 + 5)]);
  assert.deepEqual(rows[0], [0, 0, 1, 1, 0]);
  assert.deepEqual(rows[2], [1, 1, 0, 1, 0]);
  assert.deepEqual(rows[3], [1, 1, 1, 0, 0]);
});
