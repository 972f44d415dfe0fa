/**
 * Manifests: CSV files that say which video belongs to which subject and which speech to which video.
 *
 * Columns, in any order: `video` and `subject` (or `patient`) are needed; `scan` (a name; the video's own by default),
 * `speech` (a separate sound file), `speech_offset_seconds` (when its first sample is heard on the video's clock),
 * `labels` (a file of labels, see labels.ts), `gaze` (a file of gaze, see gaze_table.ts), `gaze_offset_seconds` (the
 * tracker's time 0 on the video's clock), `gaze_box` (where the video was shown: x y width height, in the units of the
 * gaze file), `mask` (a mask for its scanner's pictures, see mask_template.ts), `bleep` (stretches of speech to take
 * out, see bleeps.ts) and `split` (train, validation or test) may be left out or empty. Other columns are left alone. Fields
 * are separated by commas or, as the header shows, semicolons or tabs. Relative paths start from the manifest's
 * folder.
 *
 * @module
 */

import { distance } from "fastest-levenshtein";
import { basename, dirname, extname, resolve } from "node:path";
import { SonospeechError } from "../errors.ts";
import type { CropBox } from "../media/crop.ts";
import { nearest } from "../nearest.ts";
import { readCsvTable } from "./csv_table.ts";
import { type Split, splits } from "./split.ts";

/** One scan to prepare. */
export interface ScanItem {
  /** A name for messages; the file's own name without folders. */
  name: string;
  /**
   * Where its user finds it: the path in the folder that was named, or its name in the manifest. Folders are often
   * named after patients: it is for the user's own terminal and is stored nowhere.
   */
  file: string;
  /** Who was scanned. */
  subject: string;
  /** Whether the subject follows from the names of files and folders alone: a manifest knows better. */
  isGuessed?: true;
  /** Absolute path. */
  video: string;
  /** Absolute path of a separate sound file. */
  speech?: string;
  /** Time of the speech file's start on the video's clock, whose zero is where a player starts it. */
  speechOffsetSeconds: number;
  /** Absolute path of a file of labels. */
  labels?: string;
  /** Absolute path of a file of gaze. */
  gaze?: string;
  /** The gaze file's time 0 on the video's clock. */
  gazeOffsetSeconds: number;
  /** Where the video was shown, in the units of the gaze file; its places are the picture's own when left out. */
  gazeBox?: CropBox;
  /** Absolute path of the mask for its scanner's pictures. */
  mask?: string;
  /** Absolute path of a list of stretches of speech to take out. */
  bleep?: string;
  /** The split that is asked for. */
  split?: Split;
  /** Why it cannot be read, if that is known from its kind. */
  unsupported?: string;
}

/** Scans to prepare, and what deserves a word. */
export interface ScanList {
  /** The scans, in the order they are named. */
  items: ScanItem[];
  /** One sentence each. */
  warnings: string[];
}

const columns = [
  ...["scan", "subject", "video", "speech", "speech_offset_seconds"] as const,
  ...["labels", "gaze", "gaze_offset_seconds", "gaze_box", "mask", "bleep", "split"] as const,
];
type Column = typeof columns[number];
const aliases: Readonly<Record<string, Column>> = { patient: "subject" };
/** A column that is near one of ours and still a likely one of the user's. */
const foreign = new Set(["label"]);

/** Where something went wrong in a manifest. */
interface Place {
  file: string;
  line: number;
  column?: string;
}

function refuse(place: Place, must: string, received?: unknown): never {
  const column = place.column ? `, column ${place.column}` : "";
  throw new SonospeechError("input", {
    action: `read the manifest ${place.file}`,
    must: `line ${place.line}${column}: ${must}`,
    received,
    publicMessage: `Cannot read the manifest: line ${place.line}${column}: ${must}`,
  });
}

/**
 * Reads a manifest.
 *
 * @param path The CSV file (UTF-8, with or without byte order mark, fields may be quoted).
 * @throws SonospeechError `input`, naming line and column, when it cannot be parsed, a needed column or value is
 * missing, a value is not valid, or one subject is in two splits.
 */
export async function readManifest(path: string): Promise<ScanList> {
  return parseManifest(await Deno.readTextFile(path), resolve(path));
}

/** Reads a manifest's text; `path` is where it lies. @throws SonospeechError `input` as {@linkcode readManifest}. */
export function parseManifest(text: string, path: string): ScanList {
  const file = basename(path);
  const { header, headerLine, rows } = readCsvTable(text, {
    refuse: (line, must) => refuse({ file, line }, must),
  });
  if (header.length === 0) refuse({ file, line: 1 }, "there must be a line with the columns' names");
  const { places, ignored } = findColumns(header, { file, line: headerLine });
  const items = rows.map(({ values, line }) => {
    const value = (column: Column) => values[places.get(column) ?? -1] ?? "";
    return toItem(value, { file, line }, dirname(path));
  });
  refuseTwoSplits(items, rows.map(({ line }) => ({ file, line, column: "split" })));
  const warnings = ignored.length > 0 ? [`${file}: columns left alone: ${ignored.join(", ")}`] : [];
  return { items, warnings };
}

function findColumns(header: string[], place: Place): { places: Map<Column, number>; ignored: string[] } {
  const places = new Map<Column, number>();
  const ignored: string[] = [];
  header.forEach((raw, index) => {
    const name = raw.toLowerCase();
    const column = columns.find((known) => known === name) ?? aliases[name];
    if (!column) return ignored.push(checkUnknown(raw, place));
    if (places.has(column)) refuse({ ...place, column: raw }, `the column ${column} must appear once`);
    places.set(column, index);
  });
  for (const needed of ["video", "subject"] as const) {
    if (!places.has(needed)) refuse(place, `there must be a column ${needed}`, header.join(","));
  }
  return { places, ignored };
}

/** A column that is nearly one of ours is a typing error, not a column of the user's. */
function checkUnknown(name: string, place: Place): string {
  const lower = name.toLowerCase();
  const closest = nearest(lower, columns);
  // Two letters more or less make another word of a short one, as age is another than gaze.
  if (!foreign.has(lower) && distance(lower, closest) <= Math.min(2, lower.length / 3)) {
    refuse({ ...place, column: name }, `the column's name must be known, the nearest is "${closest}"`, name);
  }
  return name;
}

function toItem(value: (column: Column) => string, place: Place, folder: string): ScanItem {
  const needed = (column: Column) =>
    value(column) || refuse({ ...place, column }, `${column} must not be empty`);
  const video = resolve(folder, needed("video"));
  return {
    name: value("scan") || stemOf(video),
    file: value("scan") || value("video"),
    subject: needed("subject"),
    video,
    speech: value("speech") ? resolve(folder, value("speech")) : undefined,
    speechOffsetSeconds: toOffset("speech", value, place),
    labels: value("labels") ? resolve(folder, value("labels")) : undefined,
    gaze: value("gaze") ? resolve(folder, value("gaze")) : undefined,
    gazeOffsetSeconds: toOffset("gaze", value, place),
    gazeBox: toGazeBox(value, place),
    mask: value("mask") ? resolve(folder, value("mask")) : undefined,
    bleep: value("bleep") ? resolve(folder, value("bleep")) : undefined,
    split: toSplit(value("split"), place),
  };
}

/** A file's name without folders and extension. */
export function stemOf(path: string): string {
  return basename(path, extname(path));
}

function toOffset(of: "speech" | "gaze", value: (column: Column) => string, place: Place): number {
  const column = `${of}_offset_seconds` as const;
  const text = value(column);
  const seconds = text === "" ? 0 : Number(text);
  const at = { ...place, column };
  if (!Number.isFinite(seconds)) refuse(at, "the offset must be a number of seconds", text);
  // A video's own sound has the video's clock; to leave an offset alone would hide what its writer meant.
  if (seconds !== 0 && !value(of)) refuse(at, `an offset needs a ${of} file in the same row`, text);
  return seconds;
}

function toGazeBox(value: (column: Column) => string, place: Place): CropBox | undefined {
  const text = value("gaze_box");
  if (text === "") return undefined;
  const at = { ...place, column: "gaze_box" };
  const numbers = text.split(/[\s,;]+/).map(Number);
  const [x, y, width, height] = numbers;
  if (numbers.length !== 4 || !numbers.every(Number.isFinite) || width <= 0 || height <= 0) {
    refuse(at, "it must be four numbers, x y width height, of which the last two are positive", text);
  }
  if (!value("gaze")) refuse(at, "a box needs a gaze file in the same row", text);
  return { x, y, width, height };
}

function toSplit(text: string, place: Place): Split | undefined {
  if (text === "") return undefined;
  const split = splits.find((known) => known === text.toLowerCase());
  const closest = nearest(text.toLowerCase(), splits);
  return split ??
    refuse(
      { ...place, column: "split" },
      `it must be one of ${splits.join(", ")}, the nearest is ${closest}`,
      text,
    );
}

function refuseTwoSplits(items: readonly ScanItem[], places: readonly Place[]): void {
  const first = new Map<string, { split: Split; line: number }>();
  items.forEach(({ subject, split }, i) => {
    if (!split) return;
    const earlier = first.get(subject) ?? { split, line: places[i].line };
    first.set(subject, earlier);
    if (earlier.split !== split) {
      refuse(
        places[i],
        `a subject must be in one split only, this one is in ${earlier.split} on line ${earlier.line}`,
        split,
      );
    }
  });
}
