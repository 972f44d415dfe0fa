/**
 * Labels and gaze in a dataset: labels in its index, gaze in a file beside the scan's tensors.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { writeFileAtomic } from "../records/atomic_file.ts";
import type { Annotations } from "./annotations.ts";
import { datasetPaths, scanIdOf } from "./dataset_schema.ts";
import { decodeGaze, encodeGaze, type ScanGaze } from "./gaze.ts";
import type { LabelStretch } from "./labels.ts";

/**
 * Replaces a prepared scan's labels and gaze.
 *
 * The hash is taken away first and written last, so that work that was cut off is done again.
 *
 * @param number The scan's number.
 * @param hash What they follow from, as digestAnnotations says; null when there are none.
 */
export async function writeAnnotations(
  { database, path }: { database: DatabaseSync; path: string },
  number: number,
  { labels = [], gaze, notes, warnings }: Annotations,
  hash: string | null,
): Promise<void> {
  database.prepare("UPDATE scans SET annotation_hash = NULL WHERE number = ?").run(number);
  const file = datasetPaths.gaze(path, scanIdOf(number));
  if (gaze) await writeFileAtomic(file, encodeGaze(gaze));
  else {
    await Deno.remove(file).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  database.exec("BEGIN IMMEDIATE");
  try {
    clearAnnotations(database, number);
    const insert = database.prepare("INSERT INTO labels VALUES (?, ?, ?, ?)");
    for (const { startSeconds, endSeconds, label } of labels) {
      insert.run(number, startSeconds, endSeconds, label);
    }
    database.prepare(
      "UPDATE scans SET annotation_hash = ?, annotation_notes = ?, has_gaze = ? WHERE number = ?",
    ).run(hash, JSON.stringify([...warnings, ...notes]), gaze ? 1 : 0, number);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

/** Forgets a scan's labels and gaze, whose files are gone; part of a transaction of the caller's. */
export function clearAnnotations(database: DatabaseSync, number: number): void {
  database.prepare("DELETE FROM labels WHERE scan = ?").run(number);
  database.prepare(
    "UPDATE scans SET annotation_hash = NULL, annotation_notes = '[]', has_gaze = 0 WHERE number = ?",
  ).run(number);
}

/** The labels of all scans, by scan, in order of time. */
export function readLabels(database: DatabaseSync): Map<string, LabelStretch[]> {
  const rows = database.prepare("SELECT * FROM labels ORDER BY scan, start_seconds, end_seconds").all();
  const labels = new Map<string, LabelStretch[]>();
  for (const row of rows) {
    const id = scanIdOf(Number(row.scan));
    if (!labels.has(id)) labels.set(id, []);
    labels.get(id)!.push({
      startSeconds: Number(row.start_seconds),
      endSeconds: Number(row.end_seconds),
      label: String(row.label),
    });
  }
  return labels;
}

/** The gaze on a scan that has some. @throws SonospeechError `store` when its file is damaged. */
export function readGaze(dataset: string, scanId: string): ScanGaze {
  return decodeGaze(Deno.readFileSync(datasetPaths.gaze(dataset, scanId)));
}
