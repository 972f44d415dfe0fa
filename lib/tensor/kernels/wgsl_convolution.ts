/**
 * WGSL kernel of a convolution's output in registers: tiles of pixels × filters.
 *
 * Workgroups have 8 lanes on processors and 64 on graphics chips; see wgsl_tiles.ts.
 *
 * @module
 */

import {
  type Components,
  componentsFor,
  lines,
  loopTurns,
  type Reader,
  type WgslKernel,
  type Writer,
} from "./wgsl.ts";
import {
  accumulators,
  type ConvolutionShapes,
  each,
  lanesFor,
  place,
  tapProducts,
  tilePixels,
} from "./wgsl_tiles.ts";
import type { Tuning } from "./wgsl_tuning.ts";

/** Whether the tiled kernel of a convolution's output can be used. */
export function canTileForward({ filter, geometry }: ConvolutionShapes): boolean {
  return (filter[3] / geometry.groups) % 4 === 0;
}

/** The output: tiles of pixels × filters. */
export function forwardKernel(
  { x, filter, y, geometry: g }: ConvolutionShapes,
  tuning: Tuning,
  operands: { x: (components: Components) => Reader; filter: Reader; write: Writer },
): WgslKernel {
  const [batch, height, width, channels] = x;
  const [kernelHeight, kernelWidth, depth, filters] = filter;
  const [, outHeight, outWidth] = y;
  const vectors = filters / 4;
  const lanes = lanesFor(vectors, g.groups, tuning);
  const components = componentsFor(depth);
  const pixels = batch * outHeight * outWidth;
  const tiles = Math.ceil(Math.ceil(pixels / tilePixels) / lanes.tiles) * lanes.tiles;
  const channel = g.groups === 1 ? "0" : `o / ${vectors / g.groups} * ${depth / components}`;
  return {
    invocations: tiles * lanes.columns * lanes.across,
    turns: loopTurns(kernelHeight, kernelWidth, depth / components),
    workgroupSize: lanes.workgroupSize,
    body: `${place(lanes)}
  let row = tile * ${tilePixels}; let channel = ${channel};
  ${
      lines(tilePixels, (i) => `
  let m${i} = min(row + ${i}, ${pixels - 1});
  let x${i} = m${i} % ${outWidth} * ${g.strides[1]} - ${g.padding.left};
  let y${i} = m${i} / ${outWidth} % ${outHeight} * ${g.strides[0]} - ${g.padding.top};
  let n${i} = m${i} / ${outWidth * outHeight} * ${height * width};`)
    }
  ${accumulators(tilePixels, lanes)}
  for (var ky = 0; ky < ${kernelHeight}; ky++) { for (var kx = 0; kx < ${kernelWidth}; kx++) {
  let w = (ky * ${kernelWidth} + kx) * ${depth * vectors} + o;
  ${
      lines(tilePixels, (i) => `
  let iy${i} = y${i} + ky * ${g.dilations[0]}; let ix${i} = x${i} + kx * ${g.dilations[1]};
  let ok${i} = iy${i} >= 0 && iy${i} < ${height} && ix${i} >= 0 && ix${i} < ${width};
  let p${i} = select(0, (n${i} + iy${i} * ${width} + ix${i}) * ${channels / components} + channel, ok${i});`)
    }
  ${
      tapProducts(lanes, {
        source: operands.x(components),
        components,
        depth,
        weight: (k, j) => operands.filter(`w + ${k} * ${vectors} + ${j * lanes.across}`),
      })
    }
  }}
  ${
      each(tilePixels, lanes, (i, j) =>
        `if (row + ${i} < ${pixels}) { ${
          operands.write(`(row + ${i}) * ${vectors} + o + ${j * lanes.across}`, `c${i}_${j}`)
        } }`)
    }`,
  };
}
