/**
 * A page that shows what preparing made of each scan: the part of the picture that was kept, sample frames, what is
 * worth knowing, and what was put aside.
 *
 * One file without scripts that loads nothing. Scans go by the dataset's own names. Of a scan's picture nothing is
 * shown but what was kept of it: what lies around may name the patient.
 *
 * @module
 */

import { burntInNote, findBurntIn, LevelRange } from "../media/burnt_in.ts";
import { keptPixels } from "../media/sector_outline.ts";
import { formatDuration } from "../progress.ts";
import { writeFileAtomic } from "../records/atomic_file.ts";
import type { DatasetSummary, QuarantineRecord, ScanRecord } from "./dataset_records.ts";
import { datasetPaths } from "./dataset_schema.ts";
import type { DatasetReader } from "./dataset_store.ts";
import { resizeArea } from "./resize.ts";
import { doubtfulMaskNote, type ScanMask } from "./sector_gate.ts";
import { escapeHtml as escape, greyImage, sheetPage, thumbnailHeight } from "./sheet_page.ts";

/** Thumbnails of all scans together, and of one scan, at most; few scans have more each. */
const mostThumbnails = 1200, mostOfScan = 4;
/** Frames that are looked at to show where something is burnt in. */
const frameSample = 400;

/** What the page is made of. */
export type SheetSource = Pick<DatasetReader, "config" | "scans" | "quarantine" | "readFrames" | "summary">;

/** Writes the page into the dataset's folder. */
export async function writeContactSheet(path: string, dataset: SheetSource): Promise<void> {
  await writeFileAtomic(datasetPaths.sheet(path), new TextEncoder().encode(contactSheet(dataset)));
}

/** The page as HTML. */
export function contactSheet(dataset: SheetSource): string {
  const scans = dataset.scans();
  const aside = dataset.quarantine();
  const burntIn = scans.filter(({ notes }) => notes.includes(burntInNote));
  const doubtful = scans.filter(({ mask }) => mask?.doubts);
  const each = Math.max(1, Math.min(mostOfScan, Math.floor(mostThumbnails / Math.max(1, scans.length))));
  // Where there are too many scans, those with something to look at come first.
  const shown = new Set([...doubtful, ...burntIn, ...scans].slice(0, mostThumbnails).map(({ id }) => id));
  const { windows, hours } = dataset.summary();
  const counts = `${scans.length} ${scans.length === 1 ? "scan" : "scans"}, ${windows} windows (${
    formatDuration(3600 * hours)
  }), ${aside.length} put aside`;
  const warnings = [
    ...(burntIn.length > 0 ? [`Text may be burnt into ${burntIn.length} of them.`] : []),
    ...(doubtful.length > 0 ? [`What was kept of ${doubtful.length} of them may not be the sector.`] : []),
  ];
  return sheetPage(
    "Prepared scans",
    `<p>${counts}. The outline is the whole picture, the filled box what was kept of it, the dashed line the sector
beside which frames are black; they are stored at ${dataset.config.frameSize.join(" × ")} pixels.</p>
<p>${gateText(dataset.summary())}</p>
${warnings.map((text) => `<p class="warning">${text}</p>`).join("\n")}
${scans.map((scan) => scanCard(dataset, scan, shown.has(scan.id) ? each : 0)).join("\n")}
${asideTable(aside)}`,
  );
}

/** What the gate did, in numbers. */
function gateText({ masks, bleeped }: Pick<DatasetSummary, "masks" | "bleeped">): string {
  const { confirmed, template, found, doubtful, none } = masks;
  return `Masks of the pictures: ${confirmed} confirmed, ${template} given and not confirmed, ${found} found by itself, ` +
    `${doubtful} doubtful, ${none} scans without. What lies beside a mask was read back from the files and is black. Speech was taken out of ` +
    `${bleeped.scans} scans, ${bleeped.seconds.toFixed(2)} s in all.`;
}

function scanCard(dataset: SheetSource, scan: ScanRecord, thumbnails: number): string {
  const windows = scan.windowCount === 1 ? "1 window" : `${scan.windowCount} windows`;
  const about = `${scan.split}, ${windows}, ${formatDuration(scan.durationSeconds)}`;
  const gate = [
    maskText(scan.mask),
    ...(scan.bleepedSeconds ? [`${scan.bleepedSeconds.toFixed(2)} s of speech taken out`] : []),
  ];
  const isFlagged = scan.notes.includes(burntInNote);
  const isWarning = (text: string) => text === burntInNote || text.startsWith(doubtfulMaskNote);
  const note = (text: string) => `<li${isWarning(text) ? ' class="warning"' : ""}>${escape(text)}</li>`;
  return `<article id="${scan.id}">
<h2>${scan.id} <span>${about}, ${gate.join(", ")}</span></h2>
<div class="row">
${cropFigure(scan)}
${sampleFrames(scan.frameCount, thumbnails).map((frame) => frameFigure(dataset, scan, frame)).join("\n")}
${isFlagged && thumbnails > 0 ? burntInFigure(dataset, scan) : ""}
</div>
${scan.notes.length > 0 ? `<ul>${scan.notes.map(note).join("")}</ul>` : ""}
</article>`;
}

/** Frames in the middles of equal parts of a scan. */
function sampleFrames(count: number, wanted: number): number[] {
  const parts = Math.min(count, wanted);
  return Array.from({ length: parts }, (_, i) => Math.floor((i + 0.5) * count / parts));
}

function cropFigure({ picture: { width, height }, crop, mask }: ScanRecord): string {
  const line = Math.max(1, height / thumbnailHeight);
  const box = (name: string, x: number, y: number, w: number, h: number) =>
    `<rect class="${name}" x="${x}" y="${y}" width="${w}" height="${h}" stroke-width="${line}"/>`;
  const sector = mask
    ? `<polygon class="sector" points="${mask.outline.join(" ")}" stroke-width="${line}"/>`
    : "";
  return `<figure><svg viewBox="0 0 ${width} ${height}">${box("whole", 0, 0, width, height)}` +
    `${box("kept", crop.x, crop.y, crop.width, crop.height)}${sector}</svg>` +
    `<figcaption>${crop.width} × ${crop.height} of ${width} × ${height}</figcaption></figure>`;
}

function maskText(mask?: ScanMask): string {
  if (!mask) return "no mask";
  if (mask.doubts) return "doubtful mask";
  if (mask.origin === "found") return "mask found by itself";
  return mask.isConfirmed ? "confirmed mask" : "mask that nobody confirmed";
}

function frameFigure(dataset: SheetSource, { id }: ScanRecord, frame: number): string {
  const { frameSize: [height, width], windowSeconds, framesPerWindow } = dataset.config;
  const seconds = (frame * windowSeconds / framesPerWindow).toFixed(1);
  const image = thumbnail(dataset.readFrames(id, frame, 1), height, width);
  return `<figure>${image}<figcaption>${seconds} s</figcaption></figure>`;
}

/** Shows what does not change, with the rest of the picture dimmed. */
function burntInFigure(dataset: SheetSource, { id, frameCount, crop, mask }: ScanRecord): string {
  const [height, width] = dataset.config.frameSize;
  const range = new LevelRange({ width, height });
  for (const frame of sampleFrames(frameCount, frameSample)) range.take(dataset.readFrames(id, frame, 1));
  const found = findBurntIn(range, mask && keptPixels(mask.outline, crop, [height, width]));
  if (!found) return "";
  const levels = range.least.map((level, pixel) => found.mask[pixel] ? 255 : level >> 2);
  return `<figure>${
    thumbnail(levels, height, width)
  }<figcaption class="warning">never changes</figcaption></figure>`;
}

function thumbnail(levels: Uint8Array, height: number, width: number): string {
  const small = Math.min(height, thumbnailHeight);
  const smallWidth = Math.max(1, Math.round(width * small / height));
  const resized = resizeArea(levels, height, width, small, smallWidth);
  return greyImage(Uint8Array.from(resized, (level) => Math.round(level)), small, smallWidth);
}

function asideTable(aside: readonly QuarantineRecord[]): string {
  if (aside.length === 0) return "";
  const row = ({ scanId, reason, detail }: QuarantineRecord) =>
    `<tr><td>${scanId}</td><td>${escape(reason)}</td><td>${escape(detail)}</td></tr>`;
  return `<article><h2>Put aside</h2>
<table><tr><th>place</th><th>reason</th><th></th></tr>
${aside.map(row).join("\n")}
</table></article>`;
}
