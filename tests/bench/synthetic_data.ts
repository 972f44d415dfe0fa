/**
 * Synthetic scans for the parts that read data.
 *
 * @module
 */

import { resolvePrepareConfig, resolveRunConfig, type RunConfig } from "../../lib/config.ts";
import { DatasetReader } from "../../lib/data/dataset_store.ts";
import { prepareDataset } from "../../lib/data/prepare.ts";
import type { PhantomOptions } from "../../lib/phantom/options.ts";
import { generatePhantom } from "../../lib/phantom/phantom.ts";

/** Makes scans into a folder. @returns The manifest's path. */
export async function makeScans(
  folder: string,
  options: PhantomOptions,
  signal: AbortSignal,
): Promise<string> {
  for await (const _ of generatePhantom(folder, options, { signal })) signal.throwIfAborted();
  return `${folder}/manifest.csv`;
}

/** A small dataset of the preset `tiny`; the caller closes it. */
export async function makeDataset(folder: string, signal: AbortSignal): Promise<DatasetReader> {
  const scans: PhantomOptions = {
    difficulty: "easy",
    seed: 3,
    subjects: 8,
    secondsPerScan: 20,
    frameRate: 5,
    frameSize: [96, 128],
  };
  const manifest = await makeScans(`${folder}/scans`, scans, signal);
  for await (const _ of prepareDataset([manifest], `${folder}/dataset`, resolvePrepareConfig(), { signal })) {
    signal.throwIfAborted();
  }
  return DatasetReader.open(`${folder}/dataset`);
}

/** A run's settings that such a dataset can serve. */
export function runConfigOf(...set: string[]): RunConfig {
  return resolveRunConfig({ set });
}
