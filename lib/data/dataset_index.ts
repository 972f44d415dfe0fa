/**
 * The index of a prepared dataset, row by row as records: `dataset.json` with its settings, and the database of scans
 * and windows.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { type PrepareConfig, resolvePrepareConfig } from "../config.ts";
import { SonospeechError } from "../errors.ts";
import type { CropBox } from "../media/crop.ts";
import type { QuarantineRecord, ScanRecord, WindowRecord } from "./dataset_records.ts";
import { datasetPaths, formatVersion, scanIdOf } from "./dataset_schema.ts";
import type { ScanMask } from "./sector_gate.ts";
import type { Split } from "./split.ts";

/** The settings in a dataset's `dataset.json`. @throws SonospeechError `store` when there is none. */
export function readConfig(path: string): PrepareConfig {
  let content: { formatVersion?: unknown; config?: unknown };
  try {
    content = JSON.parse(Deno.readTextFileSync(datasetPaths.manifest(path)));
  } catch (cause) {
    throw new SonospeechError("store", {
      action: `open the dataset ${path}`,
      must: "the folder must hold a readable dataset.json",
      hint: "Make one with: ./run prepare INPUT --out DATASET",
      publicMessage: "Cannot open the dataset: the folder must hold a readable dataset.json",
      cause,
    });
  }
  if (content.formatVersion !== formatVersion) {
    throw new SonospeechError("store", {
      action: "open the dataset",
      must: `its format version must be ${formatVersion}`,
      received: content.formatVersion,
      hint: "Prepare it again into another folder.",
    });
  }
  return resolvePrepareConfig({ file: content.config });
}

/** The scans that were prepared, in the order of their numbers. */
export function readScans(database: DatabaseSync): ScanRecord[] {
  const rows = database.prepare(
    `SELECT scans.*, subjects.split FROM scans JOIN subjects USING (subject)
     WHERE state = 'done' ORDER BY number`,
  ).all();
  return rows.map((row) =>
    Object.freeze({
      id: scanIdOf(Number(row.number)),
      subject: String(row.subject),
      split: row.split as Split,
      durationSeconds: Number(row.duration_seconds),
      windowCount: Number(row.window_count),
      frameCount: Number(row.frame_count),
      columnCount: Number(row.column_count),
      sampleCount: Number(row.sample_count),
      contentHash: String(row.content_hash),
      sourceName: String(row.source_name),
      axisStartSeconds: Number(row.axis_start_seconds),
      picture: { width: Number(row.picture_width), height: Number(row.picture_height) },
      crop: JSON.parse(String(row.crop)) as CropBox,
      ...(row.mask === null ? {} : { mask: JSON.parse(String(row.mask)) as ScanMask }),
      ...(row.bleeped_seconds === 0 ? {} : { bleepedSeconds: Number(row.bleeped_seconds) }),
      hasGaze: row.has_gaze === 1,
      notes: [row.notes, row.annotation_notes].flatMap((notes) => JSON.parse(String(notes)) as string[]),
    })
  );
}

/** The windows of those scans, in the order of their ids. */
export function readWindows(
  database: DatabaseSync,
  scans: ReadonlyMap<string, ScanRecord>,
  config: PrepareConfig,
): WindowRecord[] {
  const rows = database.prepare("SELECT * FROM windows ORDER BY id").all();
  return rows.map((row) => {
    const { id: scanId, subject, split } = scans.get(scanIdOf(Number(row.scan)))!;
    const index = Number(row.position);
    return Object.freeze({
      id: Number(row.id),
      scanId,
      subject,
      split,
      index,
      startSeconds: index * config.windowSeconds,
      firstFrame: index * config.framesPerWindow,
      frameCount: config.framesPerWindow,
      voicedFractionEnergy: Number(row.voiced_energy),
      voicedFractionWebrtc: Number(row.voiced_webrtc),
    });
  });
}

/** What could not be used. */
export function readQuarantine(database: DatabaseSync): QuarantineRecord[] {
  const rows = database.prepare("SELECT * FROM scans WHERE state = 'quarantined' ORDER BY number").all();
  return rows.map((row) => ({
    scanId: scanIdOf(Number(row.number)),
    subject: String(row.subject),
    sourceName: String(row.source_name),
    reason: String(row.reason),
    detail: String(row.detail),
  }));
}
