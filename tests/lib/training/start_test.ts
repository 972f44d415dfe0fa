import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { CheckpointStore } from "../../../lib/records/checkpoint_store.ts";
import type { Tensor } from "../../../lib/tensor/executor.ts";
import { train } from "../../../lib/training/trainer.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";
import { inWasm } from "../../helpers/fine_tuning.ts";

/** One epoch whose steps change next to nothing. */
const config = resolveRunConfig({
  file: {
    data: { batchSize: 8, speechSeconds: 1 },
    model: { frameSize: [16, 16], speechSize: [16, 10], widthMultiplier: 0.25, batchNormMomentum: 1 },
    optimizer: { learningRate: 1e-12, warmupSteps: 0 },
    training: { epochs: 1 },
  },
});

/** The parameters after training from `start`, in `folder`. */
async function trained(folder: string, start?: Map<string, Tensor>) {
  const checkpoints = await CheckpointStore.open(folder);
  await inWasm(async (executor) => {
    for await (const _ of train({ config, dataset: fakeWindows(), executor, checkpoints, start }));
  });
  return (await checkpoints.newest()).checkpoint!.tensors;
}

Deno.test("train() begins with the values it is given and draws the others; a checkpoint goes before both", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const drawn = await trained(`${folder}/a`);
    const name = "video.stage1.0.conv1.weight";
    const given: Tensor = {
      shape: drawn.get(name)!.shape,
      data: new Float32Array(drawn.get(name)!.data.length).fill(0.125),
    };
    const start = new Map([[name, given], ["of.no.use", given]]);
    const started = await trained(`${folder}/b`, start);
    assert.ok([...started.get(name)!.data].every((value) => Math.abs(Number(value) - 0.125) < 1e-6));
    assert.deepEqual(started.get("speech.stage1.0.conv1.weight"), drawn.get("speech.stage1.0.conv1.weight"));
    const resumed = await trained(`${folder}/a`, start);
    assert.deepEqual(resumed.get(name), drawn.get(name));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
