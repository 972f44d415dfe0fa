/**
 * Looks for what is burnt into pictures: text and marks that stay bright and sharp while everything else moves.
 *
 * What a scanner writes into its pictures may name the patient, and a network could learn from it what it should
 * learn from anatomy. Text that changes, or is there for a part of the scan alone, is not found.
 *
 * @module
 */

import type { PictureSize } from "./crop.ts";

/** Grey levels by which a pixel may change and still count as still: video coding alone makes it flicker. */
const stillRange = 16;
/** Least level of bright pixels, and by how much their surroundings must be darker. */
const brightLevel = 80, leastContrast = 60;
/** How far from a bright pixel darkness must begin for it to be part of a line, as share of the picture's width. */
const strokeRadius = 1 / 72;
/** Below this share of pixels that move nothing can be told of those that do not. */
const leastMoving = 0.3;
/**
 * Smallest share of pixels that counts as text. In 22 public clips, cropped, marks of depth made up 3e-4 and more, and
 * where there were none saturated tissue made up 8e-5 at most.
 */
const leastShare = 2e-4;

/** Said of a scan whose frames have something bright in them that stays as it is. */
export const burntInNote = "text or marks may be burnt into what was kept of the picture: look at qc.html";

/** Collects the darkest and brightest level of each pixel over the frames of a scan. */
export class LevelRange {
  /** Size of the frames. */
  readonly size: PictureSize;
  /** The darkest level of each pixel, [H, W]. */
  readonly least: Uint8Array;
  /** The brightest level of each pixel, [H, W]. */
  readonly most: Uint8Array;

  /** Makes one for frames of this size. */
  constructor(size: PictureSize) {
    this.size = size;
    this.least = new Uint8Array(size.width * size.height).fill(255);
    this.most = new Uint8Array(size.width * size.height);
  }

  /** Takes one or more grey frames, [count, H, W]. */
  take(frames: Uint8Array): void {
    const { least, most } = this;
    for (let start = 0; start < frames.length; start += least.length) {
      for (let pixel = 0; pixel < least.length; pixel++) {
        const level = frames[start + pixel];
        if (level < least[pixel]) least[pixel] = level;
        if (level > most[pixel]) most[pixel] = level;
      }
    }
  }
}

/** What is burnt in. */
export interface BurntIn {
  /** 1 where a pixel is part of it, [H, W]. */
  mask: Uint8Array;
  /** Its share of the pixels. */
  share: number;
}

/**
 * Finds what is burnt into the frames that were seen; nothing when there is nothing, or when too little moves.
 *
 * @param kept 1 where a pixel may show something, [H, W]; everywhere when left out. Shares are of these.
 */
export function findBurntIn(
  range: LevelRange,
  kept?: Uint8Array,
): BurntIn | undefined {
  const found = findStillLines(range, kept);
  const { mask, lines, moving, pixels } = found;
  return moving >= leastMoving * pixels && isLikelyText(found) ? { mask, share: lines / pixels } : undefined;
}

/** What never changes among what was seen. */
export interface StillLines {
  /** 1 where a bright thin line never changes, [H, W]. */
  mask: Uint8Array;
  /** Pixels of such lines, that change, and in all. */
  lines: number;
  moving: number;
  pixels: number;
}

/** Whether there are too many still lines for tissue. */
export function isLikelyText({ lines, pixels }: StillLines): boolean {
  return pixels > 0 && lines / pixels >= leastShare;
}

/** Finds bright thin lines that never change, however much else does. @param kept As of {@linkcode findBurntIn}. */
export function findStillLines({ size, least, most }: LevelRange, kept?: Uint8Array): StillLines {
  const radius = Math.max(2, Math.round(size.width * strokeRadius));
  const found: StillLines = { mask: new Uint8Array(least.length), lines: 0, moving: 0, pixels: 0 };
  for (let pixel = 0; pixel < least.length; pixel++) {
    if (kept && !kept[pixel]) continue;
    found.pixels++;
    if (most[pixel] - least[pixel] > stillRange) found.moving++;
    else if (least[pixel] >= brightLevel && isInLine(least, size, pixel, radius)) {
      found.mask[pixel] = 1;
      found.lines++;
    }
  }
  return found;
}

/** Whether darkness is near on both sides of a pixel, across or down: lines are thin, saturated tissue is not. */
function isInLine(
  least: Uint8Array,
  { width, height }: PictureSize,
  pixel: number,
  radius: number,
): boolean {
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  const isDark = (dx: number, dy: number) => {
    for (let step = 1; step <= radius; step++) {
      const [column, row] = [x + step * dx, y + step * dy];
      if (column < 0 || row < 0 || column >= width || row >= height) return false;
      if (least[row * width + column] <= least[pixel] - leastContrast) return true;
    }
    return false;
  };
  return (isDark(-1, 0) && isDark(1, 0)) || (isDark(0, -1) && isDark(0, 1));
}
