/**
 * Where the operator looks: a path of fixations over the structures that matter for what is seen.
 *
 * Fixations on scenes last 260 to 330 ms on average, with a long tail, and eye movements between them 30 to 50 ms.
 * @see K. Rayner, Eye movements in reading and information processing: 20 years of research, Psychol. Bull. 124
 * (1998) 372–422, table 1.
 * @module
 */

import type { Random } from "../random.ts";
import { sceneNamed } from "./anatomy.ts";
import { placePoint, type Point } from "./brush.ts";
import { pictureTime, poseAt, type Span, type Visit, visitAt } from "./itinerary.ts";
import { placeInPicture } from "./sector.ts";
import type { Subject } from "./subject.ts";

/** The eye at rest on one place. */
export interface Fixation {
  /** When it begins, seconds from the scan's start. */
  startSeconds: number;
  /** How long it lasts. */
  durationSeconds: number;
  /** Place in the picture: 0 is its left edge, 1 its right edge. */
  x: number;
  /** Place in the picture: 0 is its upper edge, 1 its lower edge. */
  y: number;
  /** The structure that is meant; null when the eye just wanders. */
  target: string | null;
}

/** What a scan path depends on. */
export interface GazeOptions {
  /** What is seen. */
  visits: readonly Visit[];
  /** When the picture stands still. */
  freezes: readonly Span[];
  /** Whose fan it is. */
  subject: Subject;
  /** Height and width of the pictures, pixels. */
  frameSize: readonly [number, number];
  /** Length of the scan. */
  seconds: number;
}

const medianSeconds = 0.27, shortest = 0.1, longest = 1.2;
const strayShare = 0.12, awayShare = 0.03;
/** Spread of where the eye lands and of the eye tracker's calibration, as shares of the picture's width. */
const landingNoise = 0.018, calibrationNoise = 0.006;

/** Draws the operator's scan path. */
export function planFixations(random: Random, options: GazeOptions): Fixation[] {
  const bias = [random.normal(0, calibrationNoise), random.normal(0, calibrationNoise)];
  const fixations: Fixation[] = [];
  for (let time = random.uniform(0, 0.3), last: string | null = null; time < options.seconds;) {
    const wanted = medianSeconds * Math.exp(random.normal(0, 0.42));
    const durationSeconds = Math.min(Math.max(wanted, shortest), longest, options.seconds - time);
    const { at, target } = nextPlace(random, time + durationSeconds / 2, last, options);
    const [x, y] = placeInPicture(options.subject.sector, options.frameSize, at);
    const land = (value: number, axis: number) =>
      round(Math.min(1, Math.max(0, value + bias[axis] + random.normal(0, landingNoise))));
    const place = { x: land(x, 0), y: land(y, 1), target };
    fixations.push({ startSeconds: round(time), durationSeconds: round(durationSeconds), ...place });
    last = target;
    // Now and then the operator looks at the keys or at the patient.
    const away = random.uniform() < awayShare ? random.uniform(0.4, 1.5) : 0;
    time += durationSeconds + random.uniform(0.03, 0.06) + away;
  }
  return fixations;
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

/** A structure other than the last one, or anywhere near what is seen. */
function nextPlace(
  random: Random,
  seconds: number,
  last: string | null,
  { visits, freezes }: GazeOptions,
): { at: Point; target: string | null } {
  const shown = pictureTime(freezes, seconds);
  const visit = visitAt(visits, shown), pose = poseAt(visit, shown);
  const landmarks = sceneNamed(visit.plane).landmarks.filter(({ name }) => name !== last);
  if (pose.opacity < 0.5 || landmarks.length === 0 || random.uniform() < strayShare) {
    const stray: Point = [random.normal(0, 0.6), random.normal(0, 0.5)];
    return { at: placePoint(pose, stray), target: null };
  }
  const { name, at } = random.pick(landmarks);
  return { at: placePoint(pose, at), target: name };
}
