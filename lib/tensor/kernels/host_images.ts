/**
 * Windows of images on float32 arrays `[B, H, W, C]`: unfolding for convolutions as matrix products, and pooling.
 *
 * @module
 */

import type { ConvolutionGeometry, Shape } from "../../shape.ts";
import { transposeMatrix } from "./host_layout.ts";

/** One convolution's sizes, with the images `[first, last)` that are unfolded at once. */
export interface Unfolding {
  image: Shape;
  kernel: readonly [number, number];
  /** Height and width of the convolution's output. */
  output: readonly [number, number];
  geometry: ConvolutionGeometry;
  first: number;
  last: number;
}

/**
 * A stretch of taps side by side: in the row of its window it begins at element `row`; `before` elements of padding
 * come first, then `count` elements that lie at `pixel` of the images, then `after` elements of padding.
 */
type VisitStretch = (row: number, before: number, pixel: number, count: number, after: number) => void;

/** Visits all windows in order. A stretch is a line of the kernel where taps are neighbours, else a single tap. */
function eachStretch(u: Unfolding, visit: VisitStretch): void {
  const [, height, width, channels] = u.image;
  const { strides, dilations, padding, groups } = u.geometry;
  const run = channels / groups;
  const taps = groups === 1 && dilations[1] === 1 ? u.kernel[1] : 1;
  let row = 0;
  for (let n = u.first; n < u.last; n++) {
    for (let oy = 0; oy < u.output[0]; oy++) {
      for (let ox = 0; ox < u.output[1]; ox++) {
        for (let ky = 0; ky < u.kernel[0]; ky++) {
          const iy = oy * strides[0] + ky * dilations[0] - padding.top;
          const line = (n * height + iy) * width;
          for (let kx = 0; kx < u.kernel[1]; kx += taps, row += taps * run) {
            const ix = ox * strides[1] + kx * dilations[1] - padding.left;
            const left = iy < 0 || iy >= height ? taps : Math.min(taps, Math.max(0, -ix));
            const right = Math.min(taps - left, Math.max(0, ix + taps - width));
            const count = (taps - left - right) * run;
            visit(row, left * run, (line + ix + left) * channels, count, right * run);
          }
        }
      }
    }
  }
}

/** Windows as rows: out is `[groups, (last − first) H' W', KH KW C / groups]`. */
export function unfoldImages(out: Float32Array, x: Float32Array, u: Unfolding): void {
  const { groups } = u.geometry;
  const groupSize = out.length / groups;
  const run = u.image[3] / groups;
  eachStretch(u, (row, before, pixel, count, after) => {
    for (let g = 0; g < groups; g++) {
      let to = g * groupSize + row;
      for (const end = to + before; to < end; to++) out[to] = 0;
      for (let end = to + count, from = pixel + g * run; to < end; to++, from++) out[to] = x[from];
      for (const end = to + after; to < end; to++) out[to] = 0;
    }
  });
}

/** Visits image, output line, the pixel line under a line of the kernel, and that line's number. */
function eachLine(u: Unfolding, visit: (n: number, oy: number, iy: number, ky: number) => void): void {
  const { strides, dilations, padding } = u.geometry;
  for (let n = u.first; n < u.last; n++) {
    for (let oy = 0; oy < u.output[0]; oy++) {
      for (let ky = 0; ky < u.kernel[0]; ky++) {
        visit(n, oy, oy * strides[0] + ky * dilations[0] - padding.top, ky);
      }
    }
  }
}

/** Windows as columns: out is `[groups, KH KW C / groups, (last − first) H' W']`. */
export function unfoldColumns(out: Float32Array, x: Float32Array, u: Unfolding): void {
  const [, height, width, channels] = u.image;
  const [outHeight, outWidth] = u.output;
  const { strides: [, step], dilations: [, dilation], padding: { left }, groups } = u.geometry;
  const run = channels / groups;
  const windows = (u.last - u.first) * outHeight * outWidth;
  out.fill(0);
  eachLine(u, (n, oy, iy, ky) => {
    if (iy < 0 || iy >= height) return;
    for (let kx = 0; kx < u.kernel[1]; kx++) {
      const offset = kx * dilation - left;
      const first = Math.max(0, Math.ceil(-offset / step));
      const last = Math.min(outWidth, Math.floor((width - 1 - offset) / step) + 1);
      for (let g = 0; g < groups; g++) {
        const row = ((g * u.kernel[0] + ky) * u.kernel[1] + kx) * run;
        const window = ((n - u.first) * outHeight + oy) * outWidth + first;
        const pixel = (n * height + iy) * width + first * step + offset;
        const to = { start: row * windows + window, stride: windows };
        const from = { start: pixel * channels + g * run, stride: step * channels };
        transposeMatrix(out, to, x, from, last - first, run);
      }
    }
  });
}

/** Adds rows back onto the pixels they came from: the transpose of {@linkcode unfoldImages}. */
export function foldImages(out: Float32Array, rows: Float32Array, u: Unfolding): void {
  const { groups } = u.geometry;
  const groupSize = rows.length / groups;
  const run = u.image[3] / groups;
  eachStretch(u, (row, before, pixel, count) => {
    for (let g = 0; g < groups; g++) {
      let from = g * groupSize + row + before;
      for (let to = pixel + g * run, end = to + count; to < end; to++, from++) out[to] += rows[from];
    }
  });
}

/** A pooling's sizes. */
export interface Pooling extends ConvolutionGeometry {
  window: readonly [number, number];
}

/** Calls `visit` with each output's position and that of the first largest pixel of its window. */
export function eachLargest(
  x: Float32Array,
  image: Shape,
  output: Shape,
  p: Pooling,
  visit: (output: number, largest: number) => void,
): void {
  const [batch, height, width, channels] = image;
  const [, outHeight, outWidth] = output;
  let position = 0;
  for (let n = 0; n < batch; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const top = oy * p.strides[0] - p.padding.top;
      const y0 = Math.max(top, 0), y1 = Math.min(top + p.window[0], height);
      for (let ox = 0; ox < outWidth; ox++) {
        const left = ox * p.strides[1] - p.padding.left;
        const x0 = Math.max(left, 0), x1 = Math.min(left + p.window[1], width);
        for (let c = 0; c < channels; c++) {
          let largest = ((n * height + y0) * width + x0) * channels + c;
          for (let iy = y0; iy < y1; iy++) {
            for (let ix = x0; ix < x1; ix++) {
              const at = ((n * height + iy) * width + ix) * channels + c;
              if (x[at] > x[largest]) largest = at;
            }
          }
          visit(position++, largest);
        }
      }
    }
  }
}
