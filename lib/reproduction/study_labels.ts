/**
 * Labels of a whole dataset in one table, for comparing on scans whose manifest names none.
 *
 * @module
 */

import { readCsvTable } from "../data/csv_table.ts";
import type { DatasetReader } from "../data/dataset_store.ts";
import { type LabelStretch, labelWithin } from "../data/labels.ts";
import { SonospeechError } from "../errors.ts";

const columns = ["scan", "start_seconds", "end_seconds", "label"] as const;

/**
 * The label of every window for most of which one holds, by window id.
 *
 * @param text CSV with the columns `scan` (the input's own name, or the dataset's, as s0001), `start_seconds` and
 * `end_seconds` on the video's clock, and `label`.
 * @throws SonospeechError `input` with the line of what is not valid, or of a scan that the dataset does not have.
 */
export function tableLabels(
  text: string,
  dataset: Pick<DatasetReader, "scans" | "windows" | "config">,
): Map<number, string> {
  // The dataset's names are tried last: an input of one's own may be called s0002, too.
  const scans = new Map([
    ...dataset.scans().map((scan) => [scan.id, scan] as const),
    ...dataset.scans().map((scan) => [scan.sourceName, scan] as const),
  ]);
  const stretches = new Map<string, LabelStretch[]>();
  for (const { line, scan: name, ...stretch } of readRows(text)) {
    const scan = scans.get(name);
    if (scan === undefined) refuse(line, "scan must be one of the dataset's", name);
    const start = scan.axisStartSeconds;
    const onAxis = {
      label: stretch.label,
      startSeconds: stretch.startSeconds - start,
      endSeconds: stretch.endSeconds - start,
    };
    stretches.set(scan.id, [...stretches.get(scan.id) ?? [], onAxis]);
  }
  const labels = new Map<number, string>();
  for (const { id, scanId, startSeconds } of dataset.windows()) {
    const span = { startSeconds, endSeconds: startSeconds + dataset.config.windowSeconds };
    const found = labelWithin(stretches.get(scanId) ?? [], span);
    if (found) labels.set(id, found.label);
  }
  return labels;
}

function readRows(text: string): (LabelStretch & { scan: string; line: number })[] {
  const table = readCsvTable(text, {
    pick: (header, line) => {
      const names = header.map((name) => name.toLowerCase());
      return columns.map((column) => {
        const place = names.indexOf(column);
        return place >= 0 ? place : refuse(line, `there must be a column ${column}`, header.join(","));
      });
    },
    refuse,
  });
  return table.rows.map(({ values: [scan, start, end, label], line }) => {
    const [startSeconds, endSeconds] = [table.toNumber(start), table.toNumber(end)];
    if (!Number.isFinite(startSeconds) || !Number.isFinite(endSeconds)) {
      refuse(line, "start_seconds and end_seconds must be numbers", [start, end]);
    }
    if (!(startSeconds < endSeconds)) {
      refuse(line, "start_seconds must come before end_seconds", [start, end]);
    }
    if (label === "") refuse(line, "label must not be empty");
    return { scan, startSeconds, endSeconds, label, line };
  }).toSorted((a, b) => a.startSeconds - b.startSeconds);
}

function refuse(line: number, must: string, received?: unknown): never {
  throw new SonospeechError("input", { action: `read line ${line} of the labels`, must, received });
}
