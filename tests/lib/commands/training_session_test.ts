import assert from "node:assert/strict";
import { runTraining } from "../../../lib/commands/training_session.ts";
import { resolvePrepareConfig } from "../../../lib/config.ts";
import { DatasetWriter } from "../../../lib/data/dataset_writer.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Trains on `folder`/data into `folder`/run. */
function trainIn(folder: string, ...set: string[]) {
  return Array.fromAsync(
    runTraining({ dataset: `${folder}/data`, run: `${folder}/run`, changes: { set }, device: "cpu" }),
  );
}

Deno.test("runTraining() begins no run folder without a dataset", () =>
  inFolder(async (folder) => {
    await assert.rejects(trainIn(folder), { code: "store" });
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  }));

Deno.test("runTraining() takes other settings while a run has no checkpoint, and refuses them afterwards", () =>
  inFolder(async (folder) => {
    const writer = await DatasetWriter.open(`${folder}/data`, resolvePrepareConfig({}));
    await writer.finish();
    writer.close();
    await assert.rejects(trainIn(folder), /data\.batchSize = 32 windows, received 0/);
    await assert.rejects(trainIn(folder, "data.batchSize=2"), /data\.batchSize = 2 windows, received 0/);
    await Deno.writeTextFile(`${folder}/run/checkpoints/step-000000001.safetensors`, "begun");
    await assert.rejects(
      trainIn(folder, "data.batchSize=4"),
      /config\.data\.batchSize must be 2 .*received 4/,
    );
  }));
