import assert from "node:assert/strict";
import type { RunSummary } from "../../routes/wire/runs.ts";
import { configRows } from "../../static/app/config_rows.ts";
import {
  bestOf,
  durationOf,
  isBetterHigher,
  listedRuns,
  runFilterOf,
  shownMetric,
} from "../../static/app/run_list.ts";

function run(name: string, more: Partial<RunSummary> = {}): RunSummary {
  return {
    name,
    state: "finished",
    pauseCause: null,
    preset: "tiny",
    seed: 1,
    createdAt: "2026-11-20",
    step: 10,
    totalSteps: 10,
    device: "wasm",
    datasetId: "d",
    trainWindows: 1,
    firstEventSeconds: 0,
    lastEventSeconds: 3600,
    lastStepSeconds: 60,
    totalLoss: 1,
    recallAt1: null,
    metric: { last: [10, 2], min: [5, 1], max: [1, 3], missing: 0, chance: null, split: null },
    annotation: { pinned: false, tags: [], note: "" },
    ...more,
  };
}

const runs = [
  run("a2", { seed: 3, metric: null }),
  run("a10", { seed: 2, device: "webgpu", annotation: { pinned: false, tags: ["Base"], note: "" } }),
  run("b", { state: "paused", annotation: { pinned: false, tags: [], note: "a long NARRATION" } }),
  run("pinned", { seed: 9, annotation: { pinned: true, tags: ["base"], note: "" } }),
];
const namesOf = (query: string) =>
  listedRuns(runs, runFilterOf(new URLSearchParams(query))).map(({ name }) => name);

Deno.test("listedRuns() filters by words, state and tag", () => {
  assert.deepEqual(namesOf("q=narration"), ["b"]);
  assert.deepEqual(namesOf("q=BASE++wasm"), ["pinned"]);
  assert.deepEqual(namesOf("state=paused"), ["b"]);
  assert.deepEqual(namesOf("tag=Base"), ["a10"]);
  assert.deepEqual(namesOf("tag=constructor"), []);
});

Deno.test("listedRuns() keeps pinned runs first and what is not known last, either way", () => {
  assert.deepEqual(namesOf("sort=name"), ["pinned", "a2", "a10", "b"]);
  assert.deepEqual(namesOf("sort=name&dir=down"), ["pinned", "b", "a10", "a2"]);
  assert.deepEqual(namesOf("sort=seed"), ["pinned", "b", "a10", "a2"]);
  assert.equal(namesOf("sort=min").at(-1), "a2");
  assert.equal(namesOf("sort=min&dir=down").at(-1), "a2");
  assert.deepEqual(namesOf("sort=__proto__"), namesOf(""));
});

Deno.test("durationOf() ends with the last step, whatever was evaluated an hour later", () => {
  assert.equal(durationOf(run("a")), 60);
  assert.equal(durationOf(run("a", { lastStepSeconds: null })), null);
});

Deno.test("shownMetric() is retrieval until another is chosen, and the loss where nothing was evaluated", () => {
  const shown = (query: string, known: string[] | null) =>
    shownMetric(runFilterOf(new URLSearchParams(query)), known);
  const recall = "retrieval.videoToSpeech.recallAt5";
  assert.equal(shown("", null), recall);
  assert.equal(shown("", ["loss.total", recall]), recall);
  assert.equal(shown("", ["loss.total", "temperature"]), "loss.total");
  assert.equal(shown("", []), "loss.total");
  assert.equal(shown("metric=temperature", ["loss.total"]), "temperature");
});

Deno.test("bestOf() knows which way is better, or that it does not", () => {
  const { metric } = run("a");
  assert.deepEqual(bestOf("loss.total", metric), [5, 1]);
  assert.deepEqual(bestOf("retrieval.videoToSpeech.medianRank", metric), [5, 1]);
  assert.deepEqual(bestOf("retrieval.videoToSpeech.recallAt5", metric), [1, 3]);
  assert.equal(bestOf("temperature", metric), null);
  assert.equal(bestOf("loss.total", null), null);
  assert.equal(isBetterHigher("accuracy.order"), true);
});

Deno.test("configRows() names every setting of every run and which differ", () => {
  const rows = configRows([
    { preset: "tiny", optimizer: { rate: 1e-3, kind: "sgd" }, size: [64, 64] },
    { preset: "tiny", optimizer: { rate: 3e-4 }, size: [64, 64], "__proto__x": null },
  ]);
  assert.deepEqual(rows, [
    { key: "preset", values: ["tiny", "tiny"], differs: false },
    { key: "optimizer.rate", values: ["0.001", "0.0003"], differs: true },
    { key: "optimizer.kind", values: ["sgd", ""], differs: true },
    { key: "size", values: ["[64,64]", "[64,64]"], differs: false },
    { key: "__proto__x", values: ["", "null"], differs: true },
  ]);
});
