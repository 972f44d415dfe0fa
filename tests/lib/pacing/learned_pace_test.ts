import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { normalCdf } from "../../../lib/normal.ts";
import { LearnedPace } from "../../../lib/pacing/learned_pace.ts";
import type { WindowFacts } from "../../../lib/pacing/pace.ts";

function windowsOf(count: number, scans = 1): WindowFacts[] {
  return Array.from({ length: count }, (_, id) => ({
    id: 100 + id,
    scanId: `s${id % scans}`,
    voicedFractionEnergy: 1,
    voicedFractionWebrtc: 1,
  }));
}

function paceOf(windows: readonly WindowFacts[], learned: object = {}): LearnedPace {
  const pacing = {
    kind: "learned",
    learned: { warmupEpochs: 1, initialShare: 0.5, finalShare: 1, growthEpochs: 5, diversity: 0, ...learned },
  };
  return new LearnedPace(resolveRunConfig({ file: { pacing } }).pacing, windows);
}

/** Shows the pace each window once with these similarities. */
function show(pace: LearnedPace, windows: readonly WindowFacts[], similarities: readonly number[]): void {
  pace.observe(windows, Float32Array.from(similarities));
}

Deno.test("LearnedPace admits what voice admits while it warms up, and never less voiced windows", () => {
  const windows = windowsOf(4);
  windows[2].voicedFractionWebrtc = 0;
  const pace = paceOf(windows, { selection: "hard" });
  show(pace, windows, [0.1, 0.2, 0.9, 0.3]);
  pace.startEpoch(0);
  assert.deepEqual([...pace.weights(windows)], [1, 1, 0, 1]);
  pace.startEpoch(1);
  assert.deepEqual([...pace.weights(windows)], [0, 1, 0, 1]);
});

Deno.test("LearnedPace averages the agreement of a window's pairs over visits with forgetting", () => {
  const windows = windowsOf(2);
  const pace = paceOf(windows, { affinityMomentum: 0.75 });
  pace.observe(windows, new Float32Array([0.25, 0.75, 0, 0]));
  assert.deepEqual([...pace.scores().affinity], [0.5, 0]);
  pace.observe([windows[0]], new Float32Array([1, 1]));
  assert.deepEqual([...pace.scores().affinity], [0.625, 0]);
});

Deno.test("LearnedPace admits a growing share, the best agreeing first", () => {
  const windows = windowsOf(10);
  const pace = paceOf(windows, { selection: "hard" });
  show(pace, windows, windows.map((_, i) => i / 10));
  const admitted = (epoch: number) => {
    pace.startEpoch(epoch);
    return [...pace.weights(windows)].map((weight, i) => weight > 0 ? i : -1).filter((i) => i >= 0);
  };
  assert.deepEqual(admitted(1), [5, 6, 7, 8, 9]);
  assert.deepEqual(admitted(3), [3, 4, 5, 6, 7, 8, 9]);
  assert.equal(admitted(6).length, 10);
  assert.equal(admitted(60).length, 10);
});

Deno.test("LearnedPace says of each window what affinity would have admitted it", () => {
  const windows = windowsOf(10, 2);
  const pace = paceOf(windows, { selection: "hard", diversity: 0.3 });
  show(pace, windows, windows.map((_, i) => ((i * 7) % 10) / 10 - 0.3));
  pace.startEpoch(1);
  const { affinity, leastAffinity, weight } = pace.scores();
  weight.forEach((value, i) => assert.equal(value > 0, affinity[i] >= leastAffinity[i] - 1e-6));
  assert.equal(weight.filter((value) => value > 0).length, 5);
});

Deno.test("LearnedPace with diversity lets a scan in that agrees less than another throughout", () => {
  const windows = windowsOf(20, 2);
  const similarities = windows.map(({ scanId }, i) => (scanId === "s0" ? 0.6 : 0.2) + i / 1000);
  const admittedOfS1 = (diversity: number) => {
    const pace = paceOf(windows, { selection: "hard", diversity });
    show(pace, windows, similarities);
    pace.startEpoch(1);
    return windows.filter((w) => w.scanId === "s1" && pace.weights([w])[0] > 0).length;
  };
  assert.equal(admittedOfS1(0), 0);
  assert.ok(admittedOfS1(1) > 0);
});

Deno.test("LearnedPace weighs admitted windows by the normal distribution of affinities, never below the least", () => {
  const windows = windowsOf(5);
  const pace = paceOf(windows, { selection: "soft", initialShare: 1, minimumWeight: 0.25, cdfScale: 0.5 });
  const values = [-1, 0, 0.25, 0.5, 1];
  show(pace, windows, values);
  pace.startEpoch(1);
  const mean = 0.15;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 5;
  const expected = values.map((value) =>
    Math.max(0.25, normalCdf((value - mean) / Math.sqrt(0.5 * variance)))
  );
  pace.weights(windows).forEach((weight, i) => assert.ok(Math.abs(weight - expected[i]) < 1e-6));
  assert.ok(expected[0] === 0.25 && expected[4] > 0.9);
});

Deno.test("LearnedPace admits windows it never saw, and all alike when all agree alike", () => {
  const windows = windowsOf(6);
  const pace = paceOf(windows, { initialShare: 0.1 });
  show(pace, windows.slice(0, 2), [0.2, 0.4]);
  pace.startEpoch(1);
  assert.deepEqual([...pace.weights(windows)].map((weight) => weight > 0), [
    false,
    true,
    true,
    true,
    true,
    true,
  ]);
  const alike = paceOf(windows);
  show(alike, windows, windows.map(() => 0.5));
  alike.startEpoch(1);
  assert.deepEqual([...alike.weights(windows)], Array(6).fill(1));
});

Deno.test("LearnedPace goes on from its state as if it had never stopped", () => {
  const windows = windowsOf(8, 2);
  const [whole, first] = [paceOf(windows), paceOf(windows)];
  const values = windows.map((_, i) => Math.sin(i));
  for (const pace of [whole, first]) {
    show(pace, windows, values);
    pace.startEpoch(2);
  }
  const resumed = paceOf(windows);
  resumed.writeState(first.readState());
  assert.deepEqual(resumed.weights(windows), whole.weights(windows));
  for (const pace of [whole, resumed]) {
    show(pace, windows.slice(3), values.slice(3).map((value) => -value));
    pace.startEpoch(3);
  }
  assert.deepEqual(resumed.scores(), whole.scores());
});

Deno.test("LearnedPace refuses a state of other windows and a window that is not its own", () => {
  const pace = paceOf(windowsOf(3));
  assert.throws(
    () => pace.writeState(paceOf(windowsOf(4)).readState()),
    /affinity must have 3 values, received 4/,
  );
  assert.throws(() => pace.writeState(new Map()), /received none/);
  assert.throws(() => pace.weights([{ ...windowsOf(1)[0], id: 7 }]), /window 7.*one of the training windows/);
});
