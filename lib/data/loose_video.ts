/**
 * A few frames of a video that is in no dataset, through the gate that preparing has.
 *
 * @module
 */

import type { PrepareConfig } from "../config.ts";
import { findBurntIn, LevelRange } from "../media/burnt_in.ts";
import { openPictures } from "../media/pictures.ts";
import { chooseCrop } from "../media/scan_crop.ts";
import { keptPixels } from "../media/sector_outline.ts";
import { UnusableMediaError } from "../media/unusable.ts";
import { blackOut, chooseMask, type MaskChoice, refuseBurntIn } from "./sector_gate.ts";

/** Frames that stand for a video, and how many are looked at for text in place of each. */
const [shownFrames, lookedAtPerFrame] = [4, 10];

/** How a video is read. */
export interface LooseVideoReading {
  /** Settings of the dataset that it is to be like. */
  config: PrepareConfig;
  /** The masks among which its own is chosen. */
  masks: MaskChoice;
  /** Stops the work. */
  signal?: AbortSignal;
}

/**
 * Frames spread over a video, as preparing would store them: cropped, black beside the sector.
 *
 * @returns 0 to 255, [count, height, width].
 * @throws UnusableMediaError when it cannot be used, or the dataset's gate would not let it pass.
 */
export async function readLooseVideo(
  path: string,
  { config, masks, signal }: LooseVideoReading,
): Promise<Uint8Array> {
  const { frameSize, crop, deidentification } = config;
  const { pictures } = await openPictures(path, { needsSound: false, signal });
  const { size, extent: { startSeconds, endSeconds } } = pictures;
  const given = chooseMask(masks, size, deidentification)?.sector.points;
  const { box, outline } = await chooseCrop({ pictures, crop, outline: given, frameSize, signal });
  const pixels = frameSize[0] * frameSize[1];
  const levels = new Uint8Array(shownFrames * lookedAtPerFrame * pixels);
  let filled = 0;
  await pictures.decode({
    ...{ startSeconds, size: frameSize, crop: box, signal },
    frameRate: shownFrames * lookedAtPerFrame / Math.max(0.1, endSeconds - startSeconds),
    onFrames: (frames) => {
      const part = frames.subarray(0, levels.length - filled);
      levels.set(part, filled);
      filled += part.length;
    },
  });
  if (filled < pixels) throw new UnusableMediaError("no frames", "no picture could be decoded");
  const seen = levels.subarray(0, filled - filled % pixels);
  const kept = outline && keptPixels(outline, box, frameSize);
  if (kept) blackOut(seen, kept);
  const range = new LevelRange({ width: frameSize[1], height: frameSize[0] });
  range.take(seen);
  if (deidentification.burntIn === "refuse" && findBurntIn(range, kept)) refuseBurntIn();
  return everyNth(seen, lookedAtPerFrame, pixels);
}

/** The first of every n frames. */
function everyNth(frames: Uint8Array, n: number, pixels: number): Uint8Array {
  const count = Math.ceil(frames.length / pixels / n);
  const out = new Uint8Array(count * pixels);
  for (let i = 0; i < count; i++) {
    out.set(frames.subarray(i * n * pixels, (i * n + 1) * pixels), i * pixels);
  }
  return out;
}
