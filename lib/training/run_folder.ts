/**
 * A run's folder: its settings, where its data lies, and the lock that keeps a second trainer out.
 *
 * ```text
 * RUN/config.json      the complete RunConfig
 *     run.json         RunRecord
 *     start.safetensors  first values that were given, if any were; start.json says what fitted
 *     certificate.json             SplitCertificate
 *     train_fingerprints.safetensors   of the training scans, to know copies of them in other datasets
 *     gate.json        what the gates before a long training found
 *     metrics.sqlite   events and metrics
 *     checkpoints/     step-*.safetensors, best.safetensors
 *     pace/            epoch-*.safetensors: every window's affinity and weight
 *     evaluations/     <split>-<step>/{report.json, embeddings.safetensors, map.json}
 *     evaluations_elsewhere/<dataset>/<split>-<step>/   the same, of other datasets than the run's own
 *     pause.json       why it is not going on; blank while it does
 *     lock             held by the trainer while it runs
 * ```
 *
 * @module
 */

import { resolveRunConfig, type RunConfig } from "../config.ts";
import { SonospeechError } from "../errors.ts";
import { writeJsonAtomic } from "../records/atomic_file.ts";
import type { DeviceInfo } from "../tensor/executor.ts";

/** What a run is besides its settings. */
export interface RunRecord {
  /** Absolute path of the dataset. */
  dataset: string;
  /** The dataset's content hash; a run goes on only with the same data. */
  datasetId: string;
  /** ISO 8601. */
  createdAt: string;
  /** The weights it started from; drawn ones when left out. */
  start?: StartRecord;
  /** What it has been computed on last; left out before its first step, and by runs of earlier versions. */
  device?: RunDevice;
}

/** A device by its kind and its own name. */
export type RunDevice = Pick<DeviceInfo, "kind" | "name">;

/** Weights that a run started from. */
export interface StartRecord {
  /** Whose names they had. */
  names: string;
  /** Of their file. */
  sha256: string;
  /** Digests of the subjects they were trained on, so that no evaluation uses them; null where nothing told. */
  trainedOn: string[] | null;
}

/** An opened run folder. */
export interface RunFolder {
  /** The folder. */
  path: string;
  /** The run's settings. */
  config: RunConfig;
  /** What it is besides its settings. */
  record: RunRecord;
}

/** Reads a run folder. @throws SonospeechError `store` when it is not one. */
export async function openRunFolder(path: string): Promise<RunFolder> {
  try {
    const [config, record] = await Promise.all(
      ["config.json", "run.json"].map(async (file) => JSON.parse(await Deno.readTextFile(`${path}/${file}`))),
    );
    return { path, config: resolveRunConfig({ file: config }), record };
  } catch (cause) {
    if (cause instanceof SonospeechError) throw cause;
    throw new SonospeechError("store", {
      action: "open the run folder",
      must: `${path} must hold config.json and run.json`,
      received: cause,
      hint: "Start a run with: ./run train DATASET --run DIR",
      cause,
      publicMessage: "Cannot open the run folder: it must hold config.json and run.json",
    });
  }
}

/** Whether the folder already holds a run. */
export async function isRunFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(`${path}/run.json`)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Makes a run folder. */
export async function createRunFolder(
  path: string,
  config: RunConfig,
  record: RunRecord,
): Promise<RunFolder> {
  await Deno.mkdir(path, { recursive: true });
  await writeJsonAtomic(`${path}/config.json`, config);
  await writeJsonAtomic(`${path}/run.json`, record);
  return { path, config, record };
}

/** Notes what the run is computed on from now on. */
export async function saveRunDevice({ path, record }: RunFolder, device: RunDevice): Promise<void> {
  if (record.device?.kind === device.kind && record.device.name === device.name) return;
  record.device = device;
  await writeJsonAtomic(`${path}/run.json`, record);
}

/** Words for a lock that is held. */
const trainers = {
  action: "train",
  must: "no other trainer may work in the same run folder",
  hint: "wait for the other trainer or choose another --run folder",
};

/**
 * Takes the run's lock for as long as the returned handle lives; the system frees it when the process ends, however
 * it ends.
 *
 * @param words What cannot be done while another holds it, and what to do.
 * @throws SonospeechError `locked` when another holds it.
 */
export async function lockRunFolder(path: string, words = trainers): Promise<Disposable> {
  await Deno.mkdir(path, { recursive: true });
  const file = await Deno.open(`${path}/lock`, { create: true, read: true, write: true });
  if (!await takeLock(file)) {
    file.close();
    throw new SonospeechError("locked", {
      ...words,
      received: path,
      publicMessage: `Cannot ${words.action}: ${words.must}`,
    });
  }
  return { [Symbol.dispose]: () => file.close() };
}

/** A dashboard that asks whether the run is alive holds the lock for an instant: one refusal is none. */
async function takeLock(file: Deno.FsFile): Promise<boolean> {
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await file.tryLock(true)) return true;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  return false;
}
