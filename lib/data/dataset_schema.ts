/**
 * How a dataset lies on disk: names, versions and the tables of its index.
 *
 * ```text
 * DATASET/dataset.json                        format version and resolved PrepareConfig
 * DATASET/qc.html                             what became of each scan, to look at
 * DATASET/split.json                          subjects of each split and their hashes
 * DATASET/index.sqlite                        scans, windows, labels, subjects, quarantine
 * DATASET/scans/s0001/frames.safetensors      "frames" U8 [N, H, W]
 * DATASET/scans/s0001/pcm.safetensors         "pcm" I16 [samples]
 * DATASET/scans/s0001/log_spectrogram.safetensors  "log_spectrogram" F16 [columns, bands]
 * DATASET/scans/s0001/gaze.safetensors        "samples" F64 [N, 3], "fixations" F64 [M, 4]; where there is gaze
 * ```
 *
 * @module
 */

import { join } from "node:path";

/** Version of the layout; readers refuse others. */
export const formatVersion = 3;

/** Windows of one scan have ids `scan number × windowIdStride + index`, which fit 32 bits for 20,000 scans. */
export const windowIdStride = 100_000;

/** Paths of a dataset's parts. */
export const datasetPaths = {
  manifest: (dataset: string) => join(dataset, "dataset.json"),
  index: (dataset: string) => join(dataset, "index.sqlite"),
  split: (dataset: string) => join(dataset, "split.json"),
  sheet: (dataset: string) => join(dataset, "qc.html"),
  lock: (dataset: string) => join(dataset, "prepare.lock"),
  scans: (dataset: string) => join(dataset, "scans"),
  scan: (dataset: string, scanId: string) => join(dataset, "scans", scanId),
  tensor: (dataset: string, scanId: string, tensor: ScanTensor) =>
    join(dataset, "scans", scanId, `${tensor}.safetensors`),
  gaze: (dataset: string, scanId: string) => join(dataset, "scans", scanId, "gaze.safetensors"),
};

/** The tensors of a scan, each in a file of its name. */
export type ScanTensor = "frames" | "pcm" | "log_spectrogram";

/** The public name of a scan, as `s0001`: it tells nothing about file or patient. */
export function scanIdOf(number: number): string {
  return `s${String(number).padStart(4, "0")}`;
}

/**
 * The index's tables. Paths are not stored: `source` is a hash, `source_name` the file's own name. With pseudonyms,
 * these and `subject` are keyed hashes.
 */
export const schema = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS subjects (subject TEXT PRIMARY KEY, split TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS scans (
    number INTEGER PRIMARY KEY,
    source TEXT NOT NULL UNIQUE,
    source_name TEXT NOT NULL,
    subject TEXT NOT NULL,
    requested_split TEXT,
    state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'quarantined')),
    content_hash TEXT,
    duration_seconds REAL,
    window_count INTEGER,
    frame_count INTEGER,
    column_count INTEGER,
    sample_count INTEGER,
    axis_start_seconds REAL,
    picture_width INTEGER,
    picture_height INTEGER,
    crop TEXT,
    mask TEXT,
    bleeped_seconds REAL NOT NULL DEFAULT 0,
    notes TEXT NOT NULL DEFAULT '[]',
    annotation_hash TEXT,
    annotation_notes TEXT NOT NULL DEFAULT '[]',
    has_gaze INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    detail TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS windows (
    id INTEGER PRIMARY KEY,
    scan INTEGER NOT NULL REFERENCES scans (number) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    voiced_energy REAL NOT NULL,
    voiced_webrtc REAL NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS videos (
    scan INTEGER PRIMARY KEY REFERENCES scans (number) ON DELETE CASCADE,
    sha256 TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS labels (
    scan INTEGER NOT NULL REFERENCES scans (number) ON DELETE CASCADE,
    start_seconds REAL NOT NULL,
    end_seconds REAL NOT NULL,
    label TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS labels_scan ON labels (scan, start_seconds);
  CREATE INDEX IF NOT EXISTS windows_scan ON windows (scan, position);
`;
