/**
 * The operations on images `[B, H, W, C]` of the float64 reference.
 *
 * @module
 */

import { type ConvolutionGeometry, type Shape, sizeOf } from "../shape.ts";
import type { ReferenceTensor } from "./reference.ts";

/** One product of a convolution: the positions of the pixel, the filter weight and the output it links. */
type Visit = (x: number, filter: number, y: number) => void;

/** Calls `visit` for every product `x · filter → y` of a convolution that does not fall on padding. */
function eachProduct(xShape: Shape, filterShape: Shape, yShape: Shape, g: ConvolutionGeometry, visit: Visit) {
  const [batch, height, width, channels] = xShape;
  const [kernelHeight, kernelWidth, groupChannels, filters] = filterShape;
  const [, outHeight, outWidth] = yShape;
  const groupFilters = filters / g.groups;
  for (let n = 0; n < batch; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        for (let ky = 0; ky < kernelHeight; ky++) {
          const iy = oy * g.strides[0] + ky * g.dilations[0] - g.padding.top;
          if (iy < 0 || iy >= height) continue;
          for (let kx = 0; kx < kernelWidth; kx++) {
            const ix = ox * g.strides[1] + kx * g.dilations[1] - g.padding.left;
            if (ix < 0 || ix >= width) continue;
            for (let c = 0; c < groupChannels; c++) {
              for (let k = 0; k < filters; k++) {
                const channel = Math.floor(k / groupFilters) * groupChannels + c;
                visit(
                  ((n * height + iy) * width + ix) * channels + channel,
                  ((ky * kernelWidth + kx) * groupChannels + c) * filters + k,
                  ((n * outHeight + oy) * outWidth + ox) * filters + k,
                );
              }
            }
          }
        }
      }
    }
  }
}

/** See `conv2d` of the graph. */
export function referenceConv2d(
  x: ReferenceTensor,
  filter: ReferenceTensor,
  g: ConvolutionGeometry,
  shape: Shape,
): Float64Array {
  const out = new Float64Array(sizeOf(shape));
  eachProduct(x.shape, filter.shape, shape, g, (i, f, o) => out[o] += x.data[i] * filter.data[f]);
  return out;
}

/** See `conv2dInputGradient` of the graph. */
export function referenceConv2dInputGradient(
  dy: ReferenceTensor,
  filter: ReferenceTensor,
  g: ConvolutionGeometry,
  shape: Shape,
): Float64Array {
  const out = new Float64Array(sizeOf(shape));
  eachProduct(shape, filter.shape, dy.shape, g, (i, f, o) => out[i] += dy.data[o] * filter.data[f]);
  return out;
}

/** See `conv2dFilterGradient` of the graph. */
export function referenceConv2dFilterGradient(
  x: ReferenceTensor,
  dy: ReferenceTensor,
  g: ConvolutionGeometry,
  shape: Shape,
): Float64Array {
  const out = new Float64Array(sizeOf(shape));
  eachProduct(x.shape, shape, dy.shape, g, (i, f, o) => out[f] += x.data[i] * dy.data[o]);
  return out;
}

type Pooling = ConvolutionGeometry & { window: readonly [number, number] };

/** The position of the first largest value of every window, in row-major order of the output. */
function winners(x: ReferenceTensor, p: Pooling, yShape: Shape): Int32Array {
  const [batch, height, width, channels] = x.shape;
  const [, outHeight, outWidth] = yShape;
  const out = new Int32Array(batch * outHeight * outWidth * channels);
  let position = 0;
  for (let n = 0; n < batch; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        for (let c = 0; c < channels; c++) {
          let best = -1;
          for (let ky = 0; ky < p.window[0]; ky++) {
            const iy = oy * p.strides[0] + ky - p.padding.top;
            if (iy < 0 || iy >= height) continue;
            for (let kx = 0; kx < p.window[1]; kx++) {
              const ix = ox * p.strides[1] + kx - p.padding.left;
              if (ix < 0 || ix >= width) continue;
              const at = ((n * height + iy) * width + ix) * channels + c;
              if (best < 0 || x.data[at] > x.data[best]) best = at;
            }
          }
          out[position++] = best;
        }
      }
    }
  }
  return out;
}

/** See `maxPool` of the graph. */
export function referenceMaxPool(x: ReferenceTensor, pooling: Pooling, shape: Shape): Float64Array {
  return Float64Array.from(winners(x, pooling, shape), (at) => x.data[at]);
}

/** See `maxPoolGradient` of the graph. */
export function referenceMaxPoolGradient(
  x: ReferenceTensor,
  dy: ReferenceTensor,
  pooling: Pooling,
): Float64Array {
  const out = new Float64Array(x.data.length);
  winners(x, pooling, dy.shape).forEach((at, i) => out[at] += dy.data[i]);
  return out;
}

/** See `batchMoments` of the graph. */
export function referenceBatchMoments(x: ReferenceTensor): Float64Array {
  const channels = x.shape[x.shape.length - 1];
  const count = x.data.length / channels;
  const out = new Float64Array(2 * channels);
  x.data.forEach((value, i) => out[i % channels] += value / count);
  x.data.forEach((value, i) => out[channels + i % channels] += (value - out[i % channels]) ** 2 / count);
  return out;
}

interface Normalization {
  epsilon: number;
  relu: boolean;
}

/** `(x − mean) / √(variance + epsilon)`. */
function standardized([x, moments]: readonly ReferenceTensor[], epsilon: number): Float64Array {
  const channels = x.shape[x.shape.length - 1];
  return x.data.map((value, i) => {
    const c = i % channels;
    return (value - moments.data[c]) / Math.sqrt(moments.data[channels + c] + epsilon);
  });
}

/** See `batchNorm` of the graph. Inputs: x, moments, gamma, beta. */
export function referenceBatchNorm(inputs: readonly ReferenceTensor[], n: Normalization): Float64Array {
  const [, , gamma, beta] = inputs;
  const channels = gamma.data.length;
  return standardized(inputs, n.epsilon).map((value, i) => {
    const y = gamma.data[i % channels] * value + beta.data[i % channels];
    return n.relu ? Math.max(y, 0) : y;
  });
}

/** `dy` where the ReLU let pass. Inputs: x, moments, gamma, beta, dy. */
function passed(inputs: readonly ReferenceTensor[], n: Normalization): Float64Array {
  const y = referenceBatchNorm(inputs, n);
  return inputs[4].data.map((value, i) => !n.relu || y[i] > 0 ? value : 0);
}

/** See `batchNormParameterGradient` of the graph. Inputs: x, moments, gamma, beta, dy. */
export function referenceBatchNormParameterGradient(
  inputs: readonly ReferenceTensor[],
  n: Normalization,
): Float64Array {
  const channels = inputs[2].data.length;
  const unit = standardized(inputs, n.epsilon);
  const out = new Float64Array(2 * channels);
  passed(inputs, n).forEach((dy, i) => {
    out[i % channels] += dy * unit[i];
    out[channels + i % channels] += dy;
  });
  return out;
}

/** See `batchNormInputGradient` of the graph. Inputs: x, moments, gamma, beta, dy, parameterGradient. */
export function referenceBatchNormInputGradient(
  inputs: readonly ReferenceTensor[],
  n: Normalization,
): Float64Array {
  const [x, moments, gamma, , , sums] = inputs;
  const channels = gamma.data.length;
  const count = x.data.length / channels;
  const unit = standardized(inputs, n.epsilon);
  return passed(inputs, n).map((dy, i) => {
    const c = i % channels;
    const centred = dy - (sums.data[channels + c] + unit[i] * sums.data[c]) / count;
    return gamma.data[c] / Math.sqrt(moments.data[channels + c] + n.epsilon) * centred;
  });
}

/** `tones[g, frames[n, y − down, x − right]]`, coordinates kept inside the picture. */
export function referenceToneFrames([frames, shifts, tones]: readonly ReferenceTensor[]): Float64Array {
  const [count, height, width] = frames.shape;
  const perGroup = count / shifts.shape[0];
  const inside = (at: number, size: number) => Math.min(size - 1, Math.max(0, at));
  return Float64Array.from({ length: count * height * width }, (_, i) => {
    const n = Math.floor(i / (height * width));
    const group = Math.floor(n / perGroup);
    const [down, right] = shifts.data.slice(2 * group);
    const y = inside(Math.floor(i / width) % height - down, height);
    const x = inside(i % width - right, width);
    return tones.data[256 * group + frames.data[(n * height + y) * width + x]];
  });
}
