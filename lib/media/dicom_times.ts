/**
 * When a DICOM cine's frames are shown.
 *
 * @see DICOM PS3.3, C.7.6.5 (cine).
 * @module
 */

import type { DataSet } from "dicom-parser";
import { UnusableMediaError } from "./unusable.ts";

/** Times of frames, seconds from the first one. */
export interface FrameTiming {
  /** When each frame begins. */
  times: number[];
  /** When the last one ends. */
  endSeconds: number;
}

/** Longest cine that is believed; a longer one would be a broken number and take as long to decode. */
const mostSeconds = 24 * 3600;
const frameTime = "x00181063", frameTimeVector = "x00181065", actualDuration = "x00181242";
const rates = ["x00180040", "x00082144"] as const;

/**
 * Reads the times: from the element that the frame increment pointer names, else the first that is there of
 * FrameTimeVector, FrameTime, ActualFrameDuration, CineRate and RecommendedDisplayFrameRate.
 *
 * @param notes Takes a word on what was left alone.
 * @throws UnusableMediaError `unsupported format` when none of them tells a time, `corrupt` when it cannot be true.
 */
export function readFrameTiming(set: DataSet, frameCount: number, notes: string[]): FrameTiming {
  const timing = chooseTiming(set, frameCount, notes);
  if (timing.endSeconds <= mostSeconds) return timing;
  throw new UnusableMediaError(
    "corrupt",
    `its frames would last for ${Math.round(timing.endSeconds / 3600)} hours`,
  );
}

function chooseTiming(set: DataSet, frameCount: number, notes: string[]): FrameTiming {
  const pointed = set.elements["x00280009"]?.length === 4 ? set.attributeTag("x00280009") : undefined;
  const vector = readVector(set, frameCount);
  if (vector === "broken") notes.push("its FrameTimeVector does not fit its frames and was left alone");
  const milliseconds = [frameTime, actualDuration].map((tag) => positive(set, tag));
  const rate = rates.map((tag) => positive(set, tag)).find((value) => value !== undefined);
  const step = milliseconds.find((value) => value !== undefined) ?? (rate && 1000 / rate);
  if (Array.isArray(vector) && !(pointed === frameTime && milliseconds[0] !== undefined)) {
    return sumUp(vector, step);
  }
  if (step === undefined) {
    throw new UnusableMediaError(
      "unsupported format",
      "it does not say how fast its frames follow each other",
    );
  }
  const seconds = step / 1000;
  return {
    times: Array.from({ length: frameCount }, (_, i) => i * seconds),
    endSeconds: frameCount * seconds,
  };
}

function positive(set: DataSet, tag: string): number | undefined {
  const value = set.floatString(tag);
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : undefined;
}

/** Increments in milliseconds, the first of which is for the first frame and tells nothing. */
function readVector(set: DataSet, frameCount: number): number[] | "broken" | undefined {
  if (!set.elements[frameTimeVector]?.length) return undefined;
  const texts = (set.string(frameTimeVector) ?? "").split("\\");
  const values = texts.map((text) => text.trim() === "" ? NaN : Number(text));
  const isSound = values.length === frameCount &&
    values.slice(1).every((value) => value > 0 && Number.isFinite(value));
  return isSound ? values : "broken";
}

function sumUp(increments: readonly number[], step: number | undefined): FrameTiming {
  const times = [0];
  for (const increment of increments.slice(1)) times.push(times.at(-1)! + increment / 1000);
  // How long the last frame lasts is not said; mostly it lasts as the one before it did.
  return { times, endSeconds: times.at(-1)! + (step ?? increments.at(-1)!) / 1000 };
}
