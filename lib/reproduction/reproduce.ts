/**
 * The whole comparison: from prepared windows to a report, going on where it was stopped.
 *
 * @module
 */

import { join } from "node:path";
import { certifySplit } from "../data/split_certificate.ts";
import { type Progress, ProgressMeter } from "../progress.ts";
import { type Cell, planCells } from "./cell.ts";
import { parametersOf } from "./cell_context.ts";
import { computeCells, type PoolOptions } from "./cell_pool.ts";
import { type CellRecord, readCell } from "./cell_store.ts";
import { type PlaneAnswers, planeAnswers } from "./plane_answers.ts";
import type { ReproductionReport } from "./report.ts";
import { StudyData } from "./study_data.ts";
import { planStudy } from "./study_facts.ts";
import { summarize } from "./summarize.ts";

/** What to compare, on what, and how. */
export interface ReproduceOptions extends Omit<PoolOptions, "cells" | "certificate"> {
  /** Folder of the cells' results, and of the report. */
  out: string;
  /** The command that makes the report again, without folders. */
  command: string;
  /** Version of the program, for the report. */
  programVersion: string;
  /** Sentences for the report on where the data is from. */
  notes?: readonly string[];
}

/** Sent first. */
export interface PlannedEvent {
  /** Tells the events apart. */
  kind: "planned";
  /** All parts of the comparison. */
  cells: number;
  /** Those whose results are there already. */
  finished: number;
  /** Work that is left, see {@linkcode Cell}. */
  cost: number;
  /** What is left out or smaller than asked for, in sentences. */
  notes: readonly string[];
}

/** Sent last. */
export interface ReportedEvent {
  /** Tells the events apart. */
  kind: "finished";
  /** What was found. */
  report: ReproductionReport;
  /** What its confusion matrices are counted from. */
  answers: PlaneAnswers;
}

/** What a comparison tells while it runs. */
export type ReproduceEvent =
  | PlannedEvent
  | { kind: "progress"; progress: Progress; cell: string }
  | { kind: "cell"; id: string; seconds: number }
  | { kind: "summarizing" }
  | ReportedEvent;

/** Work is told in thousands of pictures. */
const unitCost = 1000;

/**
 * Computes what is not there yet and makes the report; the last event holds it.
 *
 * @throws SonospeechError `input` when the data cannot be compared on, as when recordings of one split are found in
 * another; what a cell throws; the signal's reason.
 */
export async function* reproduce(options: ReproduceOptions): AsyncGenerator<ReproduceEvent, void, void> {
  const { study, places, signal } = options;
  using data = await StudyData.open(places);
  const { facts, notes } = planStudy(study, data);
  const { certificate } = await certifySplit(data.dataset, { signal });
  const cells = join(options.out, "cells");
  const planned = planCells(study, facts);
  const records = await readRecords(cells, planned);
  const left = planned.filter((cell) => !records.has(cell));
  const cost = left.reduce((sum, cell) => sum + cell.cost, 0);
  yield { kind: "planned", cells: planned.length, finished: records.size, cost, notes };
  yield* follow(computeCells(left, { ...options, certificate, cells }), cost);
  for (const cell of left) records.set(cell, (await readCell({ cells }, cell))!);
  signal?.throwIfAborted();
  yield { kind: "summarizing" };
  const { command, programVersion } = options;
  const report = await summarize({
    study,
    data,
    certificate,
    records,
    command,
    programVersion,
    notes: [...options.notes ?? [], ...notes],
    signal,
  });
  yield { kind: "finished", report, answers: planeAnswers({ data, records }) };
}

/**
 * Records of the cells that need not be computed again. An encoder that others still wait for must have its parameters.
 */
async function readRecords(cells: string, planned: readonly Cell[]): Promise<Map<Cell, CellRecord>> {
  const records = new Map<Cell, CellRecord>();
  for (const cell of planned) {
    const record = await readCell({ cells }, cell);
    if (record) records.set(cell, record);
  }
  const wanted = new Set(planned.flatMap((cell) => cell.needs && !records.has(cell) ? [cell.needs] : []));
  for (const encoder of wanted) {
    if (!await parametersOf({ cells }, encoder)) records.delete(encoder);
  }
  return records;
}

async function* follow(
  events: ReturnType<typeof computeCells>,
  cost: number,
): AsyncGenerator<ReproduceEvent, void, void> {
  const meter = new ProgressMeter("compare", "k pictures", {
    total: Math.round(cost / unitCost),
    windowSeconds: 120,
  });
  const underWay = new Map<Cell, number>();
  let done = 0;
  for await (const event of events) {
    if (event.kind === "progress") underWay.set(event.cell, event.share * event.cell.cost);
    if (event.kind === "done") {
      underWay.delete(event.cell);
      done += event.cell.cost;
      yield { kind: "cell", id: event.cell.id, seconds: event.seconds };
    }
    const all = [...underWay.values()].reduce((sum, part) => sum + part, done);
    yield { kind: "progress", progress: meter.update(Math.round(all / unitCost)), cell: event.cell.id };
  }
}
