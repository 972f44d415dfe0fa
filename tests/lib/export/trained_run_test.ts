import assert from "node:assert/strict";
import { resolvePrepareConfig, resolveRunConfig } from "../../../lib/config.ts";
import type { ScanRecord, WindowRecord } from "../../../lib/data/dataset_store.ts";
import { subjectDigest } from "../../../lib/evaluation/evaluate.ts";
import { describeTrainedRun } from "../../../lib/export/trained_run.ts";
import { makeFakeRun } from "../../helpers/fake_run.ts";

const windowOf = ([scan, index]: number[]) => ({ scanId: `s000${scan}`, index }) as WindowRecord;

const dataset = {
  id: "d",
  config: resolvePrepareConfig(),
  windows: () => [[1, 0], [1, 1], [1, 2], [2, 0], [2, 1]].map(windowOf),
  scans: () =>
    [["anna", "train"], ["anna", "train"], ["bea", "train"], ["cleo", "test"]].map(([subject, split]) =>
      ({ subject, split }) as ScanRecord
    ),
};

async function withRun(check: (folder: Parameters<typeof describeTrainedRun>[0]) => Promise<void>) {
  const root = await Deno.makeTempDir();
  try {
    const { folder } = makeFakeRun(root, { steps: 80 });
    const record = { dataset: "", datasetId: "d", createdAt: "2026-11-20" };
    await check({ path: folder, config: resolveRunConfig(), record });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("describeTrainedRun() tells evaluations of the checkpoint's step alone, digests and the device", () =>
  withRun(async (folder) => {
    const weights = { parameters: new Map(), step: 40 };
    const run = await describeTrainedRun(folder, dataset, weights);
    assert.deepEqual(run.evaluations.map(({ step, split }) => [step, split]), [[40, "validation"]]);
    const [anna, bea, cleo] = await Promise.all(["anna", "bea", "cleo"].map(subjectDigest));
    assert.deepEqual(run.subjects, { train: [anna, bea].sort(), validation: [], test: [cleo] });
    assert.equal(run.trainedOn, "wasm");
    assert.equal(run.shortestScanSeconds, 4, "two windows of 2 s");
    assert.deepEqual((await describeTrainedRun(folder, dataset, { ...weights, step: 41 })).evaluations, []);
  }));

Deno.test("describeTrainedRun() says nothing where a run has neither metrics nor evaluations", () =>
  withRun(async (folder) => {
    const empty = { ...folder, path: `${folder.path}/nowhere` };
    const run = await describeTrainedRun(empty, dataset, { parameters: new Map(), step: 40 });
    assert.deepEqual([run.trainedOn, run.evaluations], [null, []]);
  }));

Deno.test("describeTrainedRun() refuses another dataset", () =>
  withRun((folder) =>
    assert.rejects(
      describeTrainedRun(folder, { ...dataset, id: "e" }, { parameters: new Map(), step: 40 }),
      { code: "store", message: /must be the one it was trained on, d, received "e"/ },
    )
  ));
