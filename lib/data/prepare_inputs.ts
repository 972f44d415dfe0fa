/**
 * From what a user names (files, folders, manifests) to the list of scans.
 *
 * A file that is named directly is a scan, its subject is the file's name without extension. A folder is searched
 * with its subfolders: a file in a subfolder belongs to the subject that the subfolder is named after, a file directly
 * in the folder is its own subject. A folder that holds a `manifest.csv` is read through it. A sound file with the
 * same name as a video beside it is that video's speech.
 *
 * @module
 */

import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { SonospeechError } from "../errors.ts";
import { isDicom } from "../media/dicom_header.ts";
import { readManifest, type ScanItem, type ScanList, stemOf } from "./manifest.ts";

const videoExtensions = new Set([".mp4", ".mov", ".mkv", ".avi", ".webm", ".gif", ".dcm"]);
const soundExtensions = new Set(
  [
    ".wav",
    ".flac",
    ".mp3",
    ".m4a",
    ".aac",
    ".ogg",
    ".opus",
    ".aiff",
    ".aif",
    ".au",
    ".caf",
    ".w64",
    ".wma",
    ".amr",
  ],
);
/** Files that hold pictures in ways that are not read. */
const unsupportedExtensions: ReadonlyMap<string, string> = new Map([
  [".ult", "raw ultrasound of Articulate Assistant is not read, convert it to a video first"],
]);

/**
 * Lists the scans of all inputs, in a fixed order; a scan is listed once however often it is named.
 *
 * @throws SonospeechError `input` when an input does not exist, a manifest is not valid, or nothing is found.
 */
export async function listScans(inputs: readonly string[]): Promise<ScanList> {
  const list: ScanList = { items: [], warnings: [] };
  for (const input of inputs) {
    const found = await listInput(resolve(input));
    list.items.push(...found.items);
    list.warnings.push(...found.warnings);
  }
  list.items = listOnce(list.items);
  if (list.items.length > 0) return list;
  throw new SonospeechError("input", {
    action: "read the inputs",
    must: `the inputs must hold videos (${[...videoExtensions].join(" ")})`,
    received: inputs.map((input) => basename(input)).join(", ") || "no inputs",
  });
}

/**
 * Each scan once, as a manifest says before what names of files say; where its first mention has no labels, gaze, mask,
 * bleeps or split, a later one's are taken.
 *
 * @throws SonospeechError `input` when manifests name several subjects or splits for it: it could be in two splits.
 */
function listOnce(items: readonly ScanItem[]): ScanItem[] {
  const byKey = Map.groupBy(
    items,
    ({ video, speech, speechOffsetSeconds }) => JSON.stringify([video, speech, speechOffsetSeconds]),
  );
  return [...byKey.values()].map((same) => {
    const told = same.filter(({ isGuessed }) => !isGuessed);
    const first = told[0] ?? same[0];
    const { gaze, gazeBox, gazeOffsetSeconds } = same.find((item) => item.gaze !== undefined) ?? first;
    const given = <K extends "labels" | "mask" | "bleep" | "split">(of: K) =>
      same.find((item) => item[of] !== undefined)?.[of];
    requireOne(first, "subject", told.map(({ subject }) => subject));
    requireOne(first, "split", told.flatMap(({ split }) => split ?? []));
    const [labels, mask, bleep, split] = [given("labels"), given("mask"), given("bleep"), given("split")];
    return { ...first, labels, gaze, gazeBox, gazeOffsetSeconds, mask, bleep, split };
  });
}

function requireOne({ file }: ScanItem, what: string, values: readonly string[]): void {
  const different = new Set(values);
  if (different.size < 2) return;
  throw new SonospeechError("input", {
    action: "read the inputs",
    must: `manifests must agree on the ${what} of ${file}`,
    received: [...different].join(", "),
    publicMessage: `Cannot read the inputs: manifests must agree on the ${what} of a scan`,
  });
}

async function listInput(path: string): Promise<ScanList> {
  const stat = await Deno.stat(path).catch(() => null);
  if (stat?.isDirectory) return await listFolder(path);
  if (stat && extname(path).toLowerCase() === ".csv") return await readManifest(path);
  if (stat) {
    return { items: [toScan(path, basename(path), stemOf(path), await soundBeside(path))], warnings: [] };
  }
  throw new SonospeechError("input", {
    action: "read the inputs",
    must: "every input must exist",
    received: path,
    publicMessage: "Cannot read the inputs: every input must exist",
  });
}

async function listFolder(folder: string): Promise<ScanList> {
  const manifest = join(folder, "manifest.csv");
  if (await Deno.stat(manifest).then((stat) => stat.isFile).catch(() => false)) {
    return await readManifest(manifest);
  }
  const files = await findFiles(folder);
  const sounds = new Map<string, string>();
  for (const path of files) {
    const key = withoutExtension(path);
    if (soundExtensions.has(extensionOf(path)) && !sounds.has(key)) sounds.set(key, path);
  }
  const items: ScanItem[] = [];
  const paired = new Set<string>();
  for (const path of files) {
    if (!await holdsPictures(path)) continue;
    const sound = sounds.get(withoutExtension(path));
    if (sound) paired.add(sound);
    items.push(toScan(path, relative(folder, path), subjectIn(folder, path), sound));
  }
  for (const path of files) {
    if (soundExtensions.has(extensionOf(path)) && !paired.has(path)) {
      items.push(toScan(path, relative(folder, path), subjectIn(folder, path)));
    }
  }
  const guessed = items.some(({ video }) => dirname(video) === folder);
  const warning = `${
    basename(folder)
  }: no manifest.csv, so every file directly in it counts as a subject of its own`;
  return { items, warnings: guessed ? [warning] : [] };
}

/** By its extension, or, where that says nothing, because it begins as DICOM files do; they often have none. */
async function holdsPictures(path: string): Promise<boolean> {
  const extension = extensionOf(path);
  if (videoExtensions.has(extension) || unsupportedExtensions.has(extension)) return true;
  if (soundExtensions.has(extension) || basename(path).toUpperCase() === "DICOMDIR") return false;
  return await isDicom(path);
}

function subjectIn(folder: string, path: string): string {
  return dirname(path) === folder ? stemOf(path) : basename(dirname(path));
}

function extensionOf(path: string): string {
  return extname(path).toLowerCase();
}

function withoutExtension(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}

/** All files below a folder, sorted; hidden ones are left out and links to folders are not followed. */
async function findFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory) files.push(...await findFiles(path));
    else if (entry.isFile || (await Deno.stat(path).catch(() => null))?.isFile) files.push(path);
  }
  return files.sort();
}

async function soundBeside(path: string): Promise<string | undefined> {
  if (!await holdsPictures(path)) return undefined;
  for (const extension of soundExtensions) {
    const sound = withoutExtension(path) + extension;
    if (await Deno.stat(sound).then((stat) => stat.isFile).catch(() => false)) return sound;
  }
  return undefined;
}

function toScan(video: string, file: string, subject: string, speech?: string): ScanItem {
  const unsupported = unsupportedExtensions.get(extensionOf(video));
  return {
    name: basename(video),
    file,
    subject,
    isGuessed: true,
    video,
    speech,
    speechOffsetSeconds: 0,
    gazeOffsetSeconds: 0,
    unsupported,
  };
}
