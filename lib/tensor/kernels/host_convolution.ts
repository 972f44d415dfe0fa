/**
 * Convolutions on float32 arrays in plain loops: the oracle, not the fast path.
 *
 * @module
 */

import type { ConvolutionGeometry, Shape } from "../../shape.ts";

/** A convolution's sizes: `[B, H, W, C]`, `[KH, KW, C / groups, K]`, `[B, H', W', K]`. */
export interface ConvolutionSizes {
  image: Shape;
  filter: Shape;
  output: Shape;
  geometry: ConvolutionGeometry;
}

/** Calls `visit` with the places where a group's channels of a pixel, of a tap and of an output begin. */
function eachTap(
  { image, filter, output, geometry }: ConvolutionSizes,
  visit: (pixel: number, tap: number, output: number) => void,
): void {
  const [batch, height, width, channels] = image;
  const [kernelHeight, kernelWidth, groupChannels, filters] = filter;
  const { strides, dilations, padding, groups } = geometry;
  for (let n = 0, out = 0; n < batch; n++) {
    for (let oy = 0; oy < output[1]; oy++) {
      for (let ox = 0; ox < output[2]; ox++, out += filters) {
        for (let ky = 0; ky < kernelHeight; ky++) {
          const iy = oy * strides[0] + ky * dilations[0] - padding.top;
          if (iy < 0 || iy >= height) continue;
          for (let kx = 0; kx < kernelWidth; kx++) {
            const ix = ox * strides[1] + kx * dilations[1] - padding.left;
            if (ix < 0 || ix >= width) continue;
            const pixel = ((n * height + iy) * width + ix) * channels;
            const tap = (ky * kernelWidth + kx) * groupChannels * filters;
            for (let g = 0; g < groups; g++) {
              const column = g * filters / groups;
              visit(pixel + g * groupChannels, tap + column, out + column);
            }
          }
        }
      }
    }
  }
}

/** The convolution of images with filters. */
export function convolve(out: Float32Array, x: Float32Array, w: Float32Array, sizes: ConvolutionSizes): void {
  const [, , channels, filters] = sizes.filter;
  const columns = filters / sizes.geometry.groups;
  out.fill(0);
  eachTap(sizes, (pixel, tap, output) => {
    for (let c = 0; c < channels; c++) {
      for (let k = 0; k < columns; k++) out[output + k] += x[pixel + c] * w[tap + c * filters + k];
    }
  });
}

/** Its gradient for the images. */
export function convolveInputGradient(
  out: Float32Array,
  dy: Float32Array,
  w: Float32Array,
  sizes: ConvolutionSizes,
): void {
  const [, , channels, filters] = sizes.filter;
  const columns = filters / sizes.geometry.groups;
  out.fill(0);
  eachTap(sizes, (pixel, tap, output) => {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += dy[output + k] * w[tap + c * filters + k];
      out[pixel + c] += sum;
    }
  });
}

/** Its gradient for the filters, summed in float64. */
export function convolveFilterGradient(
  out: Float32Array,
  x: Float32Array,
  dy: Float32Array,
  sizes: ConvolutionSizes,
): void {
  const [, , channels, filters] = sizes.filter;
  const columns = filters / sizes.geometry.groups;
  const sums = new Float64Array(out.length);
  eachTap(sizes, (pixel, tap, output) => {
    for (let c = 0; c < channels; c++) {
      for (let k = 0; k < columns; k++) sums[tap + c * filters + k] += x[pixel + c] * dy[output + k];
    }
  });
  out.set(sums);
}
