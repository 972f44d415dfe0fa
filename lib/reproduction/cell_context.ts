/**
 * What a cell works with, and the encoders that cells hand to one another.
 *
 * @module
 */

import { join } from "node:path";
import type { SplitCertificate } from "../data/split_certificate.ts";
import { SonospeechError } from "../errors.ts";
import { CheckpointStore } from "../records/checkpoint_store.ts";
import type { Executor, Tensor } from "../tensor/executor.ts";
import { floatTensors } from "../training/train_state.ts";
import type { Cell } from "./cell.ts";
import { cellFolder, readCell } from "./cell_store.ts";
import type { Study } from "./study.ts";
import type { StudyData } from "./study_data.ts";

/** Everything a cell may use. */
export interface CellContext {
  /** The settings. */
  study: Study;
  /** The windows. */
  data: StudyData;
  /** That nothing of the transfer subjects is among what is trained on. */
  certificate: SplitCertificate;
  /** Computes. */
  executor: Executor;
  /** The folder of all cells. */
  cells: string;
  /** Asks the cell to stop; a pretraining saves a checkpoint first. */
  signal: AbortSignal;
}

/** The share of a cell's work that is done, 0 to 1. */
export type CellProgress = number;

/** Where a pretraining's parameters lie. */
export function checkpointsOf(context: Pick<CellContext, "cells">, cell: Cell): Promise<CheckpointStore> {
  return CheckpointStore.open(join(cellFolder(context, cell), "checkpoints"));
}

/**
 * The parameters that a finished pretraining ended with; undefined when they cannot be read. Where the last checkpoint
 * is broken an earlier one may be sound, but that is another encoder.
 */
export async function parametersOf(
  context: Pick<CellContext, "cells">,
  encoder: Cell,
): Promise<Map<string, Tensor> | undefined> {
  const record = await readCell<{ steps: number }>(context, encoder);
  const { checkpoint } = await (await checkpointsOf(context, encoder)).newest();
  return checkpoint && checkpoint.step === record?.result.steps
    ? floatTensors(checkpoint.tensors)
    : undefined;
}

/** The parameters that a cell starts from; undefined for a row without pretraining. */
export async function startOf(
  context: Pick<CellContext, "cells">,
  cell: Cell,
): Promise<Map<string, Tensor> | undefined> {
  if (cell.needs === undefined) return undefined;
  const parameters = await parametersOf(context, cell.needs);
  if (parameters) return parameters;
  throw new SonospeechError("store", {
    action: `compute ${cell.id}`,
    must: `the parameters of ${cell.needs.id} must be readable`,
    received: "none",
    hint: "the same command computes it again",
  });
}
