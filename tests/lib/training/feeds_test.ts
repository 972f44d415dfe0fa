import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { type BatchFormat, BatchReader, compactFormat, finishedFormat } from "../../../lib/data/batches.ts";
import type { WindowSource } from "../../../lib/data/inputs.ts";
import { PairSampler } from "../../../lib/data/pairs.ts";
import { buildTrainingGraph, trainingNeeds } from "../../../lib/models/train_graph.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import type { Feed } from "../../../lib/tensor/executor.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";
import { createPace } from "../../../lib/pacing/create_pace.ts";
import { makeFeeds, type StepFeeds } from "../../../lib/training/feeds.ts";
import { chanceOf, stepMetrics } from "../../../lib/training/step_metrics.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";

const config = resolveRunConfig({
  file: {
    data: { batchSize: 8, speechSeconds: 1, samplingGroups: 2, windowsPerScan: 4 },
    model: { frameSize: [16, 16], speechSize: [16, 10] },
  },
});

function feedsOf(source: WindowSource, settings = config, format = finishedFormat): StepFeeds {
  const windows = source.windows({ split: "train" });
  const { windowSeconds } = source.config;
  const sampler = new PairSampler(windows, {
    seed: 1,
    data: settings.data,
    withOrder: true,
    windowSeconds,
    hasSpeech: () => true,
  });
  const batch = new BatchReader(source, settings, trainingNeeds(settings), format).read(
    sampler.epoch(0).next().value!,
  );
  return makeFeeds(batch, createPace(settings.pacing, windows), settings);
}

const feed = ({ feeds }: StepFeeds, name: string) => [...feeds.get(name)!.data];

Deno.test("makeFeeds() counts pairs of single-window scans in full, their hard negatives masked", () => {
  const feeds = feedsOf(fakeWindows({ scans: 20, windowsPerScan: 1 }));
  assert.deepEqual(feed(feeds, "pairWeights"), Array(16).fill(1));
  assert.deepEqual(feed(feeds, "hardNegativeMask"), Array(16).fill(0));
  // What stands in is speech, not silence.
  const speech = feeds.feeds.get("negativeSpeech")!.data;
  for (let row = 0; row < 16; row++) {
    assert.ok(speech.subarray(row * 160, row * 160 + 160).some((x) => x > 1));
  }
  // Any of the other seven windows is an ordinary negative, and there is no column beside them.
  assert.equal(chanceOf(config, feeds)["loss.contrastive"].toFixed(9), Math.log(1 + 14).toFixed(9));
});

Deno.test("makeFeeds() masks no hard negative of scans with neighbours", () => {
  const feeds = feedsOf(fakeWindows({ scans: 10, windowsPerScan: 4 }));
  assert.deepEqual(feed(feeds, "hardNegativeMask"), Array(16).fill(1));
});

Deno.test("makeFeeds() fills bags from the batch, and says how large they are beside the level of chance", () => {
  const data = { ...config.data, bagSeconds: 2, consecutiveWindows: 4, samplingGroups: 1 };
  const feeds = feedsOf(fakeWindows({ scans: 10, windowsPerScan: 4 }), { ...config, data });
  const mask = feed(feeds, "positiveMask");
  assert.deepEqual(mask, [...feeds.positiveMask!]);
  const bags = Array.from({ length: 8 }, (_, i) => 1 + mask.slice(i * 8, i * 8 + 8).reduce((a, b) => a + b));
  assert.ok(bags.every((size) => size <= 3) && bags.includes(3), `${bags}`);
  const result = { objective: 1, gradientNorm: 1, applied: true, outputs: new Map() };
  assert.equal(stepMetrics(result, feeds).bagSize, bags.reduce((a, b) => a + b) / 8);
  const negatives = (i: number) =>
    feed(feeds, "negativeMask").slice(i * 8, i * 8 + 8).reduce((a, b) => a + b);
  const hard = feed(feeds, "hardNegativeMask");
  const levels = bags.map((size, i) =>
    (Math.log((size + negatives(i) + hard[i]) / size) + Math.log((size + negatives(i)) / size)) / 2
  );
  const chanceWith = (pairWeights: Float32Array) =>
    chanceOf({ ...config, data }, { ...feeds, pairWeights })["loss.contrastive"];
  const mean = levels.reduce((sum, level) => sum + level) / 8;
  assert.ok(Math.abs(chanceWith(feeds.pairWeights) - mean) < 1e-9);
  const place = levels.findIndex((level) => Math.abs(level - mean) > 1e-3);
  const alone = Float32Array.from(levels, (_, i) => Number(i === place));
  assert.ok(Math.abs(chanceWith(alone) - levels[place]) < 1e-9, "as the loss, over what was admitted");
  assert.equal(chanceWith(new Float32Array(8)), undefined);
});

Deno.test("makeFeeds() feeds no bags where none are asked for", () => {
  const feeds = feedsOf(fakeWindows({ scans: 10, windowsPerScan: 4 }));
  assert.equal(feeds.feeds.has("positiveMask"), false);
  const result = { objective: 1, gradientNorm: 1, applied: true, outputs: new Map() };
  assert.equal("bagSize" in stepMetrics(result, feeds), false);
});

Deno.test("stepMetrics() tells a pair's own similarity and that of other pairs over what was admitted", () => {
  const feeds = feedsOf(fakeWindows({ scans: 10, windowsPerScan: 4 }));
  const pairs = feeds.pairWeights.length;
  const output = (first: number, others: number) => {
    return { shape: [pairs], data: new Float32Array(pairs).fill(others).fill(first, 0, 1) };
  };
  const outputs = new Map([["similarity", output(0.5, 9)], ["otherSimilarity", output(0.25, 9)]]);
  const result = { objective: 1, gradientNorm: 1, applied: true, outputs };
  const alone = { ...feeds, pairWeights: new Float32Array(pairs).fill(1, 0, 1) };
  const { "similarity.positive": own, "similarity.other": other } = stepMetrics(result, alone);
  assert.deepEqual([own, other], [0.5, 0.25]);
  const none = stepMetrics(result, { ...feeds, pairWeights: new Float32Array(pairs) });
  assert.equal("similarity.other" in none, false, "nothing was measured");
});

Deno.test("makeFeeds() of stored frames and half precision makes the very step of finished ones", async () => {
  const source = fakeWindows({ scans: 10, windowsPerScan: 4 });
  const small = { ...config, model: { ...config.model, widthMultiplier: 0.25 } };
  const format = compactFormat(source, small);
  const executor = await createExecutor("wasm", { threads: 1 });
  const stepOf = async (given: BatchFormat, round: (data: Feed["data"]) => Feed["data"]) => {
    const { feeds } = feedsOf(source, small, given);
    for (const name of ["speech", "negativeSpeech"]) {
      feeds.set(name, { ...feeds.get(name)!, data: round(feeds.get(name)!.data) });
    }
    const graph = buildTrainingGraph(small, given);
    const nodes = [graph.objective, ...graph.stateUpdates.map(({ value }) => value)];
    const program = await executor.compileTraining(graph, initializeParameters(nodes, 1));
    const result = await program.step(feeds, { learningRate: 1e-3, step: 0 });
    const state = await program.readState();
    program.dispose();
    return { bytes: feeds.get("frames")!.data.byteLength, result, state };
  };
  try {
    const compact = await stepOf(format, (data) => data);
    const finished = await stepOf(finishedFormat, (data) => Float32Array.from(Float16Array.from(data)));
    assert.equal(4 * compact.bytes, finished.bytes);
    assert.deepEqual(compact.result, finished.result);
    assert.deepEqual(compact.state, finished.state);
  } finally {
    await executor.dispose();
  }
});

Deno.test("makeFeeds() holds back what the pace holds back", () => {
  const weights = feed(feedsOf(fakeWindows({ scans: 10, windowsPerScan: 4, silentEvery: 4 })), "pairWeights");
  assert.deepEqual(weights.filter((weight) => weight === 0).length, 4);
});
