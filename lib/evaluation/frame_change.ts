/**
 * Random changes of a picture while a network is fine-tuned: flip, rotation, aspect, crop, gamma and brightness.
 *
 * @module
 */

import type { Random } from "../random.ts";

/** How much may change; all 0 changes nothing. */
export interface FrameChangeLimits {
  /** Share of pictures that are mirrored left to right. */
  flipShare: number;
  /** Largest rotation either way, degrees. */
  rotationDegrees: number;
  /** Largest change of width to height, as a share. */
  aspect: number;
  /** Largest share of height and width that a crop takes away. */
  crop: number;
  /** Largest change of the exponent on intensities, as a share. */
  gamma: number;
  /** Largest change of the factor on intensities, as a share. */
  brightness: number;
}

/** One draw of changes. */
export interface FrameChange {
  /** Mirrored left to right. */
  isFlipped: boolean;
  /** Radians, clockwise as seen. */
  rotation: number;
  /** Factor on width over height; the area stays. */
  aspect: number;
  /** Share of height and width that is kept, in (0, 1]. */
  kept: number;
  /** Where the kept part lies, as shares of the room for it, down and right. */
  place: readonly [number, number];
  /** Exponent on intensities in [0, 1]. */
  gamma: number;
  /** Factor on intensities in [0, 1]. */
  brightness: number;
}

/** Leaves a picture as it is. */
export const noFrameChange: FrameChange = {
  isFlipped: false,
  rotation: 0,
  aspect: 1,
  kept: 1,
  place: [0.5, 0.5],
  gamma: 1,
  brightness: 1,
};

/** Draws a change within limits. */
export function drawFrameChange(limits: FrameChangeLimits, random: Random): FrameChange {
  const around = (limit: number) => 1 + random.uniform(-limit, limit);
  return {
    isFlipped: random.uniform() < limits.flipShare,
    rotation: random.uniform(-limits.rotationDegrees, limits.rotationDegrees) * Math.PI / 180,
    aspect: around(limits.aspect),
    kept: 1 - random.uniform(0, limits.crop),
    place: [random.uniform(), random.uniform()],
    gamma: around(limits.gamma),
    brightness: around(limits.brightness),
  };
}

/** How {@linkcode warp} reads a picture. */
export interface WarpOptions {
  /** Height and width of the values, and of the result. */
  size: readonly [number, number];
  /** Width over height of the picture that the values cover, so that a rotation does not shear. */
  pictureAspect: number;
  /** What lies outside the picture: its outermost values, or zeros. */
  outside: "edge" | "zero";
}

/**
 * The flip, rotation, aspect and crop of a change, by linear interpolation. A picture and the map of where it was
 * looked at, at whatever size, move together.
 *
 * @param values `[H, W]`.
 * @returns `[H, W]`.
 */
export function warp(values: ArrayLike<number>, change: FrameChange, options: WarpOptions): Float32Array {
  const { size: [height, width], outside } = options;
  const at = (row: number, column: number) => {
    if (outside === "zero" && (row < 0 || row >= height || column < 0 || column >= width)) return 0;
    return values[clamp(row, height) * width + clamp(column, width)];
  };
  const source = sourceOf(change, options.pictureAspect);
  const out = new Float32Array(height * width);
  for (let i = 0; i < out.length; i++) {
    const [x, y] = source((i % width + 0.5) / width, (Math.floor(i / width) + 0.5) / height);
    const [column, row] = [x * width - 0.5, y * height - 0.5];
    const [left, top] = [Math.floor(column), Math.floor(row)];
    const [right, down] = [column - left, row - top];
    out[i] = (1 - down) * ((1 - right) * at(top, left) + right * at(top, left + 1)) +
      down * ((1 - right) * at(top + 1, left) + right * at(top + 1, left + 1));
  }
  return out;
}

/** Where a place of the result was before, both as shares of width and height. */
function sourceOf({ isFlipped, rotation, aspect, kept, place }: FrameChange, pictureAspect: number) {
  const [cos, sin] = [Math.cos(rotation), Math.sin(rotation)];
  const stretch = Math.sqrt(aspect);
  return (x: number, y: number): [number, number] => {
    const [croppedX, croppedY] = [(1 - kept) * place[1] + kept * x, (1 - kept) * place[0] + kept * y];
    // Around the middle, in heights of the picture.
    const [u, v] = [(croppedX - 0.5) * pictureAspect / stretch, (croppedY - 0.5) * stretch];
    const sourceX = (cos * u + sin * v) / pictureAspect;
    return [0.5 + (isFlipped ? -sourceX : sourceX), 0.5 + cos * v - sin * u];
  };
}

function clamp(index: number, size: number): number {
  return index < 0 ? 0 : index >= size ? size - 1 : index;
}

/**
 * A picture as the video encoder reads it: changed, intensities scaled to [−1, 1].
 *
 * @param values `[H, W]`, 0 to 255, of the encoder's size.
 * @param out Written from `offset` on, H·W values.
 */
export function writeFrame(
  values: ArrayLike<number>,
  size: readonly [number, number],
  change: FrameChange,
  out: Float32Array,
  offset: number,
): void {
  const moved = change === noFrameChange
    ? values
    : warp(values, change, { size, pictureAspect: size[1] / size[0], outside: "edge" });
  for (let i = 0; i < moved.length; i++) {
    const intensity = (moved[i] / 255) ** change.gamma * change.brightness;
    out[offset + i] = 2 * Math.min(1, Math.max(0, intensity)) - 1;
  }
}
