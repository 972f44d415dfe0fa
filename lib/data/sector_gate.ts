/**
 * The gate through which pictures come into a dataset: which mask holds for a scan, and the proof that it was applied.
 *
 * @module
 */

import type { PrepareConfig } from "../config.ts";
import { SonospeechError } from "../errors.ts";
import type { CropBox, PictureSize } from "../media/crop.ts";
import { keptPixels, type SectorOutline } from "../media/sector_outline.ts";
import { UnusableMediaError } from "../media/unusable.ts";
import { SafetensorsReader } from "../records/safetensors_reader.ts";
import type { MaskTemplate } from "./mask_template.ts";

/** The mask of a scan's pictures. */
export interface ScanMask {
  /** Where the sector lies, in pixels of the scan's pictures. */
  outline: SectorOutline;
  /** Whether it was found in the scan or given. */
  origin: "found" | "template";
  /** Whether somebody looked at the template and confirmed it. */
  isConfirmed: boolean;
  /** Why it is probably not the sector's outline; missing when nothing speaks against it. */
  doubts?: readonly string[];
}

/** How a note of a scan begins whose mask is in doubt; the reason follows. */
export const doubtfulMaskNote = "its mask is doubtful: ";

/** Masks among which a scan's is chosen. */
export interface MaskChoice {
  /** The one that the manifest names for the scan. */
  own?: MaskTemplate;
  /** Those for all scans, each for pictures of another size. */
  others?: readonly MaskTemplate[];
  /** Whether pictures of a size must have one of them; without it, the sector is found where none fits. */
  isRequired?: (size: PictureSize) => boolean;
}

/**
 * The template for pictures of a size, if there is one.
 *
 * @throws UnusableMediaError `mask does not fit` when the scan's own is for another size, `no confirmed mask` when the
 * settings ask for a confirmed one and there is none, `no mask` when there must be one and is none.
 */
export function chooseMask(
  { own, others = [], isRequired }: MaskChoice,
  { width, height }: PictureSize,
  { requireConfirmedMask }: PrepareConfig["deidentification"],
): MaskTemplate | undefined {
  const fits = ({ frameSize }: MaskTemplate) => frameSize.width === width && frameSize.height === height;
  if (own && !fits(own)) {
    const { frameSize } = own;
    const found = `its mask is for pictures of ${frameSize.width} × ${frameSize.height} pixels`;
    throw new UnusableMediaError("mask does not fit", `${found}, these have ${width} × ${height}`);
  }
  const mask = own ?? others.find(fits);
  if (requireConfirmedMask && !mask?.confirmed) {
    const doubt = mask && mask.doubts.length > 0 ? ` and is doubtful (${mask.doubts[0]})` : "";
    const what = mask
      ? `the mask was not confirmed${doubt}`
      : `there is no mask for ${width} × ${height} pixels`;
    throw new UnusableMediaError("no confirmed mask", `${what}: see the command mask`);
  }
  if (!mask && isRequired?.({ width, height })) {
    const what =
      `masks were given for the dataset's scans, and not one of them is for ${width} × ${height} pixels`;
    throw new UnusableMediaError("no mask", `${what} alone: name it with --mask`);
  }
  return mask;
}

/** Refuses pictures with text in what would be kept of them. @throws UnusableMediaError `burnt-in text`. */
export function refuseBurntIn(): never {
  throw new UnusableMediaError(
    "burnt-in text",
    "text or marks may be burnt into what would be kept of the picture: give a mask or a crop without them",
  );
}

/** Makes what is not kept black, in frames [count, H, W], in place. */
export function blackOut(frames: Uint8Array, kept: Uint8Array): void {
  for (let i = 0; i < frames.length; i++) if (!kept[i % kept.length]) frames[i] = 0;
}

/** Frames that are read at once. */
const framesAtOnce = 256;

/**
 * Reads a scan's frames back from the disk and makes sure that nothing beside the sector is in them.
 *
 * Black is the only level of what is outside: text that is still would show as a level, and text that changes as well.
 *
 * @throws SonospeechError `store` when something is there.
 */
export function requireBlackOutside(
  path: string,
  { outline }: Pick<ScanMask, "outline">,
  crop: CropBox,
  frameSize: readonly [number, number],
): void {
  const outside = Array.from(keptPixels(outline, crop, frameSize)).flatMap((kept, pixel) =>
    kept ? [] : [pixel]
  );
  if (outside.length === 0) return;
  const reader = new SafetensorsReader(path);
  try {
    const [count] = reader.entries.get("frames")!.shape;
    const size = frameSize[0] * frameSize[1];
    for (let start = 0; start < count; start += framesAtOnce) {
      const frames = reader.readRows("frames", start, Math.min(framesAtOnce, count - start));
      for (let at = 0; at < frames.length; at += size) {
        if (outside.some((pixel) => frames[at + pixel] !== 0)) refuse(start + at / size);
      }
    }
  } finally {
    reader.close();
  }
}

function refuse(frame: number): never {
  throw new SonospeechError("store", {
    action: "store the frames of a scan",
    must: "what lies outside of the sector must be black in the file",
    received: `frame ${frame} with something else`,
    hint: "The file is not used. If the disk is sound, please report this.",
  });
}
