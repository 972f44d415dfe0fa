import assert from "node:assert/strict";
import { openTrainingDevice } from "../../../lib/commands/training_device.ts";
import { resolveRunConfig } from "../../../lib/config.ts";
import { createRunFolder, openRunFolder, type RunDevice } from "../../../lib/training/run_folder.ts";

/** Opens a device for a run that was computed on `device`; gives what was opened, said and noted. */
async function open(choice: "auto" | "wasm" | "cpu", device?: RunDevice) {
  const path = await Deno.makeTempDir();
  const notes: string[] = [];
  try {
    const record = { dataset: "/data", datasetId: "id", createdAt: "2026-01-01T00:00:00Z", device };
    const folder = await createRunFolder(path, resolveRunConfig({}), record);
    const executor = await openTrainingDevice(folder, choice, {
      threads: 1,
      onNote: (note) => void notes.push(note),
    });
    await executor.dispose();
    return { kind: executor.device.kind, notes, noted: (await openRunFolder(path)).record.device };
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

Deno.test("openTrainingDevice() notes in a new run what it opens", async () => {
  const { kind, notes, noted } = await open("wasm");
  assert.equal(kind, "wasm");
  assert.deepEqual(notes, []);
  assert.deepEqual(noted, { kind: "wasm", name: "WebAssembly, 1 thread" });
});

Deno.test("openTrainingDevice() keeps a run on its device with auto, whatever would be faster", async () => {
  const { kind, notes } = await open("auto", { kind: "cpu", name: "JavaScript, 1 thread" });
  assert.equal(kind, "cpu");
  assert.deepEqual(notes, ["the run stays on cpu, which it was computed on so far"]);
  const threads = await open("auto", { kind: "wasm", name: "WebAssembly, 8 threads" });
  assert.match(threads.notes.join(), /stays on wasm/);
});

Deno.test("openTrainingDevice() takes another device when it is asked for, says what follows and notes it", async () => {
  const { kind, notes, noted } = await open("cpu", { kind: "wasm", name: "WebAssembly, 8 threads" });
  assert.equal(kind, "cpu");
  assert.match(notes.join(), /computed on WebAssembly, 8 threads so far: .* not bit by bit/);
  assert.equal(noted?.kind, "cpu");
});
