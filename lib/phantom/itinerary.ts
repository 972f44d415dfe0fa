/**
 * Where the probe goes: a scan as a sequence of visits to planes, with sweeps between them.
 *
 * @module
 */

import type { Random } from "../random.ts";
import { background } from "./anatomy.ts";
import type { Pose } from "./brush.ts";
import type { Subject } from "./subject.ts";

/** A stretch of a scan that shows one plane; the stretches of a scan tile it. */
export interface Segment {
  /** When it begins, seconds from the scan's start. */
  startSeconds: number;
  /** When it ends. */
  endSeconds: number;
  /** Name of the plane, or `background` while the probe is on its way. */
  plane: string;
}

/** One visit to a plane: how it lies there, and how it moves. */
export interface Visit extends Segment {
  /** Where the plane lies on average. */
  pose: Pose;
  /** Slow wandering of x, y (cm), angle (radians) and relative scale: amplitude, period (s) and phase. */
  wander: readonly (readonly [number, number, number])[];
  /** Sudden fetal movements: time (s), and shift of x, y (cm) and angle (radians). */
  kicks: readonly (readonly [number, number, number, number])[];
  /** Traits of the anatomy at this visit, each −1 to 1, in the order of `View`. */
  traits: readonly number[];
}

const dwellSeconds = [6, 12] as const;
const sweepSeconds = [0.6, 1.2] as const;
/** What is left of a scan and shorter than this is added to the last visit. */
const shortestVisitSeconds = 4;

/** Cuts a scan into visits and sweeps; no plane is seen twice in a row while there are others. */
export function planSegments(random: Random, seconds: number, planes: readonly string[]): Segment[] {
  const segments: Segment[] = [];
  let queue: string[] = [];
  for (let time = 0; time < seconds;) {
    const last = segments.at(-2)?.plane;
    if (queue.length === 0) queue = random.shuffle(planes);
    if (queue[0] === last) queue.push(queue.shift()!);
    const plane = queue.shift()!;
    const wanted = time + random.uniform(...dwellSeconds);
    const sweep = random.uniform(...sweepSeconds);
    const endSeconds = seconds - wanted - sweep < shortestVisitSeconds ? seconds : wanted;
    segments.push({ startSeconds: time, endSeconds, plane });
    if (endSeconds === seconds) break;
    time = endSeconds + sweep;
    segments.push({ startSeconds: endSeconds, endSeconds: time, plane: background });
  }
  return segments;
}

/** Draws how the plane lies and moves in each visit. */
export function planVisits(random: Random, segments: readonly Segment[], subject: Subject): Visit[] {
  return segments.filter(({ plane }) => plane !== background).map((segment) => {
    const { depth } = subject.sector;
    const wave = (amplitude: number): [number, number, number] => [
      amplitude * random.uniform(0.4, 1),
      random.uniform(4, 9),
      random.uniform(0, 2 * Math.PI),
    ];
    return {
      ...segment,
      pose: {
        x: random.uniform(-0.1, 0.1) * depth,
        y: subject.wall + random.uniform(0.4, 0.5) * (depth - subject.wall) + 0.04 * depth,
        angle: random.uniform(-0.45, 0.45),
        scale: 0.295 * depth * subject.size * random.uniform(0.88, 1.12),
        mirror: random.uniform() < 0.5 ? 1 : -1,
        opacity: 1,
      },
      wander: [wave(0.035 * depth), wave(0.025 * depth), wave(0.12), wave(0.06)],
      kicks: Array.from({ length: random.integer(3) }, () => [
        random.uniform(segment.startSeconds, segment.endSeconds),
        random.uniform(-0.04, 0.04) * depth,
        random.uniform(-0.03, 0.03) * depth,
        random.uniform(-0.15, 0.15),
      ]),
      traits: Array.from({ length: 4 }, () => random.uniform(-1, 1)),
    };
  });
}

/** Where the visit's plane lies at a time; before and after the visit it slides out of the picture. */
export function poseAt(visit: Visit, seconds: number): Pose {
  const [x, y, angle, scale] = visit.wander.map(([amplitude, period, phase]) =>
    amplitude * Math.sin((2 * Math.PI * seconds) / period + phase)
  );
  const pose = { ...visit.pose, x: visit.pose.x + x, y: visit.pose.y + y, angle: visit.pose.angle + angle };
  pose.scale *= 1 + scale;
  for (const [at, dx, dy, turn] of visit.kicks) {
    const weight = Math.exp(-(((seconds - at) / 0.3) ** 2));
    pose.x += dx * weight;
    pose.y += dy * weight;
    pose.angle += turn * weight;
  }
  const outside = Math.max(visit.startSeconds - seconds, seconds - visit.endSeconds, 0) / 0.5;
  pose.opacity *= Math.max(0, 1 - outside);
  pose.scale *= 1 - 0.35 * Math.min(1, outside);
  pose.x += (seconds < visit.startSeconds ? -1 : 1) * Math.min(1, outside) * visit.pose.scale * 0.8;
  return pose;
}

/** The visit whose plane is in the picture, or the nearest one during a sweep. */
export function visitAt(visits: readonly Visit[], seconds: number): Visit {
  const away = (visit: Visit) => Math.max(visit.startSeconds - seconds, seconds - visit.endSeconds, 0);
  return visits.reduce((best, visit) => away(visit) < away(best) ? visit : best);
}
