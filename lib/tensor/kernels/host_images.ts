/**
 * Windows of images on float32 arrays `[B, H, W, C]`: unfolding for convolutions as matrix products, and pooling.
 *
 * @module
 */

import type { ConvolutionGeometry, Shape } from "../../shape.ts";

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

/** Calls `visit` with the offset of each window's tap inside the image, or −1 on padding, in order of the columns. */
function eachTap(u: Unfolding, visit: (offset: number) => void): void {
  const [, height, width, channels] = u.image;
  const { strides, dilations, padding } = u.geometry;
  for (let n = u.first; n < u.last; n++) {
    for (let oy = 0; oy < u.output[0]; oy++) {
      for (let ox = 0; ox < u.output[1]; ox++) {
        for (let ky = 0; ky < u.kernel[0]; ky++) {
          const iy = oy * strides[0] + ky * dilations[0] - padding.top;
          for (let kx = 0; kx < u.kernel[1]; kx++) {
            const ix = ox * strides[1] + kx * dilations[1] - padding.left;
            const inside = iy >= 0 && iy < height && ix >= 0 && ix < width;
            visit(inside ? ((n * height + iy) * width + ix) * channels : -1);
          }
        }
      }
    }
  }
}

/** Windows as rows: out is `[groups, (last − first) H' W', KH KW C / groups]`. */
export function unfoldImages(out: Float32Array, x: Float32Array, u: Unfolding): void {
  const groups = u.geometry.groups;
  const run = u.image[3] / groups;
  const groupSize = out.length / groups;
  let position = 0;
  eachTap(u, (offset) => {
    for (let g = 0; g < groups; g++) {
      const to = g * groupSize + position;
      if (offset < 0) { for (let c = 0; c < run; c++) out[to + c] = 0; }
      else for (let c = 0, from = offset + g * run; c < run; c++) out[to + c] = x[from + c];
    }
    position += run;
  });
}

/** Adds rows back onto the pixels they came from: the transpose of {@linkcode unfoldImages}. */
export function foldImages(out: Float32Array, rows: Float32Array, u: Unfolding): void {
  const groups = u.geometry.groups;
  const run = u.image[3] / groups;
  const groupSize = rows.length / groups;
  let position = 0;
  eachTap(u, (offset) => {
    if (offset >= 0) {
      for (let g = 0; g < groups; g++) {
        const from = g * groupSize + position;
        for (let c = 0, to = offset + g * run; c < run; c++) out[to + c] += rows[from + c];
      }
    }
    position += run;
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
