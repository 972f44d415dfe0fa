/**
 * Training that starts from given weights: taken once, when the run is made, and kept with it.
 *
 * @module
 */

import { basename, join } from "node:path";
import type { RunConfig } from "../config.ts";
import type { DatasetReader } from "../data/dataset_store.ts";
import { SonospeechError } from "../errors.ts";
import { subjectDigest } from "../evaluation/evaluate.ts";
import { type ForeignWeights, readForeignWeights } from "../export/foreign_weights.ts";
import { fitStart, startLines, type StartReport } from "../export/start_report.ts";
import { writeFileAtomic, writeJsonAtomic } from "../records/atomic_file.ts";
import { decodeSafetensors, encodeSafetensors } from "../records/safetensors.ts";
import type { Tensor } from "../tensor/executor.ts";
import type { RunRecord } from "../training/run_folder.ts";
import { floatTensors } from "../training/train_state.ts";
import type { CommandContext } from "./plan.ts";
import type { SessionOptions } from "./training_session.ts";

const weightsFile = "start.safetensors";
const reportFile = "start.json";

/**
 * Takes what fits of the weights that were named into the run's folder; without any, what an earlier try took goes.
 *
 * @returns What the run's record says of them.
 * @throws SonospeechError `input` when nothing fits, or the weights were trained on subjects that are held out here.
 */
export async function takeStart(
  { start, run, onStart }: SessionOptions,
  config: RunConfig,
  dataset: DatasetReader,
): Promise<RunRecord["start"]> {
  if (start === undefined) {
    for (const file of [weightsFile, reportFile]) await Deno.remove(join(run, file)).catch(() => {});
    return undefined;
  }
  const weights = await readForeignWeights(start);
  await refuseHeldOut(weights, dataset, start);
  const { parameters, report } = fitStart(config, weights);
  const tensors = [...parameters].map(([name, { shape, data }]) =>
    [name, { dtype: "F32", shape, data }] as const
  );
  await Deno.mkdir(run, { recursive: true });
  await writeFileAtomic(join(run, weightsFile), encodeSafetensors(new Map(tensors)));
  await writeJsonAtomic(join(run, reportFile), report);
  onStart?.(report, weights.trainedOn !== null);
  const { names, sha256, trainedOn } = weights;
  return { names, sha256, trainedOn };
}

/** An evaluation on somebody whom the start was trained on would be none. */
async function refuseHeldOut(
  { trainedOn }: ForeignWeights,
  dataset: DatasetReader,
  start: string,
): Promise<void> {
  const heldOut = dataset.scans().filter(({ split }) => split !== "train").map(({ subject }) => subject);
  const digests = await Promise.all([...new Set(heldOut)].map(subjectDigest));
  const shared = digests.filter((digest) => trainedOn?.includes(digest)).length;
  if (shared === 0) return;
  throw new SonospeechError("input", {
    action: `start from ${basename(start)}`,
    must: "its weights must not have been trained on subjects that this dataset holds out",
    received: `${shared} of ${digests.length} held-out subjects that were`,
    hint: "give these subjects to the training split in the manifest, or start from other weights",
  });
}

/** What a run was started from, by name; undefined when its first values are drawn. */
export async function readStart(run: string): Promise<Map<string, Tensor> | undefined> {
  try {
    return floatTensors(decodeSafetensors(await Deno.readFile(join(run, weightsFile))).tensors);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Refuses weights for a run that has its own already. */
export function refuseLateStart(): never {
  throw new SonospeechError("config", {
    action: "resume the run",
    must: "--start is for runs without a checkpoint",
    hint: "leave --start out to go on, or choose another --run folder",
  });
}

/** Tells what fitted: lines for reading, or one line of JSON like the events that follow. */
export function reportStart(
  report: StartReport,
  isKnown: boolean,
  json: boolean,
  context: Pick<CommandContext, "stdout" | "stderr">,
): void {
  if (json) return context.stdout(JSON.stringify({ kind: "start", ...report }) + "\n");
  for (const line of startLines(report)) context.stderr(`${line}\n`);
  if (!isKnown) {
    context.stderr(
      "  nothing beside the file says which subjects these weights were trained on: make sure none of " +
        "them is held out here\n",
    );
  }
}
