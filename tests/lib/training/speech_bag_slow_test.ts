import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import type { WindowSource } from "../../../lib/data/inputs.ts";
import { evaluate } from "../../../lib/evaluation/evaluate.ts";
import { CheckpointStore } from "../../../lib/records/checkpoint_store.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import { certificateOf } from "../../../lib/training/run_certificate.ts";
import { floatTensors } from "../../../lib/training/train_state.ts";
import { train } from "../../../lib/training/trainer.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";

const windowsPerScan = 8;

/** The dataset with its sound one window late: what is heard is about the picture before, at first about the last. */
function lagging(source: WindowSource): WindowSource {
  const { windowSeconds, spectrogram: { hopSeconds } } = source.config;
  const columns = Math.round(windowSeconds / hopSeconds);
  const shift = (windowsPerScan - 1) * columns;
  return {
    ...source,
    readLogSpectrogram: (scanId, start, count) =>
      source.readLogSpectrogram(scanId, start < columns ? start + shift : start - columns, count),
  };
}

/** Trains on narration that lags by a window; R@5 on held-out subjects whose narration does not. */
async function heldOutRecall(seed: number, bagSeconds: number): Promise<number> {
  const folder = await Deno.makeTempDir();
  const executor = await createExecutor("wasm");
  try {
    const config = resolveRunConfig({
      file: {
        seed,
        data: { batchSize: 16, speechSeconds: 1, neighbourSeconds: 4, bagSeconds },
        model: { frameSize: [16, 16], speechSize: [16, 10], widthMultiplier: 0.5 },
        losses: { correlationWeight: 0, orderWeight: 0 },
        optimizer: { learningRate: 3e-3, warmupSteps: 5 },
        training: { epochs: 12, evaluateEveryEpochs: 12 },
      },
    });
    const source = fakeWindows({ scans: 30, windowsPerScan, seed });
    const checkpoints = await CheckpointStore.open(folder);
    await Array.fromAsync(train({ config, dataset: lagging(source), executor, checkpoints }));
    const { checkpoint } = await checkpoints.newest();
    const { metrics } = await evaluate({
      executor,
      config,
      parameters: floatTensors(checkpoint!.tensors),
      dataset: source,
      split: "test",
      step: checkpoint!.step,
      trainedOn: { certificate: certificateOf(checkpoint!.metadata) },
    });
    return (metrics["retrieval.videoToSpeech.recallAt5"] + metrics["retrieval.speechToVideo.recallAt5"]) / 2;
  } finally {
    await executor.dispose();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("train() with bags learns from narration that lags by a window, of which it learns nothing without", async () => {
  // 48 test windows of four patterns: knowing the pattern exactly gives 5/12, chance is 5/48.
  for (const seed of [1, 2, 3]) {
    const bags = await heldOutRecall(seed, 2);
    const alone = await heldOutRecall(seed, 0);
    assert.ok(bags > 2.5 * 5 / 48, `seed ${seed}: ${bags}`);
    assert.ok(alone < 2 * 5 / 48, `seed ${seed}, without bags: ${alone}`);
  }
});
