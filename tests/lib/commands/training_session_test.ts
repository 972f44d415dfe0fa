import assert from "node:assert/strict";
import { runTraining } from "../../../lib/commands/training_session.ts";

Deno.test("runTraining() begins no run folder without a dataset", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const events = runTraining({
      dataset: `${folder}/none`,
      run: `${folder}/run`,
      changes: {},
      device: "cpu",
    });
    await assert.rejects(Array.fromAsync(events), { code: "store" });
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
