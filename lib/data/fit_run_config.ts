/**
 * Settings that a small dataset cannot serve, brought down to what it has.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import type { InputSource } from "./inputs.ts";
import { scanSeconds } from "./windows.ts";

/** A config that a dataset can serve, and what was changed for that. */
export interface FittedConfig {
  /** Complete and frozen as the one it was made of. */
  config: RunConfig;
  /** One sentence for each change, one when the run will be short, and one when batches are encoded in chunks. */
  notes: string[];
}

/** Runs of fewer steps hardly learn; the demo makes about a thousand. */
const fewSteps = 400;

/**
 * Fits a run's batches and speech samples to a dataset: batches hold at most all training windows, and speech is no
 * longer than the shortest scan, as {@linkcode InputReader} asks. A dataset with enough of both changes nothing.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { resolvePrepareConfig, resolveRunConfig } from "../config.ts";
 * import { fitRunConfig } from "./fit_run_config.ts";
 * const config = resolvePrepareConfig({ set: ["windowSeconds=1"] });
 * const windows = Array.from({ length: 26 }, (_, i) => ({ scanId: `s${i}`, index: 0, split: "train" as const }));
 * const fitted = fitRunConfig(resolveRunConfig(), { config, windows: () => windows });
 * assert.deepEqual([fitted.config.data.batchSize, fitted.config.data.speechSeconds], [26, 1]);
 * ```
 */
export function fitRunConfig(
  config: RunConfig,
  dataset: {
    /** How it was prepared; the windows' length is read. */
    config: Pick<InputSource["config"], "windowSeconds">;
    /** All windows. */
    windows(): readonly { scanId: string; index: number; split: string }[];
  },
): FittedConfig {
  const windows = dataset.windows();
  const trained = windows.filter(({ split }) => split === "train").length;
  const shortest = Math.min(...scanSeconds(windows, dataset.config.windowSeconds).values());
  const { batchSize, speechSeconds } = config.data;
  const notes: string[] = [];
  const data = { ...config.data };
  // One window has nothing to be told from: of that, the sampler tells.
  if (trained >= 2 && trained < batchSize) {
    data.batchSize = trained;
    notes.push(`data.batchSize is ${trained} instead of ${batchSize}: there are no more training windows`);
  }
  if (shortest < speechSeconds) {
    data.speechSeconds = shortest;
    notes.push(
      `data.speechSeconds is ${shortest} instead of ${speechSeconds}: the shortest scan has no more in whole ` +
        "windows, and speech of unequal length would tell scans apart; to leave short scans out, prepare with a " +
        "larger windowSeconds",
    );
  }
  const steps = Math.floor(trained / data.batchSize);
  if (steps > 0 && steps * config.training.epochs < fewSteps) {
    notes.push(
      `${steps * config.training.epochs} steps are few to learn from: --set training.epochs=` +
        `${Math.ceil(fewSteps / steps)} makes ${fewSteps} or more`,
    );
  }
  const { chunkSize } = config.training;
  if (chunkSize > 0 && chunkSize < data.batchSize) {
    notes.push(
      `training.chunkSize is ${chunkSize}: losses compare all ${data.batchSize} windows of a batch, but batch ` +
        `normalization takes its means and variances from at most ${chunkSize} at a time`,
    );
  }
  return {
    config: notes.length === 0 ? config : Object.freeze({ ...config, data: Object.freeze(data) }),
    notes,
  };
}
