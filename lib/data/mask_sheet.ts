/**
 * A page on which somebody sees whether masks keep the sector and nothing else, and confirms them.
 *
 * What lies beside the sector is shown as coarse blocks, in which no text can be read: the page may be passed on.
 *
 * @module
 */

import { findStillLines, isLikelyText } from "../media/burnt_in.ts";
import type { PictureSize } from "../media/crop.ts";
import { type FoundMask, keptOf, type ObservedScan } from "./find_masks.ts";
import type { MaskTemplate } from "./mask_template.ts";
import { escapeHtml, greyImage, sheetPage } from "./sheet_page.ts";

/** Side of a block beside the sector, as share of the picture's longer side. */
const blockShare = 1 / 16;

/** The page as HTML. @param fileOf The name of a mask's file. */
export function maskSheet(
  masks: readonly FoundMask[],
  failures: readonly string[],
  fileOf: (template: MaskTemplate) => string,
): string {
  const failed = failures.map((text) => `<li>${escapeHtml(text)}</li>`).join("\n");
  return sheetPage(
    "Masks of scanners' pictures",
    `<p>Of each picture, what lies inside the dashed line is kept and everything else becomes black; it is shown here as
blocks. Look whether the line holds the whole sector and no text. If so, confirm the mask with
<code>mask FILE --confirm</code>; if not, change the points in its file first. A mask that is marked doubtful can be
confirmed when its corners are right and <code>"doubts": []</code> stands in its file.</p>
${masks.map((mask) => maskCard(mask, fileOf(mask.template))).join("\n")}
${failed === "" ? "" : `<article><h2>Without a mask</h2><ul>${failed}</ul></article>`}`,
  );
}

function maskCard({ template, scans, stillLines }: FoundMask, file: string): string {
  const { frameSize: { width, height }, sector, scanner } = template;
  const shown = scans.filter(({ frames }) => frames.length > 0);
  const still =
    `Bright lines that never change: beside the sector in ${stillLines.outside} of ${scans.length} scans ` +
    `(they go), inside in ${stillLines.inside} (they stay).`;
  return `<article>
<h2>${escapeHtml(file)} <span>${
    escapeHtml(scanner)
  } ${width} × ${height}, ${sector.points.length} corners, found in
${scans.length} scans</span></h2>
<p${stillLines.inside > 0 ? ' class="warning"' : ""}>${still}</p>
${template.doubts.map((doubt) => `<p class="warning">Doubtful: ${escapeHtml(doubt)}</p>`).join("\n")}
<div class="large">
${shown.map((scan) => scanFigures(template, scan)).join("\n")}
</div>
</article>`;
}

function scanFigures(template: MaskTemplate, { number, range, frames }: ObservedScan): string {
  const { size } = range;
  const kept = keptOf(template, size);
  const figure = (levels: Uint8Array, caption: string, isWarning = false) =>
    `<figure><div class="over">${greyImage(levels, size.height, size.width)}${outlineSvg(template)}</div>` +
    `<figcaption${isWarning ? ' class="warning"' : ""}>${caption}</figcaption></figure>`;
  const pictures = frames.map((frame) => figure(hideOutside(frame, kept, size), `scan ${number}`));
  const found = findStillLines(range, kept);
  if (!isLikelyText(found)) return pictures.join("");
  const marked = hideOutside(range.least, kept, size).map((level, pixel) =>
    found.mask[pixel] ? 255 : level >> 2
  );
  return [...pictures, figure(marked, `scan ${number}: never changes`, true)].join("");
}

function outlineSvg({ frameSize: { width, height }, sector }: MaskTemplate): string {
  const line = Math.max(1, width / 240);
  return `<svg viewBox="0 0 ${width} ${height}"><polygon class="sector" points="${
    sector.points.join(" ")
  }" ` +
    `stroke-width="${line}"/></svg>`;
}

/** A frame whose pixels beside the sector are means of blocks; blocks that touch the sector are means of the rest. */
export function hideOutside(frame: Uint8Array, kept: Uint8Array, { width, height }: PictureSize): Uint8Array {
  const side = Math.max(8, Math.ceil(Math.max(width, height) * blockShare));
  const across = Math.ceil(width / side);
  const blockOf = (pixel: number) =>
    Math.floor(Math.floor(pixel / width) / side) * across + Math.floor((pixel % width) / side);
  const blocks = across * Math.ceil(height / side);
  const [sums, counts] = [new Float64Array(blocks), new Uint32Array(blocks)];
  frame.forEach((level, pixel) => {
    if (kept[pixel]) return;
    sums[blockOf(pixel)] += level;
    counts[blockOf(pixel)]++;
  });
  return frame.map((level, pixel) =>
    kept[pixel] ? level : Math.round(sums[blockOf(pixel)] / counts[blockOf(pixel)])
  );
}
