import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { SonospeechError } from "../../../lib/errors.ts";
import { PairSampler, type PairSettings, speechStart } from "../../../lib/data/pairs.ts";
import { windowsOf } from "../../helpers/window_records.ts";

function settings(set: string[] = []): PairSettings {
  const config = resolveRunConfig({ set: ["data.batchSize=8", "data.speechSeconds=0.6", ...set] });
  return {
    seed: config.seed,
    data: config.data,
    withOrder: true,
    windowSeconds: 2,
    hasSpeech: (w) => w.voicedFractionWebrtc > 0,
  };
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
        for (const { positive, negative, isHard } of pairs) {
          assert.equal(positive.window, window);
          assert.ok(positive.startSeconds >= window.startSeconds);
          assert.ok(positive.startSeconds + 0.6 <= window.startSeconds + 2 + 1e-9);
          assert.ok(isHard);
          assert.equal(negative!.window.scanId, window.scanId);
          offsets.add(negative!.window.index - window.index);
        }
      }
    }
  }
  const after = [...offsets].filter((offset) => offset > 0).sort();
  assert.deepEqual(after, [1, 2, 3, 4]);
  // Only a scan's last window has nothing after it and looks back.
  assert.deepEqual([...offsets].filter((offset) => offset <= 0).sort(), [-1, -2, -3, -4]);
});

Deno.test("PairSampler gives the only window of a scan another scan's speech of the batch, which is not hard", () => {
  const sampler = new PairSampler(windowsOf(24, 1), settings());
  const used = new Set<string>();
  for (let epoch = 0; epoch < 40; epoch++) {
    for (const { samples } of sampler.epoch(epoch)) {
      const scans = samples.map(({ window }) => window.scanId);
      for (const { window, pairs } of samples) {
        for (const { negative, isHard } of pairs) {
          assert.equal(isHard, false);
          assert.notEqual(negative!.window.scanId, window.scanId);
          assert.ok(scans.includes(negative!.window.scanId));
          used.add(`${window.scanId} ${negative!.window.scanId}`);
        }
      }
    }
  }
  // Any other scan may stand in, not always the same: of 24 · 23 ordered pairs most have come.
  assert.ok(used.size > 24 * 23 * 0.8, `${used.size}`);
});

Deno.test("PairSampler shows four different frames with their ranks in time", () => {
  const [plan] = new PairSampler(windowsOf(2, 8), settings()).epoch(0);
  for (const { frames, permutation } of plan.samples) {
    assert.equal(new Set(frames).size, 4);
    const inOrder = [...frames].sort((a, b) => a - b);
    assert.deepEqual(permutation.map((rank) => inOrder[rank]), frames);
  }
});

Deno.test("PairSampler refuses fewer windows than a batch and names one that they fill", () => {
  assert.throws(
    () => new PairSampler(windowsOf(1, 7), settings()),
    (error) =>
      error instanceof SonospeechError && error.code === "input" &&
      /at least data.batchSize = 8 windows/.test(error.message) && /data.batchSize=7/.test(error.hint!),
  );
});

Deno.test("speechStart() keeps short samples inside the window and the window inside long samples", () => {
  const starts = (speechSeconds: number, positions: number[]) =>
    positions.map((position) =>
      speechStart(10, position, { windowSeconds: 2, speechSeconds, scanSeconds: 60 })
    );
  assert.deepEqual(starts(0.6, [0, 1]), [10, 11.4]);
  assert.deepEqual(starts(6, [0, 1, 0.5]), [10, 6, 8]);
});

Deno.test("speechStart() keeps long samples inside the scan, and the window inside them", () => {
  const places = { windowSeconds: 2, speechSeconds: 3, scanSeconds: 8 };
  const starts = (startSeconds: number) => [0, 0.5, 1].map((at) => speechStart(startSeconds, at, places));
  assert.deepEqual(starts(0), [0, 0, 0]);
  assert.deepEqual(starts(2), [2, 1.5, 1]);
  assert.deepEqual(starts(6), [5, 5, 5]);
  assert.equal(speechStart(0, 0.7, { windowSeconds: 1, speechSeconds: 1, scanSeconds: 1 }), 0);
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

Deno.test("PairSampler takes no hard negative out of the bag, and a stand-in where nothing else is near", () => {
  const gaps = (bagSeconds: number) => {
    const sampler = new PairSampler(windowsOf(2, 30), settings([`data.bagSeconds=${bagSeconds}`]));
    const found = new Set<number | null>();
    for (let epoch = 0; epoch < 10; epoch++) {
      for (const { samples } of sampler.epoch(epoch)) {
        for (const { window, pairs } of samples) {
          for (const { negative, isHard } of pairs) {
            found.add(isHard ? Math.abs(negative!.window.index - window.index) : null);
          }
        }
      }
    }
    return [...found].sort();
  };
  assert.deepEqual(gaps(4), [3, 4]);
  // Stand-ins need another scan in the batch; where there is none, the pair has no negative at all.
  assert.deepEqual(gaps(8), [null]);
});

Deno.test("PairSampler takes no negative without speech, neither a near one nor what stands in for it", () => {
  // Of two scans, the second speaks only in its first two windows; a third of one window does not speak at all.
  const windows = [...windowsOf(2, 20), { ...windowsOf(1, 1)[0], id: 99, scanId: "s9" }].map((window) => {
    const isSilent = window.scanId === "s9" || (window.scanId === "s1" && window.index > 1);
    return { ...window, voicedFractionWebrtc: isSilent ? 0 : 1 };
  });
  const sampler = new PairSampler(windows, settings(["data.batchSize=20", "data.windowsPerScan=4"]));
  const seen = { hard: 0, standIn: 0 };
  for (let epoch = 0; epoch < 10; epoch++) {
    for (const { samples } of sampler.epoch(epoch)) {
      for (const { window, pairs } of samples) {
        for (const { negative, isHard } of pairs) {
          if (negative) assert.ok(negative.window.voicedFractionWebrtc > 0);
          if (window.scanId === "s1" && window.index >= 10) assert.equal(isHard, false);
          if (window.scanId === "s0") assert.equal(isHard, true);
          seen[isHard ? "hard" : "standIn"]++;
        }
      }
    }
  }
  assert.ok(seen.hard > 100 && seen.standIn > 100);
});

Deno.test("PairSampler keeps runs of consecutive windows together, cut at other places in every epoch", () => {
  const set = ["data.batchSize=6", "data.windowsPerScan=6", "data.consecutiveWindows=3"];
  const sampler = new PairSampler(windowsOf(4, 30), settings(set));
  const cuts = new Set<number>();
  for (let epoch = 0; epoch < 6; epoch++) {
    let followed = 0;
    const seen = new Set<number>();
    for (const { samples } of sampler.epoch(epoch)) {
      const windows = samples.map(({ window }) => window);
      for (const window of windows) {
        seen.add(window.id);
        const isNext = windows.some(({ scanId, index }) =>
          scanId === window.scanId && index === window.index + 1
        );
        if (isNext) followed++;
        else cuts.add(window.index % 3);
      }
    }
    assert.equal(seen.size, 120);
    // Two of a run's three are followed by the next; groups of six now and then cut a run short.
    assert.ok(followed > 120 * 0.5 && followed < 120 * 0.8, `${followed}`);
  }
  assert.equal(cuts.size, 3);
});
