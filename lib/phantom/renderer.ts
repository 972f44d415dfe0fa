/**
 * Renders a scan's pictures, one after the other, in constant memory.
 *
 * @module
 */

import { Random } from "../random.ts";
import { sceneNamed } from "./anatomy.ts";
import { Artefacts, offsetToMean } from "./artefacts.ts";
import { Brush } from "./brush.ts";
import { difficulties, type DifficultySettings } from "./difficulty.ts";
import { poseAt, type Visit, visitAt } from "./itinerary.ts";
import { innerSquare, Sector } from "./sector.ts";
import { Speckle } from "./speckle.ts";
import type { Subject } from "./subject.ts";
import { paintWall, paintWomb } from "./womb.ts";

/** What a renderer needs. */
export interface RendererOptions {
  /** Seed of the set of scans. */
  seed: number;
  /** Name of the scan: it names the random numbers. */
  scan: string;
  /** Whose scan it is. */
  subject: Subject;
  /** What is seen, in order of time; at least one. */
  visits: readonly Visit[];
  /** Height and width in pixels. */
  frameSize: readonly [number, number];
  /** Artefacts and brightness; those of the easy scans when it is left out. */
  settings?: Pick<DifficultySettings, "artefacts" | "greyLevel">;
  /** False leaves the speckle away; for tests and for looking at the anatomy. */
  speckle?: boolean;
}

/** The pictures of one scan. */
export class Renderer {
  readonly #options: RendererOptions;
  readonly #sector: Sector;
  readonly #brush: Brush;
  readonly #speckle?: Speckle;
  /** Gain of every row, dB. */
  readonly #gain: Float32Array;
  readonly #artefacts: Artefacts;
  /** Mean grey value by time, or nothing where anatomy decides. */
  readonly #greyLevel?: (seconds: number) => number;
  /** How much every sample counts in the mean grey value. */
  readonly #shares: Float32Array;
  /** Loss so far of every beam, dB. */
  readonly #loss: Float32Array;
  readonly #line: Float32Array;
  readonly #grid: Float32Array;
  #last?: { seconds: number; x: number; y: number; angle: number };

  /** Computes what stays the same in all pictures. */
  constructor(options: RendererOptions) {
    const { seed, scan, subject, frameSize } = options;
    const random = new Random(seed, "renderer", scan);
    this.#options = options;
    const sector = this.#sector = new Sector(subject.sector, frameSize);
    this.#brush = new Brush(sector);
    if (options.speckle ?? true) {
      const grain = subject.grain * Math.max(0.7, frameSize[0] / 190);
      this.#speckle = new Speckle(random, [0.75 * grain, 1.35 * grain]);
    }
    const focus = random.uniform(0.35, 0.65);
    this.#gain = Float32Array.from({ length: sector.rows }, (_, row) => {
      const depth = row / sector.rows;
      return subject.gain - subject.fade * depth + 3 * Math.exp(-(((depth - focus) / 0.2) ** 2));
    });
    const { artefacts, greyLevel } = options.settings ?? difficulties.easy;
    this.#artefacts = new Artefacts(random, sector, artefacts);
    if (greyLevel) {
      const mean = random.uniform(...greyLevel), phase = random.uniform(0, 2 * Math.PI);
      const drift = (seconds: number) => Math.sin(0.35 * seconds + phase) + Math.sin(0.83 * seconds - phase);
      this.#greyLevel = (seconds) => mean * (1 + 0.12 * drift(seconds));
    }
    this.#shares = sharesOf(sector);
    this.#loss = new Float32Array(sector.beams);
    this.#line = new Float32Array(sector.beams);
    this.#grid = new Float32Array(sector.x.length);
  }

  /** Renders the picture of a time, which must not go back, into [height · width] grey values. */
  render(seconds: number, picture: Uint8Array): void {
    const { subject, visits } = this.#options;
    const visit = visitAt(visits, seconds), pose = poseAt(visit, seconds);
    const slide = [0.4 * (pose.x - visit.pose.x), 0.3 * (pose.y - visit.pose.y)] as const;
    paintWomb(this.#brush, subject, ...slide);
    this.#brush.place(pose);
    const [stretch, inner, shift, bend] = visit.traits;
    const beat = (seconds * subject.heartRate) / 60;
    const contraction = 0.5 - 0.5 * Math.cos(2 * Math.PI * beat);
    const stir = Math.sin(1.1 * seconds + 3 * stretch) * Math.sin(0.37 * seconds + 3 * shift);
    if (pose.opacity > 0) {
      sceneNamed(visit.plane).draw(this.#brush, { stretch, inner, shift, bend, contraction, stir });
    }
    paintWall(this.#brush, this.#sector, subject, slide[0]);
    this.#moveSpeckle(seconds, pose);
    this.#artefacts.move(seconds);
    this.#compose(pose);
    this.#setBrightness(seconds);
    this.#sector.convert(this.#grid, picture);
  }

  /** Speckle changes slowly by itself, faster the faster the probe or the fetus moves. */
  #moveSpeckle(seconds: number, { x, y, angle }: { x: number; y: number; angle: number }): void {
    if (this.#last) {
      const way = Math.hypot(x - this.#last.x, y - this.#last.y) + 2 * Math.abs(angle - this.#last.angle);
      this.#speckle?.turn(Math.min(1.5, 0.8 * (seconds - this.#last.seconds) + 2 * way));
    }
    this.#last = { seconds, x, y, angle };
  }

  /** Echo, gain, what is lost on the way, and speckle become grey values by logarithmic compression. */
  #compose({ x, y }: { x: number; y: number }): void {
    const { beams, rows, rowStep, beamStep, form } = this.#sector;
    const { level, attenuation } = this.#brush;
    const { dynamicRange, lumpiness } = this.#options.subject;
    const line = this.#line, loss = this.#loss, grid = this.#grid;
    const { loss: contact, floor } = this.#artefacts;
    const down = Math.round(y / rowStep),
      across = Math.round(x / ((form.radius + form.depth / 2) * beamStep));
    const slope = 255 / dynamicRange, white = dynamicRange - 21;
    loss.fill(0);
    for (let row = 0, i = 0; row < rows; row++) {
      const gain = this.#gain[row] + white, least = floor[row];
      for (let beam = 0; beam < beams; beam++, i++) {
        loss[beam] = Math.max(loss[beam] + attenuation[i] * rowStep, -4);
        const echo = level[i] - loss[beam] - contact[beam];
        line[beam] = (echo > least ? echo : least) + gain;
      }
      this.#speckle?.add(line, row - down + 4096, across, lumpiness);
      for (let beam = 0, j = row * beams; beam < beams; beam++, j++) grid[j] = line[beam] * slope;
    }
  }

  /** The operator keeps the picture as bright as they like it, whatever is seen. */
  #setBrightness(seconds: number): void {
    const grid = this.#grid;
    const offset = this.#greyLevel ? offsetToMean(grid, this.#shares, this.#greyLevel(seconds)) : 0;
    for (let i = 0; i < grid.length; i++) {
      const grey = grid[i] + offset;
      grid[i] = grey < 0 ? 0 : grey > 255 ? 255 : grey;
    }
  }
}

/** How often the inner part of the fan counts beside the rest. */
const innerWeight = 6;

/**
 * Every sample counts by the picture's area that it fills, and more where preparing looks: a crop to the inside of the
 * fan must not be told by its brightness, nor should the whole picture.
 */
function sharesOf({ x, y, beams, rowStep, form }: Sector): Float32Array {
  const { top, half } = innerSquare(form);
  return x.map((across, i) => {
    const isInner = Math.abs(across) < half && y[i] > top && y[i] < top + 2 * half;
    return (form.radius + Math.floor(i / beams) * rowStep) * (isInner ? innerWeight : 1);
  });
}
