/**
 * Stored pictures moved and toned, in plain loops.
 *
 * @module
 */

import type { Shape } from "../../shape.ts";

/** `tones[g, frames[n, y − down, x − right]]`, coordinates kept inside the picture; `shape` is `[N, H, W, 1]`. */
export function toneStoredFrames(
  out: Float32Array,
  frames: Float32Array,
  shifts: Float32Array,
  tones: Float32Array,
  [count, height, width]: Shape,
): void {
  const perGroup = count / (shifts.length / 2);
  const inside = (at: number, size: number) => at < 0 ? 0 : at >= size ? size - 1 : at;
  const columns = new Int32Array(width);
  for (let n = 0; n < count; n++) {
    const group = Math.floor(n / perGroup);
    const tone = tones.subarray(256 * group, 256 * (group + 1));
    for (let x = 0; x < width; x++) columns[x] = inside(x - shifts[2 * group + 1], width);
    for (let y = 0; y < height; y++) {
      const from = (n * height + inside(y - shifts[2 * group], height)) * width;
      const to = (n * height + y) * width;
      for (let x = 0; x < width; x++) out[to + x] = tone[frames[from + columns[x]]];
    }
  }
}
