/**
 * Gaze on a scan: where somebody looked, on the scan's time axis and in the part of the picture that was kept.
 *
 * @module
 */

import type { CropBox, PictureSize } from "../media/crop.ts";
import { decodeSafetensors, encodeSafetensors } from "../records/safetensors.ts";
import type { GazeTable, TableFixation, TableSample } from "./gaze_table.ts";
import type { TimeSpan } from "./windows.ts";

/** A place in a stored frame as shares of its size: (0, 0) is the top left corner, (1, 1) the bottom right one. */
export interface GazePlace {
  /** From left to right; below 0 or above 1 outside the frame. */
  x: number;
  /** From top to bottom; below 0 or above 1 outside the frame. */
  y: number;
  /** Whether it lies in the frame, that is in what was kept of the picture. */
  isInside: boolean;
}

/** Where the eye looks at an instant. */
export interface GazeSample extends GazePlace {
  /** On the scan's time axis. */
  seconds: number;
}

/** The eye at rest on a place. */
export interface GazeFixation extends GazePlace {
  /** When it begins, on the scan's time axis. */
  startSeconds: number;
  /** How long it lasts. */
  durationSeconds: number;
}

/** Who found the fixations: the file's writer, or {@linkcode findFixations}. */
export type FixationOrigin = "file" | "dispersion";

/** The gaze of a scan. */
export interface ScanGaze {
  /** Every place the tracker gave, in order of time; none when the file tells fixations alone. */
  samples: readonly GazeSample[];
  /** In order of time. */
  fixations: readonly GazeFixation[];
  /** Who found the fixations. */
  fixationOrigin: FixationOrigin;
}

/** Least duration of a fixation and longest gap in it, seconds; Salvucci and Goldberg use 100 ms. */
const shortestFixation = 0.1, longestGap = 0.075;
/** Largest width plus height of a fixation, as share of the picture's width; about 1° of visual angle. */
const largestDispersion = 0.05;

/**
 * Fixations by their dispersion (I-DT): samples that stay within a small box for a while.
 *
 * @param samples In order of time; places as shares of the picture.
 * @param aspect Height divided by width of the picture, so that distances count the same in both directions.
 * @see Salvucci and Goldberg, Identifying fixations and saccades in eye-tracking protocols, ETRA 2000.
 */
export function findFixations(samples: readonly TableSample[], aspect: number): TableFixation[] {
  const fixations: TableFixation[] = [];
  for (let first = 0; first < samples.length;) {
    const end = growFixation(samples, first, aspect);
    const durationSeconds = samples[end - 1].seconds - samples[first].seconds;
    if (durationSeconds < shortestFixation) {
      first++;
      continue;
    }
    const group = samples.slice(first, end);
    const mean = (value: (sample: TableSample) => number) =>
      group.reduce((sum, sample) => sum + value(sample), 0) / group.length;
    const place = { x: mean(({ x }) => x), y: mean(({ y }) => y) };
    fixations.push({ seconds: samples[first].seconds, durationSeconds, ...place });
    first = end;
  }
  return fixations;
}

/** The index after the last sample that stays near all those from `first` on. */
function growFixation(samples: readonly TableSample[], first: number, aspect: number): number {
  let { x: left, x: right, y: top, y: bottom } = samples[first];
  for (let i = first + 1; i < samples.length; i++) {
    const { seconds, x, y } = samples[i];
    [left, right, top, bottom] = [
      Math.min(left, x),
      Math.max(right, x),
      Math.min(top, y),
      Math.max(bottom, y),
    ];
    const dispersion = right - left + (bottom - top) * aspect;
    if (dispersion > largestDispersion || seconds - samples[i - 1].seconds > longestGap) return i;
  }
  return samples.length;
}

/** Where and when a scan's frames lie in its video. */
export interface ScanPlace {
  /** Size of the video's pictures. */
  picture: PictureSize;
  /** What was kept of them. */
  crop: CropBox;
  /** Where the scan's time axis begins on the video's clock. */
  axisStartSeconds: number;
  /** Length of the axis. */
  durationSeconds: number;
}

/** How a tracker's clock and places relate to the video. */
export interface GazeSetting {
  /** The tracker's time 0 on the video's clock. */
  offsetSeconds: number;
  /** Where the video was shown, in the file's own units; all of the picture when left out. */
  box?: CropBox;
}

/** Puts a file's gaze on a scan's axis and frames. @returns It, and how much of it lies outside the axis. */
export function placeGaze(
  table: GazeTable,
  { offsetSeconds, box }: GazeSetting,
  scan: ScanPlace,
): { gaze: ScanGaze; outside: number } {
  const { picture, crop, axisStartSeconds, durationSeconds } = scan;
  const shown = box ??
    (table.unit === "pixels" ? { x: 0, y: 0, ...picture } : { x: 0, y: 0, width: 1, height: 1 });
  const toShares = <T extends TableSample>(sample: T): T => ({
    ...sample,
    seconds: sample.seconds + offsetSeconds - axisStartSeconds,
    x: (sample.x - shown.x) / shown.width,
    y: (sample.y - shown.y) / shown.height,
  });
  const toPlace = ({ x, y }: TableSample): GazePlace =>
    placeAt((x * picture.width - crop.x) / crop.width, (y * picture.height - crop.y) / crop.height);
  const isOnAxis = ({ seconds }: TableSample) => seconds >= 0 && seconds < durationSeconds;
  const samples = table.samples.map(toShares);
  const fixations = table.fixations?.map(toShares) ?? findFixations(samples, picture.height / picture.width);
  const all = table.fixations && samples.length === 0 ? fixations : samples;
  const gaze: ScanGaze = {
    samples: samples.filter(isOnAxis).map((sample) => ({ seconds: sample.seconds, ...toPlace(sample) })),
    fixations: fixations.filter(isOnAxis).map((fixation) => ({
      startSeconds: fixation.seconds,
      durationSeconds: fixation.durationSeconds,
      ...toPlace(fixation),
    })),
    fixationOrigin: table.fixations ? "file" : "dispersion",
  };
  return { gaze, outside: all.filter((sample) => !isOnAxis(sample)).length };
}

function placeAt(x: number, y: number): GazePlace {
  return { x, y, isInside: x >= 0 && x <= 1 && y >= 0 && y <= 1 };
}

/** The fixations that begin within a span of time, so that of spans side by side each fixation is in one. */
export function fixationsWithin(
  fixations: readonly GazeFixation[],
  { startSeconds, endSeconds }: TimeSpan,
): GazeFixation[] {
  return fixations.filter((fixation) =>
    fixation.startSeconds >= startSeconds && fixation.startSeconds < endSeconds
  );
}

/** Gaze as a safetensors file: `samples` F64 [N, 3] and `fixations` F64 [M, 4]. */
export function encodeGaze({ samples, fixations, fixationOrigin }: ScanGaze): Uint8Array {
  const rows = (values: readonly (readonly number[])[], columns: number) => ({
    dtype: "F64" as const,
    shape: [values.length, columns],
    data: Float64Array.from(values.flat()),
  });
  const tensors = new Map([
    ["samples", rows(samples.map(({ seconds, x, y }) => [seconds, x, y]), 3)],
    ["fixations", rows(fixations.map((one) => [one.startSeconds, one.durationSeconds, one.x, one.y]), 4)],
  ]);
  const about =
    "samples [seconds, x, y] and fixations [start, duration, x, y]; x, y are shares of the stored frame";
  return encodeSafetensors(tensors, { about, fixationOrigin });
}

/** Reads what {@linkcode encodeGaze} wrote. @throws SonospeechError `store` when it is damaged. */
export function decodeGaze(bytes: Uint8Array): ScanGaze {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const rows = (name: string): number[][] => {
    const { shape: [count, columns], data } = tensors.get(name)!;
    const values = data as Float64Array;
    return Array.from(
      { length: count },
      (_, row) => [...values.subarray(row * columns, (row + 1) * columns)],
    );
  };
  return {
    samples: rows("samples").map(([seconds, x, y]) => ({ seconds, ...placeAt(x, y) })),
    fixations: rows("fixations").map(([startSeconds, durationSeconds, x, y]) => ({
      startSeconds,
      durationSeconds,
      ...placeAt(x, y),
    })),
    fixationOrigin: metadata.fixationOrigin as FixationOrigin,
  };
}
