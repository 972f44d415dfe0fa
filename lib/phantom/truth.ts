/**
 * What is known of a scan, and what of it falls into a window.
 *
 * @module
 */

import { background } from "./anatomy.ts";
import type { Fixation } from "./gaze.ts";
import type { Segment, Span } from "./itinerary.ts";
import type { Utterance } from "./narration.ts";
import type { NoiseEvent, Room } from "./soundtrack.ts";
import type { Subject } from "./subject.ts";

/** One line of `truth.jsonl`: all that is known of a scan. Times are seconds from the scan's start. */
export interface ScanTruth {
  /** Name of the scan. */
  scan: string;
  /** Name of the subject. */
  subject: string;
  /** What is seen; the segments tile the scan. */
  segments: Segment[];
  /** What is said, in order of time. */
  utterances: Utterance[];
  /** Key clicks and beeps. */
  noise: NoiseEvent[];
  /** Level of speech, dB of full scale. */
  speechDb: number;
  /** Level of the room's noise, dB of full scale. */
  noiseDb: number;
  /** When the picture stands still. */
  freezes: Span[];
  /** Where the operator looks, in order of time. */
  fixations: Fixation[];
  /** What differs between scans for reasons that have nothing to do with what is seen. */
  factors: ScanFactors;
}

/** The hidden factors of a scan, which must say nothing of its labels. */
export interface ScanFactors {
  /** Length of the scan. */
  seconds: number;
  /** Frames a second. */
  frameRate: number;
  /** Height and width of the pictures, pixels. */
  frameSize: readonly [number, number];
  /** The body, the machine's settings and who speaks; `gain` and `sector.depth` among them. */
  subject: Subject;
  /** Levels of speech and noise, and echoes. */
  room: Room;
}

/** What is known of one window. */
export interface WindowTruth extends Span {
  /** The plane that is seen for most of the window, or `background`. */
  plane: string;
  /** Share of the window during which it is seen, above 0. */
  planeShare: number;
  /** Whether speech within the window names that plane. */
  isRelated: boolean;
  /** How long after what it is about that speech begins, seconds; null when there is none. */
  lagSeconds: number | null;
  /** Who speaks for most of the window's speech; null in silence. */
  voice: string | null;
  /** Seconds of speech within the window. */
  spokenSeconds: number;
  /** Seconds during which the picture stands still. */
  frozenSeconds: number;
  /** The fixations that begin within the window, on the scan's clock. */
  fixations: Fixation[];
}

/** How a scan is cut into windows. */
export interface WindowTruthOptions {
  /** Length of a window. */
  windowSeconds: number;
  /** Speech that names the plane counts from this much of it within the window; 0.3 s when left out. */
  leastSpokenSeconds?: number;
}

const leastSpokenSeconds = 0.3;

function overlap(a: Span, b: Span): number {
  return Math.max(0, Math.min(a.endSeconds, b.endSeconds) - Math.max(a.startSeconds, b.startSeconds));
}

/** The key with the largest sum, the first one of equals; nothing when there are no positive sums. */
function largest(parts: Iterable<readonly [string, number]>): [string, number] | undefined {
  const sums = new Map<string, number>();
  for (const [key, part] of parts) sums.set(key, (sums.get(key) ?? 0) + part);
  const best = [...sums].reduce((most, entry) => entry[1] > most[1] ? entry : most, ["", 0]);
  return best[1] > 0 ? best : undefined;
}

/**
 * What is known of each window of a scan: whole windows side by side from the scan's start, as `prepare` cuts them;
 * what is left at the end is no window.
 *
 * @param truth One line of `truth.jsonl`.
 * @throws RangeError when `windowSeconds` is not positive.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { generatePhantom } from "./phantom.ts";
 * import { type ScanTruth, windowTruth } from "./truth.ts";
 * const folder = await Deno.makeTempDir();
 * const options = { subjects: 1, secondsPerScan: 5, frameRate: 5, frameSize: [48, 64] } as const;
 * for await (const { unit } of generatePhantom(folder, options)) assert(unit === "frames");
 * const truth: ScanTruth = JSON.parse(await Deno.readTextFile(`${folder}/truth.jsonl`));
 * const windows = windowTruth(truth, { windowSeconds: 2 });
 * assert(windows.length === 2 && windows[0].plane === truth.segments[0].plane);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function windowTruth(truth: ScanTruth, options: WindowTruthOptions): WindowTruth[] {
  const { windowSeconds } = options;
  if (!(windowSeconds > 0)) {
    throw new RangeError(
      `Cannot cut the truth into windows: windowSeconds must be positive, received ${windowSeconds}`,
    );
  }
  // The end is a sum of segments: a hair's breadth must not cost the last window.
  const count = Math.floor(truth.segments.at(-1)!.endSeconds / windowSeconds + 1e-9);
  return Array.from({ length: count }, (_, index) => {
    const startSeconds = index * windowSeconds;
    return truthWithin(truth, { startSeconds, endSeconds: startSeconds + windowSeconds }, options);
  });
}

/** What is known of one stretch of a scan, for windows that do not lie side by side. */
export function truthWithin(
  truth: ScanTruth,
  span: Span,
  options: Pick<WindowTruthOptions, "leastSpokenSeconds"> = {},
): WindowTruth {
  const least = options.leastSpokenSeconds ?? leastSpokenSeconds;
  const shares = truth.segments.map((segment) => [segment.plane, overlap(segment, span)] as const);
  const [plane, seen] = largest(shares) ?? [background, 0];
  const heard = truth.utterances.map((utterance) => ({ utterance, seconds: overlap(utterance, span) }));
  const naming = heard.filter(({ utterance, seconds }) => seconds >= least && utterance.plane === plane);
  const clearest = naming.reduce((most, one) => one.seconds > (most?.seconds ?? 0) ? one : most, naming[0]);
  const sum = (parts: readonly number[]) => parts.reduce((a, b) => a + b, 0);
  return {
    ...span,
    plane,
    planeShare: seen / (span.endSeconds - span.startSeconds),
    isRelated: naming.length > 0,
    lagSeconds: clearest?.utterance.lagSeconds ?? null,
    voice: largest(heard.map(({ utterance, seconds }) => [utterance.voice, seconds] as const))?.[0] ?? null,
    spokenSeconds: sum(heard.map(({ seconds }) => seconds)),
    frozenSeconds: sum(truth.freezes.map((freeze) => overlap(freeze, span))),
    fixations: truth.fixations.filter(({ startSeconds }) =>
      startSeconds >= span.startSeconds && startSeconds < span.endSeconds
    ),
  };
}
