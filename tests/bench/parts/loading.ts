/**
 * How fast batches are read from a prepared dataset, decided, read and augmented as for training.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BatchReader } from "../../../lib/data/batches.ts";
import type { DatasetReader } from "../../../lib/data/dataset_store.ts";
import { nextTurn } from "../../../lib/event_loop.ts";
import { trainingNeeds } from "../../../lib/models/train_graph.ts";
import { createSampler } from "../../../lib/training/sampler.ts";
import type { BenchContext, Part, PartResult } from "../part.ts";
import { median, relativeSpread } from "../statistics.ts";
import { makeDataset, runConfigOf } from "../synthetic_data.ts";
import { columns, percent } from "../table.ts";

const [rounds, windowsPerRound] = [5, 1000];

async function measure(dataset: DatasetReader, { signal, progress }: BenchContext): Promise<PartResult> {
  const config = runConfigOf();
  const [sampler, needs] = [createSampler(config, dataset), trainingNeeds(config)];
  const reader = new BatchReader(dataset, config, needs);
  const plan = sampler.epoch(0).next().value!;
  const { frames, speech } = reader.read(plan);
  assert.deepEqual(reader.read(plan).frames, frames, "a batch that is read again must be the same");
  assert([frames, speech!].every((values) => values.every(Number.isFinite)), "batches must be finite");
  const speeds: number[] = [];
  let [epoch, bytes] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    let windows = 0;
    while (windows < windowsPerRound) {
      for (const plan of sampler.epoch(epoch++)) {
        const batch = reader.read(plan);
        windows += plan.samples.length;
        bytes = batch.frames.byteLength + batch.speech!.byteLength + (batch.negativeSpeech?.byteLength ?? 0);
      }
      await nextTurn();
      signal.throwIfAborted();
    }
    speeds.push((1000 * windows) / (performance.now() - start));
    progress(0.5 + (0.5 * (round + 1)) / rounds, "reading");
  }
  const middle = median(speeds);
  const megabytes = (middle * bytes) / plan.samples.length / 1e6;
  return {
    text: columns(["preset", "windows/s", "noise", "MB/s of inputs"], [
      ["tiny", middle.toFixed(0), `±${percent(relativeSpread(speeds))}`, megabytes.toFixed(0)],
    ]),
    data: { windowsPerSecond: speeds, megabytesPerSecond: megabytes },
  };
}

async function run(context: BenchContext): Promise<PartResult> {
  const dataset = await makeDataset(context.scratch, context.signal);
  context.progress(0.5, "reading");
  try {
    return await measure(dataset, context);
  } finally {
    dataset.close();
  }
}

/** Loading. */
export const loadingPart: Part = {
  name: "loading",
  title: "windows read from a prepared dataset per second, one thread",
  isDefault: true,
  seconds: () => 40,
  run,
};
