/**
 * Finds masks for scanners' pictures in scans made with them.
 *
 * Scans whose pictures have one size are taken for one layout. What changes in a fifth of them, and hangs together, is
 * the sector: a single scan may have dark corners, and a name is another one in every scan but changes in none.
 *
 * @module
 */

import { findFanIn, MotionMap, type PictureSize } from "../media/crop.ts";
import { findStillLines, isLikelyText, LevelRange } from "../media/burnt_in.ts";
import { openPictures, type PictureSource } from "../media/pictures.ts";
import { sectorDoubts } from "../media/sector_doubt.ts";
import { keptPixels, outlineOf } from "../media/sector_outline.ts";
import { UnusableMediaError } from "../media/unusable.ts";
import { digestFile, digestValues } from "./content_hash.ts";
import type { ScanItem } from "./manifest.ts";
import { maskFormatVersion, type MaskTemplate } from "./mask_template.ts";
import { resizeArea } from "./resize.ts";

/** Frames looked at of a scan, and longer sides of the pictures in which text and motion are looked for. */
const [sampledFrames, textSide, motionSide] = [40, 480, 240];
/** Share of the scans in which a pixel must change. */
const leastVotes = 0.2;
/** Scans of a size whose frames are kept to be shown, and frames of each. */
const [shownScans, shownFrames] = [12, 2];

/** A scan as it was seen. */
export interface ObservedScan {
  /** Its place among the inputs, from 1: pages do not name files. */
  number: number;
  /** The darkest and brightest level of each pixel, at most 480 pixels wide and high. */
  range: LevelRange;
  /** A few frames of that size; none where there are many scans. */
  frames: Uint8Array[];
}

/** A mask that was found. */
export interface FoundMask {
  /** The mask, which nobody has confirmed. */
  template: MaskTemplate;
  /** The scans it was found in. */
  scans: readonly ObservedScan[];
  /** Scans with bright lines that never change: beside the sector, which go, and inside, which stay. */
  stillLines: { outside: number; inside: number };
}

/** What was found in scans. */
export interface FoundMasks {
  /** One for each size of pictures. */
  masks: FoundMask[];
  /** What no mask was found for, by the scan's number or the pictures' size, and why. */
  failures: string[];
}

/** How to look. */
export interface FindMaskOptions {
  /** Whose pictures these are, in words. */
  scanner: string;
  /** Stops the work. */
  signal?: AbortSignal;
  /** Called after each scan. */
  onScan?: (done: number) => void;
}

interface Group {
  size: PictureSize;
  map: PictureSize;
  /** In how many scans each pixel of the map changes. */
  votes: Uint16Array;
  digests: string[];
  scans: ObservedScan[];
}

/** Looks at scans, and finds a mask for every size of pictures. */
export async function findMasks(items: readonly ScanItem[], options: FindMaskOptions): Promise<FoundMasks> {
  const groups = new Map<string, Group>();
  const failures: string[] = [];
  for (const [i, { video, unsupported }] of items.entries()) {
    try {
      if (unsupported) throw new UnusableMediaError("unsupported format", unsupported);
      const { pictures } = await openPictures(video, { needsSound: false, signal: options.signal });
      const group = groupOf(groups, pictures.size);
      await observe(pictures, group, i + 1, options.signal);
      group.digests.push(await digestFile(video, options.signal));
    } catch (error) {
      if (!(error instanceof UnusableMediaError)) throw error;
      failures.push(`scan ${i + 1}: ${error.reason}, ${error.detail}`);
    }
    options.onScan?.(i + 1);
  }
  const masks: FoundMask[] = [];
  for (const group of groups.values()) {
    const found = toMask(group, options.scanner);
    if (typeof found === "string") failures.push(found);
    else masks.push(found);
  }
  return { masks, failures };
}

function groupOf(groups: Map<string, Group>, size: PictureSize): Group {
  const key = `${size.width}x${size.height}`;
  const map = shrink(size, motionSide);
  const votes = new Uint16Array(map.width * map.height);
  const group = groups.get(key) ?? { size, map, votes, digests: [], scans: [] };
  groups.set(key, group);
  return group;
}

function shrink({ width, height }: PictureSize, side: number): PictureSize {
  const scale = Math.min(1, side / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

async function observe(
  pictures: PictureSource,
  { map, votes, scans }: Group,
  number: number,
  signal?: AbortSignal,
): Promise<void> {
  const { extent, size } = pictures;
  const { width, height } = shrink(size, textSide);
  const [range, motion] = [new LevelRange({ width, height }), new MotionMap(map)];
  const frames: Uint8Array[] = [];
  await pictures.decode({
    startSeconds: extent.startSeconds,
    frameRate: sampledFrames / Math.max(0.1, extent.endSeconds - extent.startSeconds),
    size: [height, width],
    keyFramesOnly: extent.keyPackets >= sampledFrames,
    signal,
    onFrames: (all) => {
      for (let at = 0; at < all.length; at += width * height) {
        const frame = all.subarray(at, at + width * height);
        range.take(frame);
        motion.take(Uint8Array.from(resizeArea(frame, height, width, map.height, map.width), Math.round));
        frames.push(frame);
      }
    },
  });
  motion.moving().forEach((moves, pixel) => votes[pixel] += moves);
  const isShown = scans.length < shownScans;
  scans.push({ number, range, frames: isShown ? spread(frames, shownFrames) : [] });
}

/** Frames in the middles of equal parts. */
function spread(frames: readonly Uint8Array[], count: number): Uint8Array[] {
  const parts = Math.min(count, frames.length);
  return Array.from({ length: parts }, (_, i) => frames[Math.floor(((i + 0.5) * frames.length) / parts)]);
}

function toMask({ size, map, votes, digests, scans }: Group, scanner: string): FoundMask | string {
  const needed = Math.max(1, Math.ceil(leastVotes * scans.length));
  const moving = Uint8Array.from(votes, (count) => count >= needed ? 1 : 0);
  const fan = findFanIn(moving, map);
  if (!fan.inside) return `pictures of ${size.width} × ${size.height} pixels: ${fan.note.split(":")[0]}`;
  const points = outlineOf(fan.inside, map, { x: 0, y: 0, ...size });
  const template: MaskTemplate = {
    formatVersion: maskFormatVersion,
    scanner,
    frameSize: size,
    sector: { kind: "polygon", points },
    madeFrom: digestValues(digests.toSorted()),
    doubts: sectorDoubts(moving, fan, map),
    confirmed: null,
  };
  const stillLines = { outside: 0, inside: 0 };
  for (const { range } of scans) {
    const kept = keptOf(template, range.size);
    if (isLikelyText(findStillLines(range, kept))) stillLines.inside++;
    if (isLikelyText(findStillLines(range, kept.map((value) => 1 - value)))) stillLines.outside++;
  }
  return { template, scans, stillLines };
}

/** 1 where a mask keeps a pixel of pictures that are shown at another size, [H, W]. */
export function keptOf({ frameSize, sector }: MaskTemplate, { width, height }: PictureSize): Uint8Array {
  return keptPixels(sector.points, { x: 0, y: 0, ...frameSize }, [height, width]);
}
