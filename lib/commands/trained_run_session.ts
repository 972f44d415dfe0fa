/**
 * Opens a trained run with its dataset, for commands that take it elsewhere.
 *
 * @module
 */

import { resolve } from "node:path";
import { DatasetReader } from "../data/dataset_store.ts";
import { SonospeechError } from "../errors.ts";
import { describeTrainedRun, type TrainedRun } from "../export/trained_run.ts";
import { openRunFolder } from "../training/run_folder.ts";
import { loadCheckpoint } from "./evaluation_session.ts";
import type { Place } from "./plan.ts";
import { datasetOfRun } from "./run_places.ts";

/**
 * Reads a run's checkpoint and what is known of it.
 *
 * @throws SonospeechError `store` when the run has no checkpoint, or its dataset is not where it was.
 */
export async function openTrainedRun(
  run: string,
  options: { checkpoint: "best" | "newest"; dataset?: string },
  place: Place,
): Promise<TrainedRun> {
  const folder = await openRunFolder(resolve(place.workingDirectory, run));
  const weights = await loadCheckpoint(folder.path, options.checkpoint);
  const dataset = DatasetReader.open(datasetPath(run, options.dataset, place));
  try {
    return await describeTrainedRun(folder, dataset, weights);
  } finally {
    dataset.close();
  }
}

/** Where a run's dataset lies. @throws SonospeechError `store` when it is not where the run says and none was named. */
export function datasetPath(run: string, named: string | undefined, place: Place): string {
  const path = named ?? datasetOfRun(run, place);
  if (path !== undefined) return resolve(place.workingDirectory, path);
  throw new SonospeechError("store", {
    action: "open the run's dataset",
    must: "it must lie where it was when the run was trained",
    received: "none there",
    hint: "name it with --dataset DIR",
  });
}
