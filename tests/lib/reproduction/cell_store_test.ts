import assert from "node:assert/strict";
import { join } from "node:path";
import { CheckpointStore } from "../../../lib/records/checkpoint_store.ts";
import type { Cell } from "../../../lib/reproduction/cell.ts";
import { parametersOf } from "../../../lib/reproduction/cell_context.ts";
import { readCell, writeCell } from "../../../lib/reproduction/cell_store.ts";

const cell: Cell = {
  id: "pretraining/paper/seed 1",
  kind: "pretraining",
  row: "paper",
  seed: 1,
  cost: 1,
  key: "pretraining-0",
};
const record = { id: cell.id, seconds: 1, device: "test", result: { steps: 20 } };

async function inFolder(test: (cells: string) => Promise<void>): Promise<void> {
  const cells = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(cells, cell.key));
    await test(cells);
  } finally {
    await Deno.remove(cells, { recursive: true });
  }
}

Deno.test("readCell() takes a file that is no record for one that is not there", () =>
  inFolder(async (cells) => {
    assert.equal(await readCell({ cells }, cell), undefined);
    await writeCell({ cells }, cell, record);
    assert.deepEqual(await readCell({ cells }, cell), record);
    for (const text of ["", "{", "{}", "null", '{"id": "x"}', "5"]) {
      await Deno.writeTextFile(join(cells, cell.key, "result.json"), text);
      assert.equal(await readCell({ cells }, cell), undefined, text);
    }
  }));

Deno.test("parametersOf() does not give an earlier checkpoint for the last one", () =>
  inFolder(async (cells) => {
    const store = await CheckpointStore.open(join(cells, cell.key, "checkpoints"));
    const files: string[] = [];
    for (const step of [10, 20]) {
      const tensors = new Map([["w", { dtype: "F32" as const, shape: [1], data: Float32Array.of(step) }]]);
      files.push(await store.save({ step, tensors, metadata: {} }, { isBest: false }));
    }
    assert.equal(await parametersOf({ cells }, cell), undefined); // It is not finished.
    await writeCell({ cells }, cell, record);
    assert.deepEqual([...(await parametersOf({ cells }, cell))!.get("w")!.data], [20]);
    await Deno.writeTextFile(join(cells, cell.key, "checkpoints", files[1]), "broken");
    assert.equal((await store.newest()).checkpoint!.step, 10);
    assert.equal(await parametersOf({ cells }, cell), undefined);
  }));
