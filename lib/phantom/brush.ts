/**
 * Painting tissue into a fan's beam grid: how strongly each sample scatters and how much it weakens what lies
 * behind it.
 *
 * @module
 */

import type { Sector } from "./sector.ts";

/** Where a plane's own coordinates lie in the fan. */
export interface Pose {
  /** Middle, cm. */
  x: number;
  /** Middle, cm below the probe's face. */
  y: number;
  /** Turn, radians, clockwise on the screen. */
  angle: number;
  /** Centimetres a unit of the plane's coordinates. */
  scale: number;
  /** −1 swaps left and right. */
  mirror: 1 | -1;
  /** 1 is fully in the picture, 0 is gone. */
  opacity: number;
}

/** What a shape is made of. */
export interface Tissue {
  /** Backscatter in dB: soft tissue about 0, fluid about −36, bone about 18. */
  echo: number;
  /** What the sound loses in it beyond the average tissue, dB a cm there and back; negative in fluid. */
  attenuation?: number;
  /** dB by which the echo is weaker where the surface runs along the beam. */
  specular?: number;
}

/** A place in a plane's own coordinates. */
export type Point = readonly [number, number];

/** An ellipse, filled, or its rim when a thickness is given. */
export interface Ellipse extends Tissue {
  /** Middle. */
  at: Point;
  /** Half axes. */
  radii: Point;
  /** Turn, radians. */
  angle?: number;
  /** Thickness of the rim. */
  rim?: number;
}

/** A band of rounded strokes through points. */
export interface Stroke extends Tissue {
  /** Corners of the band's middle line. */
  points: readonly Point[];
  /** Width of the band. */
  thickness: number;
}

/** Where a point of a plane's own coordinates lies in the fan, cm. */
export function placePoint({ x, y, angle, scale, mirror }: Pose, [u, v]: Point): [number, number] {
  const cos = Math.cos(angle), sin = Math.sin(angle), w = u * mirror;
  return [x + scale * (w * cos - v * sin), y + scale * (w * sin + v * cos)];
}

const middle: Pose = { x: 0, y: 0, angle: 0, scale: 1, mirror: 1, opacity: 1 };

/** Paints ellipses and strokes, later ones over earlier ones. */
export class Brush {
  readonly #sector: Sector;
  #pose = middle;
  /** Backscatter of every sample [rows · beams], dB. */
  readonly level: Float32Array;
  /** Loss in every sample [rows · beams], dB a cm. */
  readonly attenuation: Float32Array;
  /** Half width of an edge, cm: about the resolution of the fan. */
  readonly #soft: number;

  /** A brush with nothing painted yet. @param sector The fan whose beam grid is painted. */
  constructor(sector: Sector) {
    this.#sector = sector;
    this.level = new Float32Array(sector.x.length);
    this.attenuation = new Float32Array(sector.x.length);
    this.#soft = 1.4 * sector.rowStep;
  }

  /** Fills everything with one tissue and goes back to centimetres. */
  clear(tissue: Tissue): void {
    this.level.fill(tissue.echo);
    this.attenuation.fill(tissue.attenuation ?? 0);
    this.#pose = middle;
  }

  /** What is painted next is in coordinates placed by this pose. */
  place(pose: Pose): void {
    this.#pose = pose;
  }

  /** Paints an ellipse or its rim. */
  ellipse(shape: Ellipse): void {
    const { scale, mirror, angle: turn, opacity } = this.#pose;
    const [cx, cy] = placePoint(this.#pose, shape.at);
    const rx = shape.radii[0] * scale, ry = shape.radii[1] * scale;
    const angle = turn + mirror * (shape.angle ?? 0), cos = Math.cos(angle), sin = Math.sin(angle);
    const half = shape.rim === undefined ? -1 : Math.max(shape.rim * scale, this.#soft) / 2;
    const { x, y, directionX, directionY, beams } = this.#sector;
    const { echo, attenuation = 0, specular = 0 } = shape;
    const edge = 0.5 / this.#soft, ix = 1 / rx, iy = 1 / ry;
    const [row0, row1, beam0, beam1] = this.#box(cx, cy, Math.max(rx, ry) + Math.max(half, 0) + this.#soft);
    for (let row = row0; row <= row1; row++) {
      for (let beam = beam0, i = row * beams + beam0; beam <= beam1; beam++, i++) {
        const dx = x[i] - cx, dy = y[i] - cy;
        const u = (dx * cos + dy * sin) * ix, v = (dy * cos - dx * sin) * iy;
        const k = Math.sqrt(u * u + v * v);
        const gu = u * ix, gv = v * iy, gradient = Math.sqrt(gu * gu + gv * gv) + 1e-9;
        let distance = (k * (k - 1)) / gradient;
        if (half > 0) distance = Math.abs(distance) - half;
        let weight = 0.5 - distance * edge;
        if (weight <= 0) continue;
        weight = (weight > 1 ? 1 : weight) * opacity;
        let strength = echo;
        if (specular > 0) {
          const along = directionX[beam] * (gu * cos - gv * sin) + directionY[beam] * (gu * sin + gv * cos);
          strength -= specular * (1 - Math.abs(along) / gradient);
        }
        this.level[i] += (strength - this.level[i]) * weight;
        this.attenuation[i] += (attenuation - this.attenuation[i]) * weight;
      }
    }
  }

  /** Paints a band through points. */
  stroke(shape: Stroke): void {
    for (let i = 1; i < shape.points.length; i++) this.#capsule(shape.points[i - 1], shape.points[i], shape);
  }

  #capsule(from: Point, to: Point, shape: Stroke): void {
    const [ax, ay] = placePoint(this.#pose, from), [bx, by] = placePoint(this.#pose, to);
    const radius = Math.max(shape.thickness * this.#pose.scale, this.#soft) / 2;
    const lx = bx - ax, ly = by - ay, length = Math.sqrt(lx * lx + ly * ly) + 1e-9;
    const { x, y, directionX, directionY, beams } = this.#sector;
    const { echo, attenuation = 0, specular = 0 } = shape;
    const edge = 0.5 / this.#soft, opacity = this.#pose.opacity;
    const box = this.#box((ax + bx) / 2, (ay + by) / 2, length / 2 + radius + this.#soft);
    for (let row = box[0]; row <= box[1]; row++) {
      for (let beam = box[2], i = row * beams + box[2]; beam <= box[3]; beam++, i++) {
        const px = x[i] - ax, py = y[i] - ay;
        let t = (px * lx + py * ly) / (length * length);
        t = t < 0 ? 0 : t > 1 ? 1 : t;
        const dx = px - t * lx, dy = py - t * ly;
        let weight = 0.5 - (Math.sqrt(dx * dx + dy * dy) - radius) * edge;
        if (weight <= 0) continue;
        weight = (weight > 1 ? 1 : weight) * opacity;
        const along = Math.abs(directionX[beam] * lx + directionY[beam] * ly) / length;
        this.level[i] += (echo - specular * along - this.level[i]) * weight;
        this.attenuation[i] += (attenuation - this.attenuation[i]) * weight;
      }
    }
  }

  /** First and last row and beam that a disc touches. */
  #box(cx: number, cy: number, size: number): [number, number, number, number] {
    const { form, rows, beams, rowStep, beamStep } = this.#sector;
    const range = Math.hypot(cx, cy + form.radius);
    const row0 = Math.max(0, Math.floor((range - size - form.radius) / rowStep));
    const row1 = Math.min(rows - 1, Math.ceil((range + size - form.radius) / rowStep));
    if (range <= size) return [row0, row1, 0, beams - 1];
    const angle = Math.atan2(cx, cy + form.radius) + form.halfAngle, spread = Math.asin(size / range);
    const beam0 = Math.max(0, Math.floor((angle - spread) / beamStep));
    return [row0, row1, beam0, Math.min(beams - 1, Math.ceil((angle + spread) / beamStep))];
  }
}
