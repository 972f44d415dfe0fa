/**
 * Results of cells on disk, found again by what they are results of.
 *
 * @module
 */

import { join } from "node:path";
import { writeJsonAtomic } from "../records/atomic_file.ts";
import type { Cell } from "./cell.ts";
import type { CellContext } from "./cell_context.ts";

/** A finished cell. */
export interface CellRecord<R = unknown> {
  /** {@linkcode Cell.id} of the study that computed it. */
  id: string;
  /** Of computing, without what an earlier, interrupted try had done. */
  seconds: number;
  /** Name of what it was computed on. */
  device: string;
  /** What came out. */
  result: R;
}

const file = "result.json";

/** The folder of a cell. */
export function cellFolder(context: Pick<CellContext, "cells">, cell: Cell): string {
  return join(context.cells, cell.key);
}

/** The record of a cell; undefined when it is not finished or its file cannot be read: then it is computed again. */
export async function readCell<R>(
  context: Pick<CellContext, "cells">,
  cell: Cell,
): Promise<CellRecord<R> | undefined> {
  try {
    const record = JSON.parse(await Deno.readTextFile(join(cellFolder(context, cell), file)));
    return record?.id === undefined || record.result === undefined ? undefined : record;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Keeps the record of a finished cell. */
export async function writeCell(
  context: Pick<CellContext, "cells">,
  cell: Cell,
  record: CellRecord,
): Promise<void> {
  await writeJsonAtomic(join(cellFolder(context, cell), file), record);
}
