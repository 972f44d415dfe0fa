/**
 * Opens a queue of batches, closes it and has nothing else to do: the process ends unless a worker was left.
 * Arguments: the dataset's folder and a run's settings as JSON.
 *
 * @module
 */

import { BatchQueue } from "../../lib/data/batch_queue.ts";
import { DatasetReader } from "../../lib/data/dataset_store.ts";

const source = DatasetReader.open(Deno.args[0]);
const needs = { speech: true, negatives: true };
const queue = await BatchQueue.open({
  source,
  config: JSON.parse(Deno.args[1]),
  needs,
  format: { frames: "u8", speech: "f16" },
  plans: [],
  workers: 2,
});
source.close();
queue.close();
console.log("closed");
