/** Narrated synthetic scans, prepared, and a run that has learned nothing of them: enough to search with. */

import { resolvePrepareConfig, resolveRunConfig } from "../../lib/config.ts";
import { DatasetReader } from "../../lib/data/dataset_store.ts";
import { prepareDataset } from "../../lib/data/prepare.ts";
import { generatePhantom } from "../../lib/phantom/phantom.ts";
import { CheckpointStore } from "../../lib/records/checkpoint_store.ts";
import { createRunFolder } from "../../lib/training/run_folder.ts";
import { trainedRun } from "./trained_run.ts";

export interface SearchableRun {
  runsDirectory: string;
  /** The run's folder, `r1`. */
  run: string;
  dataset: string;
  /** The scans' videos. */
  videos: string[];
}

/** Makes them inside a folder. */
export async function makeSearchableRun(root: string): Promise<SearchableRun> {
  const scans = { subjects: 3, secondsPerScan: 12, frameRate: 8, frameSize: [96, 128] } as const;
  for await (const _ of generatePhantom(`${root}/scans`, scans)) { /* It writes files. */ }
  const dataset = `${root}/dataset`;
  for await (const _ of prepareDataset([`${root}/scans`], dataset, resolvePrepareConfig())) {
    /* Likewise. */
  }
  const reader = DatasetReader.open(dataset);
  const { id: datasetId } = reader;
  reader.close();
  const config = resolveRunConfig();
  const run = `${root}/runs/r1`;
  await createRunFolder(run, config, { dataset, datasetId, createdAt: "2026-11-20T10:00:00.000Z" });
  const store = await CheckpointStore.open(`${run}/checkpoints`);
  const tensors = new Map(
    [...trainedRun(config).parameters].map(([name, { shape, data }]) =>
      [name, { dtype: "F32" as const, shape, data }] as const
    ),
  );
  await store.save({ step: 40, tensors, metadata: {} }, { isBest: true });
  const videos = [...Deno.readDirSync(`${root}/scans/videos`)].map(({ name }) => name)
    .filter((name) => name.endsWith(".mp4")).sort().map((name) => `${root}/scans/videos/${name}`);
  return { runsDirectory: `${root}/runs`, run, dataset, videos };
}
