/**
 * What a plane of the phantom is, and the curves and tissues that several drawings share.
 *
 * @module
 */

import type { Brush, Point } from "./brush.ts";

/** What a drawing depends on besides its pose. */
export interface View {
  /** Proportions of the whole, −1 to 1. */
  stretch: number;
  /** Size of what is inside, −1 to 1. */
  inner: number;
  /** Where what is inside lies, −1 to 1. */
  shift: number;
  /** Curvature, −1 to 1. */
  bend: number;
  /** The heart's contraction, 0 to 1. */
  contraction: number;
  /** Slow fetal movement, −1 to 1. */
  stir: number;
}

/** A structure that an operator looks at. */
export interface Landmark {
  /** The structure; the two sides of one kind share a name. */
  name: string;
  /** Where it lies on average, in the drawing's own coordinates. */
  at: Point;
}

/** Something that the fan can show. */
export interface Scene {
  /** A name that no other scene has. */
  name: string;
  /** What an operator looks at. */
  landmarks: readonly Landmark[];
  /** Paints it into the beam grid. */
  draw(brush: Brush, view: View): void;
}

/** One anatomy that has a name in the truth, the options and the reports. */
export interface Plane extends Scene {
  /** What an operator says while it is seen; lower-case words without punctuation. */
  wordings: readonly string[];
}

/** Amniotic fluid, blood or urine: dark, and what lies behind it is brighter. */
export const fluid = { echo: -34, attenuation: -0.3 };
/** The hard part of a long bone, which casts a shadow. */
export const bone = { attenuation: 40, specular: 9 };

/** Points of a curve y = f(x), for strokes. */
export function curve(from: number, to: number, f: (x: number) => number, count = 9): Point[] {
  return Array.from({ length: count }, (_, i) => {
    const x = from + ((to - from) * i) / (count - 1);
    return [x, f(x)] as const;
  });
}

/** A curve through points (Catmull–Rom), for strokes. */
export function smooth(points: readonly Point[]): Point[] {
  const at = (i: number) => points[Math.min(points.length - 1, Math.max(0, i))];
  const blend = (a: number, b: number, c: number, d: number, t: number) =>
    b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  return curve(0, points.length - 1, (x) => x, 3 * points.length - 2).map(([x]) => {
    const i = Math.floor(x), [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    return [blend(a[0], b[0], c[0], d[0], x - i), blend(a[1], b[1], c[1], d[1], x - i)] as const;
  });
}

/** A point on a circle; angles count clockwise from the right. */
export function around(centre: Point, radius: number, angle: number): Point {
  return [centre[0] + radius * Math.cos(angle), centre[1] + radius * Math.sin(angle)];
}

/** The three ossification centres of a vertebra seen from its end. */
export function paintVertebra(brush: Brush, at: Point): void {
  for (const [dx, dy] of [[0, 0.09], [-0.13, -0.07], [0.13, -0.07]]) {
    brush.ellipse({ at: [at[0] + dx, at[1] + dy], radii: [0.075, 0.065], echo: 18, attenuation: 45 });
  }
}
