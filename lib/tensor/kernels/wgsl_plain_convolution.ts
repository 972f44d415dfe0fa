/**
 * WGSL kernels of convolutions for any channels and groups: one invocation for an element of the result.
 *
 * Meant for what the tiles of wgsl_tiles.ts do not fit: first layers' gradients, odd channel counts. No shared
 * memory, workgroups of 64.
 *
 * @module
 */

import { sizeOf } from "../../shape.ts";
import { loopTurns, type Reader, stretchOf, type WgslKernel, type Writer } from "./wgsl.ts";
import type { ConvolutionShapes } from "./wgsl_tiles.ts";
import type { Tuning } from "./wgsl_tuning.ts";

/** The output, one element an invocation. */
export function plainForwardKernel(
  { x, filter, y, geometry: g }: ConvolutionShapes,
  operands: { x: Reader; filter: Reader; write: Writer },
): WgslKernel {
  const [, height, width, channels] = x;
  const [kernelHeight, kernelWidth, depth, filters] = filter;
  const [, outHeight, outWidth] = y;
  return {
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
      for (var c = 0; c < ${depth}; c++) { sum += ${operands.x("p + c")} * ${
      operands.filter(`w + c * ${filters}`)
    }; }
    }
  }
  ${operands.write("index", "sum")}`,
  };
}

/** The input's gradient, one element an invocation. */
export function plainInputGradientKernel(
  { x, filter, y, geometry: g }: ConvolutionShapes,
  operands: { dy: Reader; filter: Reader; write: Writer },
): WgslKernel {
  const [, height, width, channels] = x;
  const [kernelHeight, kernelWidth, groupChannels, filters] = filter;
  const [, outHeight, outWidth] = y;
  const depth = filters / g.groups;
  return {
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
      for (var k = 0; k < ${depth}; k++) { sum += ${operands.dy("p + k")} * ${operands.filter("w + k")}; }
    }
  }
  ${operands.write("index", "sum")}`,
  };
}

/** How a filter's gradient is shared out: rows of `dy` in all and in each part. */
export interface PlainSplit {
  /** Sums that are added up afterwards. */
  parts: number;
  /** Rows of a part; the last may have fewer. */
  stretch: number;
  /** Rows in all. */
  lineCount: number;
}

/** Shares a filter's gradient out to about as many invocations as the tuning asks for. */
export function splitPlainFilterGradient({ x, filter, y }: ConvolutionShapes, tuning: Tuning): PlainSplit {
  const lineCount = x[0] * y[1];
  const wanted = tuning.reductionGroups * 64 / sizeOf(filter);
  const stretch = stretchOf(lineCount, wanted, loopTurns(1, y[2]));
  return { parts: Math.ceil(lineCount / stretch), stretch, lineCount };
}

/**
 * The filter's gradient in `parts` sums `[parts, KH, KW, C / groups, K]`, each over some rows of `dy`: one element of
 * one part an invocation.
 */
export function plainFilterGradientParts(
  { x, filter, y, geometry: g }: ConvolutionShapes,
  { parts, stretch, lineCount }: PlainSplit,
  operands: { x: Reader; dy: Reader; write: Writer },
): WgslKernel {
  const [, height, width, channels] = x;
  const [, kernelWidth, groupChannels, filters] = filter;
  const [, outHeight, outWidth] = y;
  const size = sizeOf(filter);
  return {
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
      sum += ${operands.x(`((line / ${outHeight} * ${height} + iy) * ${width} + ix) * ${channels} + c`)} *
        ${operands.dy(`(line * ${outWidth} + ox) * ${filters} + k`)};
    }
  }
  ${operands.write("index", "sum")}`,
  };
}
