import assert from "node:assert/strict";
import { resolvePrepareConfig, resolveRunConfig } from "../../../lib/config.ts";
import { fitRunConfig } from "../../../lib/data/fit_run_config.ts";
import type { Split } from "../../../lib/data/split.ts";

/** A dataset of scans with these numbers of one-second windows. */
function datasetOf(windowCounts: readonly number[], splitOf: (scan: number) => Split = () => "train") {
  const windows = windowCounts.flatMap((count, scan) =>
    Array.from({ length: count }, (_, index) => ({ scanId: `s${scan}`, index, split: splitOf(scan) }))
  );
  return { config: resolvePrepareConfig({ set: ["windowSeconds=1"] }), windows: () => windows };
}

const config = resolveRunConfig();

Deno.test("fitRunConfig() changes nothing where there is enough of everything", () => {
  const fitted = fitRunConfig(config, datasetOf(Array(50).fill(12)));
  assert.equal(fitted.config, config);
  assert.deepEqual(fitted.notes, []);
});

Deno.test("fitRunConfig() makes batches of all training windows where there are fewer than asked for", () => {
  const { config: fitted, notes } = fitRunConfig(
    config,
    datasetOf(Array(9).fill(3), (scan) => scan < 7 ? "train" : "test"),
  );
  assert.deepEqual(fitted, { ...config, data: { ...config.data, batchSize: 21 } });
  assert.ok(Object.isFrozen(fitted) && Object.isFrozen(fitted.data));
  assert.match(notes[0], /data\.batchSize is 21 instead of 32/);
});

Deno.test("fitRunConfig() makes speech no longer than the shortest scan of any split", () => {
  const { config: fitted, notes } = fitRunConfig(
    config,
    datasetOf([...Array(50).fill(12), 2], (scan) => scan === 50 ? "test" : "train"),
  );
  assert.deepEqual(fitted, { ...config, data: { ...config.data, speechSeconds: 2 } });
  assert.match(notes[0], /data\.speechSeconds is 2 instead of 3/);
});

Deno.test("fitRunConfig() says how many epochs make a run long enough, and leaves them", () => {
  const { config: fitted, notes } = fitRunConfig(config, datasetOf(Array(40).fill(3)));
  assert.equal(fitted.training.epochs, 30);
  assert.deepEqual(notes, [
    "90 steps are few to learn from: --set training.epochs=134 makes 400 or more",
  ]);
});

Deno.test("fitRunConfig() says what batch normalization sees where batches are encoded in chunks", () => {
  const dataset = datasetOf(Array(60).fill(12));
  const notesWith = (chunkSize: number) =>
    fitRunConfig({ ...config, training: { ...config.training, chunkSize } }, dataset).notes;
  assert.match(notesWith(8).join(), /all 32 windows .* at most 8 at a time/);
  assert.deepEqual([notesWith(0), notesWith(32)], [[], []]);
});
