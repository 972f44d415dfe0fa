/**
 * Pictures whose class and gaze are known: a bright blob on noise; where it lies is the gaze, its form is the class.
 *
 * @module
 */

import type { GazePoint } from "../../lib/evaluation/gaze_map.ts";
import type { Pictures } from "../../lib/evaluation/pictures.ts";
import { Random } from "../../lib/random.ts";

/** Pictures with their truth. */
export interface FakePictures {
  /** The pictures. */
  pictures: Pictures;
  /** Form of each blob: lying, standing, round, or none. */
  labels: number[];
  /** Points around each blob. */
  gaze: GazePoint[][];
  /** Four pictures each. */
  subjects: string[];
  /** All but the last third of the subjects. */
  train: number[];
  /** The last third. */
  test: number[];
}

/** The names of the forms. */
export const fakeClasses = ["lying", "standing", "round", "background"] as const;

/** Draws pictures of `size` × `size`, the first few `forms` among them. */
export function fakePictures(
  count: number,
  { size = 16, seed = 1, forms = fakeClasses.length as number } = {},
): FakePictures {
  const truths = Array.from({ length: count }, (_, i) => {
    const random = new Random(seed, "truth", i);
    const [x, y] = [random.uniform(0.25, 0.75), random.uniform(0.25, 0.75)];
    const near = () => ({ x: x + random.normal(0, 0.03), y: y + random.normal(0, 0.03) });
    return { label: random.integer(forms), x, y, gaze: [near(), near(), near()] };
  });
  const all = truths.map((_, i) => i);
  const lastThird = 4 * Math.floor(count / 6);
  return {
    pictures: {
      count,
      size: [size, size],
      read: (index) => draw(truths[index], size, new Random(seed, "noise", index)),
    },
    labels: truths.map(({ label }) => label),
    gaze: truths.map(({ gaze }) => gaze),
    subjects: all.map((i) => `p${Math.floor(i / 4)}`),
    train: all.filter((i) => i < lastThird),
    test: all.filter((i) => i >= lastThird),
  };
}

function draw(truth: { label: number; x: number; y: number }, size: number, random: Random): Uint8Array {
  const [wide, high] = [[0.25, 0.06], [0.06, 0.25], [0.12, 0.12], [0, 0]][truth.label];
  return Uint8Array.from({ length: size * size }, (_, i) => {
    const dx = ((i % size) + 0.5) / size - truth.x;
    const dy = (Math.floor(i / size) + 0.5) / size - truth.y;
    const isBlob = wide > 0 && (dx / wide) ** 2 + (dy / high) ** 2 < 1;
    return (isBlob ? 170 : 40) + random.integer(50);
  });
}
