import assert from "node:assert/strict";
import { resolveRunConfig, type RunConfig } from "../../../lib/config.ts";
import { evaluate } from "../../../lib/evaluation/evaluate.ts";
import { CheckpointStore } from "../../../lib/records/checkpoint_store.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import type { Executor } from "../../../lib/tensor/executor.ts";
import type { RunEvent } from "../../../lib/training/events.ts";
import { certificateOf } from "../../../lib/training/run_certificate.ts";
import { floatTensors } from "../../../lib/training/train_state.ts";
import { train } from "../../../lib/training/trainer.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";

function smallConfig(seed: number, epochs: number, changes: object = {}): RunConfig {
  return resolveRunConfig({
    file: {
      ...changes,
      seed,
      data: { batchSize: 16, speechSeconds: 1, neighbourSeconds: 4 },
      model: { frameSize: [16, 16], speechSize: [16, 10], widthMultiplier: 0.5 },
      optimizer: { learningRate: 3e-3, warmupSteps: 5 },
      training: { epochs, evaluateEveryEpochs: epochs },
    },
  });
}

async function inWasm<T>(work: (executor: Executor, folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  const executor = await createExecutor("wasm");
  try {
    return await work(executor, folder);
  } finally {
    await executor.dispose();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Trains for a few epochs and gives the mean R@5 of both directions on subjects that were not seen. */
function heldOutRecall(seed: number, isRelated: boolean) {
  return inWasm(async (executor, folder) => {
    const dataset = fakeWindows({ scans: 30, isRelated, seed });
    const config = smallConfig(seed, 4);
    const checkpoints = await CheckpointStore.open(folder);
    await Array.fromAsync(train({ config, dataset, executor, checkpoints }));
    const { checkpoint } = await checkpoints.newest();
    const report = await evaluate({
      executor,
      config,
      parameters: floatTensors(checkpoint!.tensors),
      dataset,
      split: "test",
      step: checkpoint!.step,
      trainedOn: { certificate: certificateOf(checkpoint!.metadata) },
    });
    const mean = (values: Record<string, number>) =>
      (values["retrieval.videoToSpeech.recallAt5"] + values["retrieval.speechToVideo.recallAt5"]) / 2;
    return { recall: mean(report.metrics), chance: mean(report.chance) };
  });
}

Deno.test("train() learns which speech belongs to which picture, and nothing where none does", async () => {
  // 48 test windows of four patterns: knowing the pattern exactly gives R@5 = 5/12, chance is 5/48. Over 96
  // queries a recall at chance has a standard deviation of about 0.031 or a little more, windows being alike.
  for (const seed of [1, 2, 3]) {
    const related = await heldOutRecall(seed, true);
    const control = await heldOutRecall(seed, false);
    assert.ok(related.recall > 2.5 * related.chance, `seed ${seed}: ${related.recall} of ${related.chance}`);
    assert.ok(control.recall < 2 * control.chance, `seed ${seed}, control: ${control.recall}`);
  }
});

/** Trains the frame order loss alone and gives its mean over the last epoch. */
function lastOrderLoss(hasMotion: boolean) {
  return inWasm(async (executor, folder) => {
    const config = resolveRunConfig({
      file: {
        data: { batchSize: 16, augmentation: { shift: 0 } },
        model: { frameSize: [16, 16], speechSize: [16, 10], widthMultiplier: 0.5 },
        losses: { correlationWeight: 0, contrastiveWeight: 0 },
        optimizer: { learningRate: 3e-3, warmupSteps: 5 },
        training: { epochs: 25, evaluateEveryEpochs: 25 },
      },
    });
    const dataset = fakeWindows({ scans: 30, hasMotion });
    const checkpoints = await CheckpointStore.open(folder);
    const events = await Array.fromAsync(train({ config, dataset, executor, checkpoints }));
    const losses = events.flatMap((event) => event.kind === "step" ? [event.metrics["loss.order"]] : []);
    const last = losses.slice(-9);
    return last.reduce((a, b) => a + b, 0) / last.length;
  });
}

Deno.test("train() learns the order of frames that move, and none where nothing does", async () => {
  const [moving, still] = [await lastOrderLoss(true), await lastOrderLoss(false)];
  assert.ok(moving < 0.5 * Math.log(12), `moving: ${moving}`);
  assert.ok(still > 0.9 * Math.log(12), `still: ${still}`);
});

for (const kind of ["voice", "learned"]) {
  Deno.test(`train() resumed in mid-epoch ends with the very bytes of an uninterrupted run, pace ${kind}`, () =>
    resumeTest({ kind, learned: { warmupEpochs: 1 } }));
}

function resumeTest(pacing: object): Promise<void> {
  return inWasm(async (executor, folder) => {
    const run = async (name: string, stopAfter: number[]) => {
      const checkpoints = await CheckpointStore.open(`${folder}/${name}`);
      const events: RunEvent[] = [];
      for (const stop of [...stopAfter, Infinity]) {
        const controller = new AbortController();
        const config = smallConfig(7, 2, { pacing });
        const dataset = fakeWindows({ scans: 20, silentEvery: 5, seed: 7 });
        for await (
          const event of train({ config, dataset, executor, checkpoints, signal: controller.signal })
        ) {
          events.push(event);
          if (event.kind === "step" && event.step === stop) controller.abort();
        }
      }
      const losses = events.flatMap((event) => event.kind === "step" ? [event.metrics["loss.total"]] : []);
      return { losses, tensors: (await checkpoints.newest()).checkpoint!.tensors };
    };
    const whole = await run("whole", []);
    const parts = await run("parts", [2, 7]);
    assert.equal(whole.losses.length, 12);
    assert.deepEqual(parts.losses, whole.losses);
    assert.deepEqual([...parts.tensors.keys()].sort(), [...whole.tensors.keys()].sort());
    for (const [name, { data }] of whole.tensors) {
      assert.deepEqual(
        new Uint8Array(parts.tensors.get(name)!.data.buffer),
        new Uint8Array(data.buffer),
        name,
      );
    }
  });
}
