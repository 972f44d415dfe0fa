/**
 * Computing one cell, whatever its kind, and keeping its result.
 *
 * @module
 */

import { type GateFinding, overfitOneBatch } from "../training/overfit_gate.ts";
import type { Cell } from "./cell.ts";
import type { CellContext, CellProgress } from "./cell_context.ts";
import { cellFolder, writeCell } from "./cell_store.ts";
import { evaluateFrozen, type FrozenResult } from "./frozen.ts";
import { pretrain, type PretrainingResult } from "./pretraining.ts";
import { rowConfig } from "./study.ts";
import { computeGaze, computePlanes, type GazeResult, type PlanesResult } from "./transfer.ts";

/** What each kind of cell leaves. */
export interface CellResults {
  /** See {@linkcode GateFinding}. */
  overfit: GateFinding;
  /** See {@linkcode PretrainingResult}. */
  pretraining: PretrainingResult;
  /** See {@linkcode FrozenResult}. */
  frozen: FrozenResult;
  /** See {@linkcode PlanesResult}. */
  planes: PlanesResult;
  /** See {@linkcode GazeResult}. */
  gaze: GazeResult;
}

async function* overfit(
  { row, seed }: Cell,
  { study, data: { dataset }, executor, signal }: CellContext,
): AsyncGenerator<CellProgress, GateFinding, void> {
  yield 0;
  return await overfitOneBatch({ config: rowConfig(study, row, seed, dataset), dataset, executor, signal });
}

/** Computes a cell, telling its progress, and writes its record. @returns Seconds it took. */
export async function* computeCell(
  cell: Cell,
  context: CellContext,
): AsyncGenerator<CellProgress, number, void> {
  const began = performance.now();
  await Deno.mkdir(cellFolder(context, cell), { recursive: true });
  const result = yield* work(cell, context);
  context.signal.throwIfAborted();
  const seconds = (performance.now() - began) / 1000;
  await writeCell(context, cell, {
    id: cell.id,
    seconds,
    device: context.executor.device.name,
    result,
  });
  return seconds;
}

function work(
  cell: Cell,
  context: CellContext,
): AsyncGenerator<CellProgress, CellResults[Cell["kind"]], void> {
  switch (cell.kind) {
    case "overfit":
      return overfit(cell, context);
    case "pretraining":
      return pretrain(cell, context);
    case "frozen":
      return evaluateFrozen(cell, context);
    case "planes":
      return computePlanes(cell, context);
    case "gaze":
      return computeGaze(cell, context);
  }
}
