/**
 * Decides what is kept of a scan's pictures.
 *
 * @module
 */

import {
  boxInside,
  countOnes,
  type CropBox,
  findFan,
  type FoundFan,
  MotionMap,
  type PictureSize,
} from "./crop.ts";
import type { PictureSource } from "./pictures.ts";
import { sectorDoubts } from "./sector_doubt.ts";
import { boxWithin, keptPixels, outlineOf, type SectorOutline } from "./sector_outline.ts";
import { UnusableMediaError } from "./unusable.ts";

/** Frames that are looked at to find the fan. */
const sampledFrames = 40;
/** Longer side of the picture in which the fan is searched, pixels. */
const searchSide = 240;

/** Below this share of what changes, or of what a mask keeps, a mask is probably another scanner's. */
const leastAgreement = 0.8, leastMoving = 0.3;

/** What a crop is decided from. */
export interface CropRequest {
  /** The scan's pictures. */
  pictures: PictureSource;
  /** The setting: find the fan, keep everything, or this box. */
  crop: "auto" | "none" | CropBox;
  /** The sector as a template for pictures of this size gives it; found by itself when left out. */
  outline?: SectorOutline;
  /** Height and width of a stored frame, whose shape a box that is found takes. */
  frameSize: readonly [number, number];
  /** Stops the work. */
  signal?: AbortSignal;
}

/** What is kept of a scan's pictures, in their pixels. */
export interface ChosenCrop {
  /** The part that is stored. */
  box: CropBox;
  /** The sector: what lies outside is black. Missing when no one was given or found. */
  outline?: SectorOutline;
  /** Why a sector that was found is probably none, or not all of it. */
  doubts: string[];
  /** What is worth knowing. */
  notes: string[];
}

/**
 * The part of a scan's pictures that is kept: inside a box, what lies in the sector.
 *
 * @throws UnusableMediaError `crop outside` when a given box does not lie inside the picture.
 */
export async function chooseCrop(request: CropRequest): Promise<ChosenCrop> {
  const { pictures: { size, region }, crop, outline, frameSize } = request;
  const whole = { x: 0, y: 0, ...size };
  const aspect = frameSize[1] / frameSize[0];
  if (typeof crop === "object" && (crop.x + crop.width > size.width || crop.y + crop.height > size.height)) {
    const outside = `the crop box must lie inside the picture of ${size.width} × ${size.height} pixels`;
    throw new UnusableMediaError("crop outside", outside);
  }
  if (outline) {
    const box = crop === "auto" ? boxWithin(outline, size, aspect) : crop === "none" ? whole : crop;
    return { box, outline, doubts: [], notes: compare(outline, await observe(request, whole), size) };
  }
  if (crop === "none") return { box: whole, doubts: [], notes: [] };
  if (crop !== "auto") return { box: crop, doubts: [], notes: [] };
  // What a file names as its region is the box around the fan, which still has its outline in it.
  const within = region ?? whole;
  const { fan, map, moving } = await observe(request, within);
  if (!fan.inside) return { box: within, doubts: [], notes: [fan.note] };
  const box = boxInside(fan.inside, map, within, aspect);
  return {
    box: { ...box, x: within.x + box.x, y: within.y + box.y },
    outline: outlineOf(fan.inside, map, within),
    doubts: sectorDoubts(moving, fan, map),
    notes: [],
  };
}

/** Whether what changes in a scan is what a template keeps. */
function compare(outline: SectorOutline, { fan, map, moving }: Observation, size: PictureSize): string[] {
  const kept = keptPixels(outline, { x: 0, y: 0, ...size }, [map.height, map.width]);
  const both = (mask: Uint8Array) => countOnes(mask.map((value, pixel) => value & kept[pixel]));
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  const notes: string[] = [];
  const agreement = fan.inside ? both(fan.inside) / countOnes(fan.inside) : 1;
  if (agreement < leastAgreement) {
    notes.push(`only ${percent(agreement)} of what changes lies inside the mask: is it this scanner's?`);
  }
  const share = both(moving) / Math.max(1, countOnes(kept));
  if (share < leastMoving) {
    notes.push(`only ${percent(share)} of what the mask keeps ever changes: is it this scanner's?`);
  }
  return notes;
}

/** What was seen of a scan's motion. */
export interface Observation {
  /** Size of the map. */
  map: PictureSize;
  /** 1 where a pixel of the map changes. */
  moving: Uint8Array;
  /** The fan in it. */
  fan: FoundFan;
}

async function observe(request: CropRequest, within: CropBox): Promise<Observation> {
  const motion = await observeMotion(request, within);
  return { map: motion.size, moving: motion.moving(), fan: findFan(motion) };
}

async function observeMotion({ pictures, signal }: CropRequest, within: CropBox): Promise<MotionMap> {
  const { extent } = pictures;
  const scale = Math.min(1, searchSide / Math.max(within.width, within.height));
  const size = {
    width: Math.max(1, Math.round(within.width * scale)),
    height: Math.max(1, Math.round(within.height * scale)),
  };
  const motion = new MotionMap(size);
  await pictures.decode({
    startSeconds: extent.startSeconds,
    frameRate: sampledFrames / Math.max(0.1, extent.endSeconds - extent.startSeconds),
    size: [size.height, size.width],
    crop: within,
    keyFramesOnly: extent.keyPackets >= sampledFrames,
    signal,
    onFrames: (frames) => motion.take(frames),
  });
  return motion;
}
