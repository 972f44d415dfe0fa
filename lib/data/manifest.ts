/**
 * Manifests: CSV files that say which video belongs to which subject and which speech to which video.
 *
 * Columns, in any order: `video` and `subject` (or `patient`) are needed; `scan` (a name; the video's own by default),
 * `speech` (a separate sound file), `speech_offset_seconds` (when its first sample is heard on the video's clock) and
 * `split` (train, validation or test) may be left out or empty. Other columns are left alone. Fields are separated by
 * commas or, as the header shows, semicolons. Relative paths start from the manifest's folder.
 *
 * @module
 */

import { parse } from "csv-parse/sync";
import { distance } from "fastest-levenshtein";
import { basename, dirname, extname, resolve } from "node:path";
import { SonospeechError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { type Split, splits } from "./split.ts";

/** One scan to prepare. */
export interface ScanItem {
  /** A name for messages; the file's own name without folders. */
  name: string;
  /** Who was scanned. */
  subject: string;
  /** Absolute path. */
  video: string;
  /** Absolute path of a separate sound file. */
  speech?: string;
  /** Time of the speech file's start on the video's clock, whose zero is where a player starts it. */
  speechOffsetSeconds: number;
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

const columns = ["scan", "subject", "video", "speech", "speech_offset_seconds", "split"] as const;
type Column = typeof columns[number];
const aliases: Readonly<Record<string, Column>> = { patient: "subject" };

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
  const [header, ...rows] = parseRows(text, file);
  if (!header) refuse({ file, line: 1 }, "there must be a line with the columns' names");
  const { places, ignored } = findColumns(header.record, { file, line: header.line });
  const items = rows.map(({ record, line }) => {
    const value = (column: Column) => record[places.get(column) ?? -1] ?? "";
    return toItem(value, { file, line }, dirname(path));
  });
  refuseTwoSplits(items, rows.map(({ line }) => ({ file, line, column: "split" })));
  const warnings = ignored.length > 0 ? [`${file}: columns left alone: ${ignored.join(", ")}`] : [];
  return { items, warnings };
}

interface Row {
  record: string[];
  line: number;
}

function parseRows(text: string, file: string): Row[] {
  try {
    const options = {
      bom: true,
      skip_empty_lines: true,
      trim: true,
      info: true,
      delimiter: delimiterOf(text),
    };
    const rows = parse(text, options) as unknown as { record: string[]; info: { lines: number } }[];
    return rows.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (error) {
    const line = (error as { lines?: number }).lines ?? 1;
    return refuse({ file, line }, `it must be valid CSV (${(error as Error).message})`);
  }
}

/** Where numbers have a decimal comma, spreadsheets write semicolons between fields. */
function delimiterOf(text: string): string {
  const header = text.split(/[\r\n]/).find((line) => line.trim() !== "") ?? "";
  return header.includes(";") && !header.includes(",") ? ";" : ",";
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
  const closest = nearest(name.toLowerCase(), columns);
  if (distance(name.toLowerCase(), closest) <= 2) {
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
    subject: needed("subject"),
    video,
    speech: value("speech") ? resolve(folder, value("speech")) : undefined,
    speechOffsetSeconds: toOffset(value("speech_offset_seconds"), value("speech") !== "", place),
    split: toSplit(value("split"), place),
  };
}

/** A file's name without folders and extension. */
export function stemOf(path: string): string {
  return basename(path, extname(path));
}

function toOffset(text: string, hasSpeech: boolean, place: Place): number {
  const seconds = text === "" ? 0 : Number(text);
  const at = { ...place, column: "speech_offset_seconds" };
  if (!Number.isFinite(seconds)) refuse(at, "the offset must be a number of seconds", text);
  // A video's own sound has the video's clock; to leave an offset alone would hide what its writer meant.
  if (seconds !== 0 && !hasSpeech) refuse(at, "an offset needs a speech file in the same row", text);
  return seconds;
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
