/**
 * Labels of stretches of scans, for colouring maps and for evaluation; training never sees them.
 *
 * A dataset may have a file `labels.csv` with the columns `scan` (the dataset's own name, as s0001), `start_seconds`,
 * `end_seconds` (on the scan's time axis) and `label`. Whoever has labels puts it there; nothing else changes.
 *
 * @module
 */

import { parse } from "csv-parse/sync";
import { SonospeechError } from "../errors.ts";

/** What labels are given to. */
export interface LabelledWindow {
  /** The window's id. */
  id: number;
  /** Its scan. */
  scanId: string;
  /** Its start on the scan's time axis. */
  startSeconds: number;
}

const columns = ["scan", "start_seconds", "end_seconds", "label"] as const;

/**
 * The label of every window whose middle lies in a labelled stretch, by window id; the first stretch wins.
 *
 * @param text Content of `labels.csv`.
 * @throws SonospeechError `input` with the line when the text is not such a file.
 */
export function windowLabels(
  text: string,
  windows: readonly LabelledWindow[],
  windowSeconds: number,
): Map<number, string> {
  const stretches = Map.groupBy(parseLabels(text), ({ scan }) => scan);
  const labels = new Map<number, string>();
  for (const { id, scanId, startSeconds } of windows) {
    const middle = startSeconds + windowSeconds / 2;
    const found = stretches.get(scanId)?.find(({ start, end }) => start <= middle && middle < end);
    if (found) labels.set(id, found.label);
  }
  return labels;
}

function parseLabels(text: string): { scan: string; start: number; end: number; label: string }[] {
  let rows: Record<string, string>[];
  try {
    rows = parse(text, { columns: true, bom: true, trim: true, skip_empty_lines: true });
  } catch (cause) {
    refuse("it must be valid CSV", cause);
  }
  return rows.map((row, i) => {
    const missing = columns.find((column) => !row[column]);
    if (missing) refuse(`line ${i + 2} must have a value in column ${missing}`, row);
    const [start, end] = [Number(row.start_seconds), Number(row.end_seconds)];
    if (!(start < end)) refuse(`line ${i + 2} must start before it ends`, row);
    return { scan: row.scan, start, end, label: row.label };
  });
}

function refuse(must: string, received: unknown): never {
  throw new SonospeechError("input", { action: "read labels.csv", must, received });
}
