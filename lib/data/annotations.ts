/**
 * What people and eye trackers say of a scan: the files of labels and gaze that a manifest names, read, checked and
 * put on the scan's time axis and frames.
 *
 * They are kept apart from what is decoded: other labels or gaze for a scan that is prepared cost no decoding.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { basename } from "node:path";
import { SonospeechError } from "../errors.ts";
import { readPictureTimes } from "../media/pictures.ts";
import { digestValues } from "./content_hash.ts";
import { placeGaze, type ScanGaze, type ScanPlace } from "./gaze.ts";
import { parseGaze } from "./gaze_table.ts";
import { holdLabels, type LabelledFrame, type LabelStretch, parseLabels } from "./labels.ts";
import type { ScanItem } from "./manifest.ts";

/** What is said of a scan. */
export interface Annotations {
  /** On the scan's time axis; missing without a file. */
  labels?: readonly LabelStretch[];
  /** Missing without a file. */
  gaze?: ScanGaze;
  /** What is worth knowing about how they were read. */
  notes: readonly string[];
  /** What somebody should look at: a clock or a file that is probably another scan's. */
  warnings: readonly string[];
}

/** Raised when the same files would be read to other facts. */
const readerVersion = 1;

/**
 * SHA-256 of a scan's files of labels and gaze and of how they are to be read; null when it has none.
 *
 * @throws SonospeechError `input` when a file is not there.
 */
export async function digestAnnotations(item: ScanItem): Promise<string | null> {
  if (item.labels === undefined && item.gaze === undefined) return null;
  const digest = async (kind: FileKind, path?: string) =>
    path === undefined ? null : createHash("sha256").update(await readBytes(kind, path)).digest("hex");
  const digests = [await digest("labels", item.labels), await digest("gaze", item.gaze)];
  return digestValues(readerVersion, digests, item.gazeOffsetSeconds, item.gazeBox ?? null);
}

/** Reads a scan's files of labels and gaze for their faults. @throws SonospeechError `input` naming the line. */
export async function checkAnnotations(item: ScanItem): Promise<void> {
  await readLabelTable(item);
  await readGazeTable(item);
}

/**
 * Reads a scan's labels and gaze and puts them on its axis and frames.
 *
 * @throws SonospeechError `input` naming the line of what is not valid; UnusableMediaError when labels name frames
 * and the video's times cannot be read.
 */
export async function readAnnotations(
  item: ScanItem,
  scan: ScanPlace,
  signal?: AbortSignal,
): Promise<Annotations> {
  const notes: string[] = [], warnings: string[] = [];
  const table = await readLabelTable(item);
  let labels: LabelStretch[] | undefined;
  if (table) {
    const stretches = "frames" in table
      ? await timeFrames(item, table.frames, notes, signal)
      : table.stretches;
    labels = placeLabels(stretches, scan);
    if (labels.length === 0) warnings.push("none of the labels lies within the scan");
  }
  const gazeTable = await readGazeTable(item);
  if (!gazeTable) return { labels, notes, warnings };
  const setting = { offsetSeconds: item.gazeOffsetSeconds, box: item.gazeBox };
  const { gaze, outside } = placeGaze(gazeTable, setting, scan);
  const rows = Math.max(gaze.samples.length, gaze.fixations.length);
  if (rows === 0) warnings.push("none of the gaze lies within the scan: look at gaze_offset_seconds");
  else if (outside > 0) {
    notes.push(`${outside} of ${rows + outside} rows of gaze lie before or after the scan`);
  }
  const cropped = gaze.fixations.filter(({ isInside }) => !isInside).length;
  if (cropped > 0) {
    notes.push(`${cropped} of ${gaze.fixations.length} fixations lie outside what was kept of the picture`);
  }
  return { labels, gaze, notes, warnings };
}

type FileKind = "labels" | "gaze";

function refuseFile(kind: FileKind, path: string, must: string, received?: unknown): never {
  throw new SonospeechError("input", {
    action: `read the ${kind} in ${basename(path)}`,
    must,
    received,
    publicMessage: `Cannot read the ${kind} of a scan: ${must}`,
  });
}

async function readBytes(kind: FileKind, path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    return refuseFile(kind, path, `the file must be there and readable (${(error as Error).name})`);
  }
}

async function readText(kind: FileKind, path: string): Promise<string> {
  const bytes = await readBytes(kind, path);
  // Some trackers write UTF-16, always with its mark.
  const [first, second] = bytes;
  const encoding = first === 0xff && second === 0xfe
    ? "utf-16le"
    : first === 0xfe && second === 0xff
    ? "utf-16be"
    : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

async function readLabelTable(
  { labels: path }: ScanItem,
): Promise<ReturnType<typeof parseLabels> | undefined> {
  if (path === undefined) return undefined;
  return parseLabels(
    await readText("labels", path),
    (line, must, received) => refuseFile("labels", path, `line ${line}: ${must}`, received),
  );
}

async function readGazeTable(
  { gaze: path, gazeBox }: ScanItem,
): Promise<ReturnType<typeof parseGaze> | undefined> {
  if (path === undefined) return undefined;
  return parseGaze(await readText("gaze", path), {
    hasBox: gazeBox !== undefined,
    refuse: (line, must, received) => refuseFile("gaze", path, `line ${line}: ${must}`, received),
  });
}

/** Frames are counted as the video shows them; when each is shown, its own time stamps say. */
async function timeFrames(
  item: ScanItem,
  frames: readonly LabelledFrame[],
  notes: string[],
  signal?: AbortSignal,
): Promise<LabelStretch[]> {
  const times = await readPictureTimes(item.video, signal);
  const known = frames.filter(({ frame }) => frame < times.length);
  if (known.length < frames.length) {
    notes.push(`${frames.length - known.length} labels are of frames after the last, ${times.length - 1}`);
  }
  return holdLabels(known.map(({ frame, label }) => ({ seconds: times[frame], label })));
}

function placeLabels(stretches: readonly LabelStretch[], scan: ScanPlace): LabelStretch[] {
  return stretches.map(({ startSeconds, endSeconds, label }) => ({
    startSeconds: Math.max(0, startSeconds - scan.axisStartSeconds),
    endSeconds: Math.min(scan.durationSeconds, endSeconds - scan.axisStartSeconds),
    label,
  })).filter(({ startSeconds, endSeconds }) => startSeconds < endSeconds);
}
