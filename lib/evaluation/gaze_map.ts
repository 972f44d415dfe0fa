/**
 * Gaze becomes a map.
 *
 * @module
 */

import { need } from "./requirement.ts";

/** A map of one number per cell, row-major. */
export interface SaliencyMap {
  /** H. */
  height: number;
  /** W. */
  width: number;
  /** [H, W] */
  values: Float64Array;
}

/** A place on the picture as shares of its size: (0, 0) is the top left corner, (1, 1) the bottom right one. */
export interface GazePoint {
  /** From left to right. */
  x: number;
  /** From top to bottom. */
  y: number;
}

/** A cell of a map. */
export interface Fixation {
  /** From 0 at the left. */
  column: number;
  /** From 0 at the top. */
  row: number;
}

/** Height and width of the maps that encoders of 224 × 288 pictures give (Droste et al., IPMI 2019). */
export const gazeMapSize = [28, 36] as const;

const isInside = ({ x, y }: GazePoint) => x >= 0 && x <= 1 && y >= 0 && y <= 1;

/** The cells that gaze points lie in; points outside the picture are left out. */
export function fixationCells(
  points: readonly GazePoint[],
  [height, width] = gazeMapSize as readonly number[],
): Fixation[] {
  return points.filter(isInside).map(({ x, y }) => ({
    column: Math.min(width - 1, Math.floor(x * width)),
    row: Math.min(height - 1, Math.floor(y * height)),
  }));
}

/**
 * The training target of gaze prediction: a Gaussian at every gaze point, summed to 1,
 * m[r, c] ∝ Σ_p exp(−((c + ½ − x_p W)² + (r + ½ − y_p H)²) / 2σ²).
 *
 * @param points Repeated points count as often; those outside the picture are left out.
 * @param sigmaCells σ in cells; about 1° of visual angle, which depends on screen and distance, so it has no default.
 * @throws SonospeechError `input` when no point is inside the picture.
 * @see Jiao et al., MICCAI 2020; Droste et al., IPMI 2019.
 */
export function gazeMap(
  points: readonly GazePoint[],
  { sigmaCells, size = gazeMapSize }: { sigmaCells: number; size?: readonly [number, number] },
): SaliencyMap {
  const [height, width] = size;
  const inside = points.filter(isInside);
  need(
    inside.length > 0,
    "draw a gaze map",
    "at least one gaze point must be inside the picture",
    points.length,
  );
  need(sigmaCells > 0, "draw a gaze map", "sigmaCells must be positive", sigmaCells);
  const values = new Float64Array(height * width);
  const bell = (length: number, center: number) =>
    Float64Array.from(
      { length },
      (_, i) => Math.exp(-((i + 0.5 - center * length) ** 2) / (2 * sigmaCells ** 2)),
    );
  for (const { x, y } of inside) {
    const [rows, columns] = [bell(height, y), bell(width, x)];
    for (let i = 0; i < values.length; i++) values[i] += rows[Math.floor(i / width)] * columns[i % width];
  }
  const total = values.reduce((sum, value) => sum + value, 0);
  return { height, width, values: values.map((value) => value / total) };
}
