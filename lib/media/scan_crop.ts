/**
 * Decides what is kept of a scan's pictures.
 *
 * @module
 */

import type { CropBox } from "./crop.ts";
import { findCrop, type FoundCrop, MotionMap } from "./crop.ts";
import { decodeFrames } from "./decode.ts";
import type { VideoProbe } from "./probe.ts";
import type { StreamExtent } from "./survey.ts";
import { UnusableMediaError } from "./unusable.ts";

/** Frames that are looked at to find the fan. */
const sampledFrames = 40;
/** Longer side of the picture in which the fan is searched, pixels. */
const searchSide = 240;

/** What a crop is decided from. */
export interface CropRequest {
  /** The video file. */
  path: string;
  /** Its pictures. */
  video: VideoProbe;
  /** Where they lie on the file's clock. */
  extent: StreamExtent;
  /** The setting: find the fan, keep everything, or this box. */
  crop: "auto" | "none" | CropBox;
  /** Height and width of a stored frame, whose shape a box that is found takes. */
  frameSize: readonly [number, number];
  /** Stops the work. */
  signal?: AbortSignal;
}

/**
 * The part of a scan's pictures that is kept, in their pixels.
 *
 * @throws UnusableMediaError `crop outside` when a given box does not lie inside the picture.
 */
export async function chooseCrop(request: CropRequest): Promise<FoundCrop> {
  const { video, crop, frameSize } = request;
  const whole = { x: 0, y: 0, width: video.width, height: video.height };
  if (crop === "none") return { box: whole };
  if (crop === "auto") return findCrop(await observeMotion(request), whole, frameSize[1] / frameSize[0]);
  if (crop.x + crop.width > video.width || crop.y + crop.height > video.height) {
    const outside = `the crop box must lie inside the picture of ${video.width} × ${video.height} pixels`;
    throw new UnusableMediaError("crop outside", outside);
  }
  return { box: crop };
}

async function observeMotion({ path, video, extent, signal }: CropRequest): Promise<MotionMap> {
  const scale = Math.min(1, searchSide / Math.max(video.width, video.height));
  const size = {
    width: Math.max(1, Math.round(video.width * scale)),
    height: Math.max(1, Math.round(video.height * scale)),
  };
  const motion = new MotionMap(size);
  await decodeFrames({
    path,
    streamIndex: video.index,
    startSeconds: extent.startSeconds,
    frameRate: sampledFrames / Math.max(0.1, extent.endSeconds - extent.startSeconds),
    size: [size.height, size.width],
    keyFramesOnly: extent.keyPackets >= sampledFrames,
    signal,
    onFrames: (frames) => motion.take(frames),
  });
  return motion;
}
