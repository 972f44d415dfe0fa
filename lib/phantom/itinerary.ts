/**
 * Where the probe goes: a scan as a sequence of visits to planes, with sweeps between them.
 *
 * @module
 */

import type { Random } from "../random.ts";
import { background, searchSceneNames } from "./anatomy.ts";
import type { Pose } from "./brush.ts";
import { difficulties, type DifficultySettings } from "./difficulty.ts";
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

/** One visit to a plane or, on the way, to another scene, whose name `plane` then is: how it lies and moves. */
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

/** A stretch of time, seconds from the scan's start. */
export type Span = Omit<Segment, "plane">;

/** What is left of a scan and shorter than this holds no further visit. */
const shortestVisitSeconds = 4;
/** A scene comes and goes in half a second each. */
const fadeSeconds = 0.5;

/** Cuts a scan into visits and sweeps; no plane is seen twice in a row while there are others. */
export function planSegments(
  random: Random,
  seconds: number,
  planes: readonly string[],
  settings: DifficultySettings = difficulties.easy,
): Segment[] {
  const segments: Segment[] = [];
  let queue: string[] = [];
  for (let time = 0; time < seconds;) {
    const last = segments.at(-2)?.plane;
    if (queue.length === 0) queue = random.shuffle(planes);
    if (queue[0] === last) queue.push(queue.shift()!);
    const plane = queue.shift()!;
    const wanted = time + random.uniform(...settings.dwellSeconds);
    const sweep = random.uniform(...settings.sweepSeconds), left = seconds - wanted;
    const isLast = left - sweep < shortestVisitSeconds;
    const endsInSearch = settings.searches && left >= settings.sweepSeconds[0];
    const endSeconds = isLast && !endsInSearch ? seconds : wanted;
    segments.push({ startSeconds: time, endSeconds, plane });
    if (endSeconds === seconds) break;
    time = isLast ? seconds : endSeconds + sweep;
    segments.push({ startSeconds: endSeconds, endSeconds: time, plane: background });
  }
  return segments;
}

/** What a search comes across: as many scenes as there is time for, each for a second or more. */
function planSearch(random: Random, { startSeconds, endSeconds }: Segment): Segment[] {
  const seconds = endSeconds - startSeconds, count = Math.max(1, Math.floor((seconds - 1) / 2.5));
  const gap = 2 * fadeSeconds, length = (seconds - gap * (count + 1)) / count;
  return random.sample(searchSceneNames, Math.min(count, searchSceneNames.length)).map((plane, i) => {
    const start = startSeconds + gap + i * (length + gap);
    return { startSeconds: start, endSeconds: start + length, plane };
  });
}

/** Draws how the plane lies and moves in each visit, and what is seen in searches. */
export function planVisits(
  random: Random,
  segments: readonly Segment[],
  subject: Subject,
  { searches, spread }: DifficultySettings = difficulties.easy,
): Visit[] {
  return segments.flatMap((segment) => {
    if (segment.plane !== background) return [planVisit(random, segment, subject, { spread, speed: 1 })];
    const scenes = searches ? planSearch(random, segment) : [];
    return scenes.map((scene) => planVisit(random, scene, subject, { spread, speed: 2 }));
  });
}

/** @param speed How much further and faster the probe moves than over a plane. */
function planVisit(
  random: Random,
  segment: Segment,
  { sector: { depth }, wall, size }: Subject,
  { spread, speed }: { spread: number; speed: number },
): Visit {
  const wave = (amplitude: number): [number, number, number] => [
    speed * amplitude * random.uniform(0.4, 1),
    random.uniform(4, 9) / speed,
    random.uniform(0, 2 * Math.PI),
  ];
  return {
    ...segment,
    pose: {
      x: spread * random.uniform(-0.1, 0.1) * depth,
      y: wall + random.uniform(0.4, 0.5) * (depth - wall) + 0.04 * depth,
      angle: spread * random.uniform(-0.45, 0.45),
      scale: 0.295 * depth * size * random.uniform(0.88, 1.12),
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
}

/** Decides when the picture stands still, at any time alike, so that a still picture says nothing of what it shows. */
export function planFreezes(random: Random, seconds: number, perMinute: number): Span[] {
  const freezes: Span[] = [];
  const pause = () => -Math.log(1 - random.uniform()) * 60 / perMinute;
  if (perMinute <= 0) return freezes;
  for (let time = pause(); time < seconds;) {
    const endSeconds = Math.min(seconds, time + random.uniform(1, 4));
    freezes.push({ startSeconds: time, endSeconds });
    time = endSeconds + pause();
  }
  return freezes;
}

/** The time of the picture that is shown at a time: earlier while it stands still. */
export function pictureTime(freezes: readonly Span[], seconds: number): number {
  const freeze = freezes.find(({ startSeconds, endSeconds }) =>
    seconds >= startSeconds && seconds < endSeconds
  );
  return freeze ? freeze.startSeconds : seconds;
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
  const outside = Math.max(visit.startSeconds - seconds, seconds - visit.endSeconds, 0) / fadeSeconds;
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
