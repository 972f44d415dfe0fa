/**
 * WGSL programs of convolutions for any channels and groups: one invocation for an element of the result.
 *
 * Bindings: two of `x`, `filter`, `dy` as each program names them (read), `result` (read and write). Workgroups of
 * 64. Meant for what the tiles of wgsl_convolution.ts do not fit: first layers' gradients, odd channel counts.
 *
 * @module
 */

import { sizeOf } from "../../shape.ts";
import { loopTurns, stretchOf, type Tuning, type WgslProgram } from "./wgsl.ts";
import type { ConvolutionShapes } from "./wgsl_convolution.ts";

/** The output, one element an invocation. */
export function plainForwardProgram({ x, filter, y, geometry: g }: ConvolutionShapes): WgslProgram {
  const [, height, width, channels] = x;
  const [kernelHeight, kernelWidth, depth, filters] = filter;
  const [, outHeight, outWidth] = y;
  return {
    inputs: [{ name: "x", components: 1 }, { name: "filterValues", components: 1 }],
    shape: y,
    components: 1,
    invocations: sizeOf(y),
    turns: loopTurns(kernelHeight, kernelWidth, depth),
    body: `
  let k = index % ${filters}; let ox = index / ${filters} % ${outWidth};
  let oy = index / ${filters * outWidth} % ${outHeight}; let n = index / ${filters * outWidth * outHeight};
  let channel = k / ${filters / g.groups} * ${depth};
  var sum = 0.0;
  for (var ky = 0; ky < ${kernelHeight}; ky++) {
    let iy = oy * ${g.strides[0]} + ky * ${g.dilations[0]} - ${g.padding.top};
    if (iy < 0 || iy >= ${height}) { continue; }
    for (var kx = 0; kx < ${kernelWidth}; kx++) {
      let ix = ox * ${g.strides[1]} + kx * ${g.dilations[1]} - ${g.padding.left};
      if (ix < 0 || ix >= ${width}) { continue; }
      let p = ((n * ${height} + iy) * ${width} + ix) * ${channels} + channel;
      let w = (ky * ${kernelWidth} + kx) * ${depth * filters} + k;
      for (var c = 0; c < ${depth}; c++) { sum += x[p + c] * filterValues[w + c * ${filters}]; }
    }
  }
  result[index] = sum;`,
  };
}

/** The input's gradient, one element an invocation. */
export function plainInputGradientProgram({ x, filter, y, geometry: g }: ConvolutionShapes): WgslProgram {
  const [, height, width, channels] = x;
  const [kernelHeight, kernelWidth, groupChannels, filters] = filter;
  const [, outHeight, outWidth] = y;
  const depth = filters / g.groups;
  return {
    inputs: [{ name: "dy", components: 1 }, { name: "filterValues", components: 1 }],
    shape: x,
    components: 1,
    invocations: sizeOf(x),
    turns: loopTurns(kernelHeight, kernelWidth, depth),
    body: `
  let c = index % ${channels}; let ix = index / ${channels} % ${width};
  let iy = index / ${channels * width} % ${height}; let n = index / ${channels * width * height};
  let first = c / ${groupChannels} * ${depth};
  var sum = 0.0;
  for (var ky = 0; ky < ${kernelHeight}; ky++) {
    let ty = iy + ${g.padding.top} - ky * ${g.dilations[0]}; let oy = ty / ${g.strides[0]};
    if (ty < 0 || ty % ${g.strides[0]} != 0 || oy >= ${outHeight}) { continue; }
    for (var kx = 0; kx < ${kernelWidth}; kx++) {
      let tx = ix + ${g.padding.left} - kx * ${g.dilations[1]}; let ox = tx / ${g.strides[1]};
      if (tx < 0 || tx % ${g.strides[1]} != 0 || ox >= ${outWidth}) { continue; }
      let p = ((n * ${outHeight} + oy) * ${outWidth} + ox) * ${filters} + first;
      let w = ((ky * ${kernelWidth} + kx) * ${groupChannels} + c % ${groupChannels}) * ${filters} + first;
      for (var k = 0; k < ${depth}; k++) { sum += dy[p + k] * filterValues[w + k]; }
    }
  }
  result[index] = sum;`,
  };
}

/**
 * The filter's gradient in `parts` sums `[parts, KH, KW, C / groups, K]`, each over some rows of `dy`: one element of
 * one part an invocation.
 */
export function plainFilterGradientPartsProgram(
  { x, filter, y, geometry: g }: ConvolutionShapes,
  tuning: Tuning,
): WgslProgram & { parts: number } {
  const [batch, height, width, channels] = x;
  const [, kernelWidth, groupChannels, filters] = filter;
  const [, outHeight, outWidth] = y;
  const size = sizeOf(filter);
  const lineCount = batch * outHeight;
  const stretch = stretchOf(lineCount, tuning.reductionGroups * 64 / size, loopTurns(1, outWidth));
  const parts = Math.ceil(lineCount / stretch);
  return {
    parts,
    inputs: [{ name: "x", components: 1 }, { name: "dy", components: 1 }],
    shape: [parts, ...filter],
    components: 1,
    invocations: parts * size,
    turns: loopTurns(stretch, outWidth),
    body: `
  let part = index / ${size}; let k = index % ${filters}; let row = index % ${size} / ${filters};
  let c = row % ${groupChannels} + k / ${filters / g.groups} * ${groupChannels};
  let kx = row / ${groupChannels} % ${kernelWidth} * ${g.dilations[1]} - ${g.padding.left};
  let ky = row / ${groupChannels * kernelWidth} * ${g.dilations[0]} - ${g.padding.top};
  var sum = 0.0;
  for (var line = part * ${stretch}; line < min((part + 1) * ${stretch}, ${lineCount}); line++) {
    let iy = line % ${outHeight} * ${g.strides[0]} + ky;
    if (iy < 0 || iy >= ${height}) { continue; }
    for (var ox = 0; ox < ${outWidth}; ox++) {
      let ix = ox * ${g.strides[1]} + kx;
      if (ix < 0 || ix >= ${width}) { continue; }
      sum += x[((line / ${outHeight} * ${height} + iy) * ${width} + ix) * ${channels} + c] *
        dy[(line * ${outWidth} + ox) * ${filters} + k];
    }
  }
  result[index] = sum;`,
  };
}
