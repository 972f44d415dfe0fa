/**
 * WGSL kernels of a convolution's gradients in registers.
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
  stretchOf,
  type WgslKernel,
  type Writer,
} from "./wgsl.ts";
import { canTileForward } from "./wgsl_convolution.ts";
import {
  accumulators,
  type ConvolutionShapes,
  each,
  type Lanes,
  lanesFor,
  place,
  tapProducts,
  tilePixels,
} from "./wgsl_tiles.ts";
import type { Tuning } from "./wgsl_tuning.ts";

/** Whether the tiled kernel of the input's gradient can be used. */
export function canTileInputGradient({ filter }: ConvolutionShapes): boolean {
  return filter[2] % 4 === 0;
}

/**
 * The input's gradient: tiles of pixels × input channels. Its filter's last two axes are swapped: `[KH, KW, K, C /
 * groups]`. A tile's pixels are alike modulo the stride, so that the same taps reach all of them.
 */
export function inputGradientKernel(
  shapes: ConvolutionShapes,
  tuning: Tuning,
  operands: { dy: (components: Components) => Reader; swapped: Reader; write: Writer },
): WgslKernel {
  const { x, filter, y, geometry: g } = shapes;
  const [batch, height, width, channels] = x;
  const [kernelHeight, kernelWidth, groupChannels, filters] = filter;
  const [, outHeight, outWidth] = y;
  const depth = filters / g.groups;
  const vectors = channels / 4;
  const groupVectors = groupChannels / 4;
  const lanes = lanesFor(vectors, g.groups, tuning);
  const components = componentsFor(depth);
  const [rows, columns] = [Math.ceil(height / g.strides[0]), Math.ceil(width / g.strides[1])];
  const pixels = batch * rows * columns;
  const tiles = Math.ceil(Math.ceil(pixels / tilePixels) / lanes.tiles) * lanes.tiles;
  const classes = g.strides[0] * g.strides[1];
  return {
    invocations: classes * tiles * lanes.columns * lanes.across,
    turns: loopTurns(kernelHeight, kernelWidth, depth / components),
    workgroupSize: lanes.workgroupSize,
    body: `${place(lanes)}
  let row = tile % ${tiles} * ${tilePixels};
  let ry = tile / ${tiles} / ${g.strides[1]}; let rx = tile / ${tiles} % ${g.strides[1]};
  let first = o / ${groupVectors} * ${depth};
  ${
      lines(tilePixels, (i) => `
  let m${i} = min(row + ${i}, ${pixels - 1}); let n${i} = m${i} / ${rows * columns};
  let x${i} = m${i} % ${columns} * ${g.strides[1]} + rx;
  let y${i} = m${i} / ${columns} % ${rows} * ${g.strides[0]} + ry;`)
    }
  ${accumulators(tilePixels, lanes)}
  for (var ky = 0; ky < ${kernelHeight}; ky++) {
  let ty = ${g.padding.top} - ky * ${g.dilations[0]};
  if ((ry + ty) % ${g.strides[0]} != 0) { continue; }
  for (var kx = 0; kx < ${kernelWidth}; kx++) {
  let tx = ${g.padding.left} - kx * ${g.dilations[1]};
  if ((rx + tx) % ${g.strides[1]} != 0) { continue; }
  let w = ((ky * ${kernelWidth} + kx) * ${filters} + first) * ${groupVectors} + o % ${groupVectors};
  ${
      lines(tilePixels, (i) => `
  let oy${i} = (y${i} + ty) / ${g.strides[0]}; let ox${i} = (x${i} + tx) / ${g.strides[1]};
  let ok${i} = y${i} + ty >= 0 && oy${i} < ${outHeight} && x${i} + tx >= 0 && ox${i} < ${outWidth};
  let p${i} = select(0, ((n${i} * ${outHeight} + oy${i}) * ${outWidth} + ox${i}) * ${
        filters / components
      } + first / ${components}, ok${i});`)
    }
  ${
      tapProducts(lanes, {
        source: operands.dy(components),
        components,
        depth,
        weight: (k, j) => operands.swapped(`w + ${k} * ${groupVectors} + ${j * lanes.across}`),
      })
    }
  }}
  ${
      each(tilePixels, lanes, (i, j) => `
  if (row + ${i} < ${pixels} && x${i} < ${width} && y${i} < ${height}) {
    ${
        operands.write(
          `((n${i} * ${height} + y${i}) * ${width} + x${i}) * ${vectors} + o + ${j * lanes.across}`,
          `c${i}_${j}`,
        )
      }
  }`)
    }`,
  };
}

/** Whether the tiled kernel of the filter's gradient can be used: as for the output. */
export const canTileFilterGradient = canTileForward;

/** More parts than these take longer to add up than they save. */
const mostParts = 512;

/** How a filter's gradient is shared out. */
export interface FilterGradientSplit {
  /** Sums that are added up afterwards. */
  parts: number;
  /** Rows of `dy` in a part; the last may have fewer. */
  stretch: number;
  /** Rows of `dy` in all. */
  lineCount: number;
  /** Channels of x read at a time. */
  components: Components;
  /** Rows of the filter as a matrix, of a tile, and tiles. */
  rows: number;
  /** Rows of a tile. */
  tileRows: number;
  /** Tiles of a part. */
  rowTiles: number;
  /** Along the filters. */
  lanes: Lanes;
}

/** Shares a filter's gradient out to about as many workgroups as the tuning asks for. */
export function splitFilterGradient(
  { x, filter, y, geometry }: ConvolutionShapes,
  tuning: Tuning,
): FilterGradientSplit {
  const [kernelHeight, kernelWidth, groupChannels, filters] = filter;
  const lanes = lanesFor(filters / 4, geometry.groups, tuning);
  const components = componentsFor(groupChannels);
  const rows = kernelHeight * kernelWidth * groupChannels;
  const tileRows = components === 4
    ? [16, 8, 4].find((size) => groupChannels % size === 0)!
    : Math.min(rows, 12);
  const rowTiles = Math.ceil(rows / tileRows);
  const lineCount = x[0] * y[1];
  const wanted = Math.ceil(tuning.reductionGroups * lanes.tiles / (lanes.columns * rowTiles));
  const stretch = stretchOf(lineCount, Math.min(wanted, mostParts), loopTurns(1, y[2]));
  return {
    parts: Math.ceil(lineCount / stretch),
    stretch,
    lineCount,
    components,
    rows,
    tileRows,
    rowTiles,
    lanes,
  };
}

/**
 * The filter's gradient in `parts` sums `[parts, KH, KW, C / groups, K]`, each over some rows of `dy`: tiles of
 * filter rows × filters. With channels in fours a tile's rows are channels of one tap; otherwise each has its own.
 */
export function filterGradientParts(
  shapes: ConvolutionShapes,
  split: FilterGradientSplit,
  operands: { x: (components: Components) => Reader; dy: Reader; write: Writer },
): WgslKernel {
  const { x, filter, y, geometry: g } = shapes;
  const [, height, width, channels] = x;
  const [, kernelWidth, groupChannels, filters] = filter;
  const [, outHeight, outWidth] = y;
  const vectors = filters / 4;
  const { lanes, components, rows, tileRows, rowTiles, lineCount, stretch, parts } = split;
  const source = operands.x(components);
  const group = g.groups === 1 ? "0" : `o / ${vectors / g.groups} * ${groupChannels}`;
  const tap = (i: number) => `
  let r${i} = min(tile % ${rowTiles} * ${tileRows} + ${i}, ${rows - 1});
  let ky${i} = r${i} / ${groupChannels * kernelWidth} * ${g.dilations[0]} - ${g.padding.top};
  let kx${i} = r${i} / ${groupChannels} % ${kernelWidth} * ${g.dilations[1]} - ${g.padding.left};
  let channel${i} = r${i} % ${groupChannels} + ${group};`;
  const at = (i: number) => `
      let iy${i} = oy * ${g.strides[0]} + ky${i}; let ix${i} = ox * ${g.strides[1]} + kx${i};
      let ok${i} = iy${i} >= 0 && iy${i} < ${height} && ix${i} >= 0 && ix${i} < ${width};
      let p${i} = select(0, ((n * ${height} + iy${i}) * ${width} + ix${i}) * ${
    channels / components
  } + channel${i} / ${components}, ok${i});`;
  const reads = components === 4
    ? at(0) + lines(tileRows / 4, (i) => `let a${i} = select(vec4<f32>(), ${source(`p0 + ${i}`)}, ok0);`)
    : lines(tileRows, (i) => `${at(i)} let a${i} = select(0.0, ${source(`p${i}`)}, ok${i});`);
  const element = (i: number) => components === 4 ? `a${i >> 2}[${i & 3}]` : `a${i}`;
  return {
    invocations: Math.ceil(parts * rowTiles / lanes.tiles) * lanes.tiles * lanes.columns * lanes.across,
    turns: loopTurns(stretch, outWidth),
    workgroupSize: lanes.workgroupSize,
    body: `${place(lanes)}
  if (tile >= ${parts * rowTiles}) { return; }
  let part = tile / ${rowTiles}; let row = tile % ${rowTiles} * ${tileRows};
  ${components === 4 ? tap(0) : lines(tileRows, tap)}
  ${accumulators(tileRows, lanes)}
  for (var line = part * ${stretch}; line < min((part + 1) * ${stretch}, ${lineCount}); line++) {
    let n = line / ${outHeight}; let oy = line % ${outHeight};
    for (var ox = 0; ox < ${outWidth}; ox++) {
      let d = (line * ${outWidth} + ox) * ${vectors} + o;
      ${lines(lanes.vectors, (j) => `let b${j} = ${operands.dy(`d + ${j * lanes.across}`)};`)}
      ${reads}
      ${each(tileRows, lanes, (i, j) => `c${i}_${j} = fma(vec4<f32>(${element(i)}), b${j}, c${i}_${j});`)}
    }
  }
  ${
      each(tileRows, lanes, (i, j) => `
  if (row + ${i} < ${rows}) {
    ${operands.write(`(part * ${rows} + row + ${i}) * ${vectors} + o + ${j * lanes.across}`, `c${i}_${j}`)}
  }`)
    }`,
  };
}
