/**
 * Pooling of images on float32 arrays `[B, H, W, C]`.
 *
 * @module
 */

import type { ConvolutionGeometry, Shape } from "../../shape.ts";

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
