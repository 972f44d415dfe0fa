import assert from "node:assert/strict";
import { CheckpointStore } from "../../../lib/records/checkpoint_store.ts";
import type { SafetensorsTensor } from "../../../lib/records/safetensors.ts";

function tensors(value: number): Map<string, SafetensorsTensor> {
  return new Map([["a.weight", { dtype: "F32", shape: [2, 2], data: new Float32Array(4).fill(value) }]]);
}

async function withStore(test: (store: CheckpointStore, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(await CheckpointStore.open(`${folder}/checkpoints`), `${folder}/checkpoints`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function save(store: CheckpointStore, step: number, isBest = false): Promise<string> {
  return store.save({ step, tensors: tensors(step), metadata: { note: `n${step}` } }, { isBest });
}

Deno.test("CheckpointStore gives back what was saved last", () =>
  withStore(async (store) => {
    assert.deepEqual(await store.newest(), { checkpoint: null, broken: [] });
    await save(store, 10);
    await save(store, 200);
    const { checkpoint } = await store.newest();
    assert.equal(checkpoint!.step, 200);
    assert.equal(checkpoint!.metadata.note, "n200");
    assert.deepEqual(checkpoint!.tensors.get("a.weight"), tensors(200).get("a.weight"));
  }));

Deno.test("CheckpointStore keeps the last two and the best", () =>
  withStore(async (store, folder) => {
    for (const step of [1, 2, 3, 4]) await save(store, step, step === 2);
    const files = [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
    assert.deepEqual(files, ["best.safetensors", "step-000000003.safetensors", "step-000000004.safetensors"]);
    assert.equal((await store.best())!.step, 2);
  }));

Deno.test("CheckpointStore falls back to the one before a broken checkpoint and reports it", () =>
  withStore(async (store, folder) => {
    await save(store, 1);
    const file = await save(store, 2);
    const bytes = await Deno.readFile(`${folder}/${file}`);
    await Deno.writeFile(`${folder}/${file}`, bytes.subarray(0, bytes.length - 3));
    const { checkpoint, broken } = await store.newest();
    assert.equal(checkpoint!.step, 1);
    assert.deepEqual(broken.map((b) => b.file), [file]);
  }));

Deno.test("CheckpointStore.best() is null before a best one was saved", () =>
  withStore(async (store) => {
    await save(store, 1);
    assert.equal(await store.best(), null);
  }));

Deno.test("CheckpointStore notices a single changed bit and falls back", () =>
  withStore(async (store, folder) => {
    await save(store, 1);
    const file = await save(store, 2, true);
    for (const name of [file, "best.safetensors"]) {
      const bytes = await Deno.readFile(`${folder}/${name}`);
      bytes[bytes.length - 5] ^= 1;
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    const { checkpoint, broken } = await store.newest();
    assert.equal(checkpoint!.step, 1);
    assert.match(broken[0].reason, /must be those that were written/);
    await assert.rejects(store.best(), { code: "store" });
    await Deno.writeTextFile(`${folder}/best.safetensors`, "junk");
    await assert.rejects(store.best(), {
      code: "store",
      message: /^Cannot read the checkpoint best\.safetensors/,
    });
  }));

Deno.test("CheckpointStore does not let broken newer checkpoints crowd out sound ones", () =>
  withStore(async (store, folder) => {
    await save(store, 1);
    for (const step of [7, 8]) {
      await Deno.writeTextFile(`${folder}/step-00000000${step}.safetensors`, "broken");
    }
    await save(store, 2);
    const files = [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
    assert.deepEqual(files, ["step-000000001.safetensors", "step-000000002.safetensors"]);
  }));

Deno.test("CheckpointStore writes a best checkpoint before the step that tells of it", () =>
  withStore(async (store, folder) => {
    await Deno.mkdir(`${folder}/step-000000003.safetensors`);
    await assert.rejects(save(store, 3, true));
    assert.equal((await store.best())!.step, 3);
  }));

Deno.test("CheckpointStore.readOnly() makes no folder and finds nothing where there is none", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const store = CheckpointStore.readOnly(`${folder}/checkpoints`);
    assert.deepEqual(await store.newest(), { checkpoint: null, broken: [] });
    assert.equal(await store.best(), null);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
