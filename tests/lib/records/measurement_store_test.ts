import assert from "node:assert/strict";
import { MeasurementStore } from "../../../lib/records/measurement_store.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("MeasurementStore keeps values for the same version of the program and no other", () =>
  inFolder(async (folder) => {
    const path = `${folder}/not/yet/devices.json`;
    const store = await MeasurementStore.open(path, "1.0");
    assert.equal(store.get("a"), undefined);
    await store.set("a", { wasm: 1.5 });
    await store.set("b", "shared");
    assert.deepEqual(store.get("a"), { wasm: 1.5 });
    const again = await MeasurementStore.open(path, "1.0");
    assert.deepEqual([again.get("a"), again.get("b")], [{ wasm: 1.5 }, "shared"]);
    assert.equal((await MeasurementStore.open(path, "1.1")).get("a"), undefined);
  }));

Deno.test("MeasurementStore takes a damaged file for an empty one and writes it anew", () =>
  inFolder(async (folder) => {
    const path = `${folder}/devices.json`;
    for (const damaged of ['{"version": "1", "measure', "null", "[]", '{"version":"1"}', "\0\0"]) {
      await Deno.writeTextFile(path, damaged);
      const store = await MeasurementStore.open(path, "1");
      assert.equal(store.get("a"), undefined);
      await store.set("a", 1);
      assert.equal((await MeasurementStore.open(path, "1")).get("a"), 1);
    }
  }));

Deno.test("MeasurementStore does without a file in whose place a folder lies, and leaves no half of one", () =>
  inFolder(async (folder) => {
    const path = `${folder}/devices.json`;
    await Deno.mkdir(`${path}/in the way`, { recursive: true });
    const store = await MeasurementStore.open(path, "1");
    assert.equal(store.get("a"), undefined);
    await store.set("a", 1);
    assert.equal(store.get("a"), 1);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["devices.json"]);
    assert.equal((await MeasurementStore.open(path, "1")).get("a"), undefined);
  }));

Deno.test("MeasurementStore does without a place that cannot be written", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "in the way");
    const store = await MeasurementStore.open(`${folder}/file/devices.json`, "1");
    await store.set("a", 1);
    assert.equal(store.get("a"), 1);
    assert.equal(await Deno.readTextFile(`${folder}/file`), "in the way");
  }));
