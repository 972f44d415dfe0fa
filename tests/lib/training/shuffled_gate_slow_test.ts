import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import type { WindowSource } from "../../../lib/data/inputs.ts";
import { certifySplit } from "../../../lib/data/split_certificate.ts";
import { evaluate } from "../../../lib/evaluation/evaluate.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import type { Executor, Tensors } from "../../../lib/tensor/executor.ts";
import { trainOnShuffledPairs } from "../../../lib/training/shuffled_gate.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";

const config = resolveRunConfig({
  file: {
    losses: { orderWeight: 0 },
    data: { batchSize: 16, speechSeconds: 1, neighbourSeconds: 4 },
    model: { frameSize: [16, 16], speechSize: [16, 10], widthMultiplier: 0.5 },
    optimizer: { learningRate: 3e-3 },
  },
});

/** Scores on the validation subjects of a dataset. */
async function scorer(dataset: WindowSource, executor: Executor) {
  const { certificate } = await certifySplit(fakeWindows({ scans: 20 }));
  return (parameters: Tensors) =>
    evaluate({
      executor,
      config,
      parameters,
      dataset,
      split: "validation",
      step: 0,
      trainedOn: { certificate },
    });
}

Deno.test("trainOnShuffledPairs() finds nothing where pairs belong together by what they show, and a leak by time", async () => {
  const executor = await createExecutor("wasm");
  try {
    const related = fakeWindows({ scans: 20 });
    const options = { config, executor, evaluate: await scorer(related, executor) };
    const fair = await trainOnShuffledPairs({ ...options, dataset: related });
    assert.ok(fair.passed, fair.message);
    // What is seen and said depends on the time in the scan alone: another scan's speech fits as well as its own.
    const timed: WindowSource = {
      ...related,
      readFrames: (_, start, count) => related.readFrames("s0", start, count),
      readLogSpectrogram: (_, start, count) => related.readLogSpectrogram("s0", start, count),
    };
    const leaking = { ...options, evaluate: await scorer(timed, executor) };
    const found = await trainOnShuffledPairs({ ...leaking, dataset: timed });
    assert.equal(found.passed, false, found.message);
    assert.match(found.message, /^leak: trained on shuffled pairs, subjects held out are above chance: R@5/);
  } finally {
    await executor.dispose();
  }
});
