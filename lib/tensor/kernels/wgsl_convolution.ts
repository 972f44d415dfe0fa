/**
 * WGSL programs of convolutions on `[B, H, W, C]` with filters `[KH, KW, C / groups, K]`: implicit matrix products
 * with the tile of results in registers.
 *
 * Bindings: two of `x`, `filter`, `dy` as each program names them (read), `result` (read and write). A lane owns a
 * tile: 8 pixels (or 4–16 filter rows) × 4 or 8 channels of the result. Lanes of a workgroup lie along the
 * result's channels, so that they read neighbouring weights and the same pixels; workgroups have 8 lanes on
 * processors and 64 on graphics chips. Convolutions whose channels do not come in fours, or not in each group,
 * take the plain programs of wgsl_plain_convolution.ts. Tested in tests/lib/tensor/webgpu_executor_test.ts.
 *
 * @module
 */

import type { ConvolutionGeometry, Shape } from "../../shape.ts";
import {
  type Components,
  componentsFor,
  lines,
  loopTurns,
  stretchOf,
  type Tuning,
  type WgslProgram,
} from "./wgsl.ts";

/** The shapes of one convolution, whichever of its three tensors is computed. */
export interface ConvolutionShapes {
  x: Shape;
  filter: Shape;
  y: Shape;
  geometry: ConvolutionGeometry;
}

/** Pixels of a tile. */
const tilePixels = 8;

/** How lanes cover `vectors` vec4s of channels. */
interface Lanes {
  /** vec4s of one lane, `across` apart. */
  vectors: number;
  /** Lanes side by side, and rows of tiles in a workgroup. */
  across: number;
  tiles: number;
  /** Workgroups side by side. */
  columns: number;
  workgroupSize: number;
}

function lanesFor(vectors: number, groups: number, { convolutionLanes }: Tuning): Lanes {
  const each = groups === 1 && vectors % 32 === 0 ? 2 : 1;
  let across = Math.min(16, vectors / each);
  while ((vectors / each) % across !== 0) across--;
  const tiles = Math.max(1, Math.floor(convolutionLanes / across));
  return { vectors: each, across, tiles, columns: vectors / each / across, workgroupSize: across * tiles };
}

/** The lane's first vec4 `o`, and `tile`, the number of its tile among all rows of tiles. */
const place = ({ across, vectors, tiles, columns, workgroupSize }: Lanes) => `
  let lane = index % ${workgroupSize}; let group = index / ${workgroupSize};
  let o = group % ${columns} * ${across * vectors} + lane % ${across};
  let tile = group / ${columns} * ${tiles} + lane / ${across};`;

const each = (rows: number, lanes: Lanes, line: (i: number, j: number) => string) =>
  lines(rows, (i) => lines(lanes.vectors, (j) => line(i, j)));

const accumulators = (rows: number, lanes: Lanes) =>
  each(rows, lanes, (i, j) => `var c${i}_${j} = vec4<f32>();`);

/** The products of one tap: loops over `depth` channels read from `source` in `components`, at `p` where `ok`. */
function tapProducts(
  lanes: Lanes,
  options: {
    source: string;
    components: Components;
    depth: number;
    weight: (k: string, j: number) => string;
  },
): string {
  const { source, components, depth, weight } = options;
  const zero = components === 4 ? "vec4<f32>()" : "0.0";
  const products = lines(
    components,
    (q) =>
      `${lines(lanes.vectors, (j) => `let b${q}_${j} = ${weight(`(k * ${components} + ${q})`, j)};`)}
    ${
        each(tilePixels, lanes, (i, j) => {
          const a = components === 4 ? `a${i}[${q}]` : `a${i}`;
          return `c${i}_${j} = fma(vec4<f32>(${a}), b${q}_${j}, c${i}_${j});`;
        })
      }`,
  );
  return `
  for (var k = 0; k < ${depth / components}; k++) {
    ${lines(tilePixels, (i) => `let a${i} = select(${zero}, ${source}[p${i} + k], ok${i});`)}
    ${products}
  }`;
}

/** Whether the tiled program of a convolution's output can be used. */
export function canTileForward({ filter, geometry }: ConvolutionShapes): boolean {
  return (filter[3] / geometry.groups) % 4 === 0;
}

/** The output: tiles of pixels × filters. */
export function forwardProgram(
  { x, filter, y, geometry: g }: ConvolutionShapes,
  tuning: Tuning,
): WgslProgram {
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
    inputs: [{ name: "x", components }, { name: "filterValues", components: 4 }],
    shape: y,
    components: 4,
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
        source: "x",
        components,
        depth,
        weight: (k, j) => `filterValues[w + ${k} * ${vectors} + ${j * lanes.across}]`,
      })
    }
  }}
  ${
      each(tilePixels, lanes, (i, j) =>
        `if (row + ${i} < ${pixels}) { result[(row + ${i}) * ${vectors} + o + ${
          j * lanes.across
        }] = c${i}_${j}; }`)
    }`,
  };
}

/** Whether the tiled program of the input's gradient can be used. */
export function canTileInputGradient({ filter }: ConvolutionShapes): boolean {
  return filter[2] % 4 === 0;
}

/**
 * The input's gradient: tiles of pixels × input channels. Its filter's last two axes are swapped: `[KH, KW, K, C /
 * groups]`. A tile's pixels are alike modulo the stride, so that the same taps reach all of them.
 */
export function inputGradientProgram(shapes: ConvolutionShapes, tuning: Tuning): WgslProgram {
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
    inputs: [{ name: "dy", components }, { name: "filterValues", components: 4 }],
    shape: x,
    components: 4,
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
        source: "dy",
        components,
        depth,
        weight: (k, j) => `filterValues[w + ${k} * ${groupVectors} + ${j * lanes.across}]`,
      })
    }
  }}
  ${
      each(tilePixels, lanes, (i, j) => `
  if (row + ${i} < ${pixels} && x${i} < ${width} && y${i} < ${height}) {
    result[((n${i} * ${height} + y${i}) * ${width} + x${i}) * ${vectors} + o + ${
        j * lanes.across
      }] = c${i}_${j};
  }`)
    }`,
  };
}

/** Whether the tiled program of the filter's gradient can be used: as for the output. */
export const canTileFilterGradient = canTileForward;

/**
 * The filter's gradient in `parts` sums `[parts, KH, KW, C / groups, K]`, each over some rows of `dy`: tiles of
 * filter rows × filters. With channels in fours a tile's rows are channels of one tap; otherwise each has its own.
 */
export function filterGradientPartsProgram(
  { x, filter, y, geometry: g }: ConvolutionShapes,
  tuning: Tuning,
): WgslProgram & { parts: number } {
  const [batch, height, width, channels] = x;
  const [kernelHeight, kernelWidth, groupChannels, filters] = filter;
  const [, outHeight, outWidth] = y;
  const vectors = filters / 4;
  const lanes = lanesFor(vectors, g.groups, tuning);
  const components = componentsFor(groupChannels);
  const rows = kernelHeight * kernelWidth * groupChannels;
  const tileRows = components === 4
    ? [16, 8, 4].find((size) => groupChannels % size === 0)!
    : Math.min(rows, 12);
  const rowTiles = Math.ceil(Math.ceil(rows / tileRows) / lanes.tiles) * lanes.tiles;
  const lineCount = batch * outHeight;
  const wanted = Math.ceil(tuning.reductionGroups / (lanes.columns * rowTiles / lanes.tiles));
  const stretch = stretchOf(lineCount, wanted, loopTurns(1, outWidth));
  const parts = Math.ceil(lineCount / stretch);
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
    ? at(0) + lines(tileRows / 4, (i) => `let a${i} = select(vec4<f32>(), x[p0 + ${i}], ok0);`)
    : lines(tileRows, (i) => `${at(i)} let a${i} = select(0.0, x[p${i}], ok${i});`);
  const element = (i: number) => components === 4 ? `a${i >> 2}[${i & 3}]` : `a${i}`;
  return {
    parts,
    inputs: [{ name: "x", components }, { name: "dy", components: 4 }],
    shape: [parts, ...filter],
    components: 4,
    invocations: parts * rowTiles * lanes.columns * lanes.across,
    turns: loopTurns(stretch, outWidth),
    workgroupSize: lanes.workgroupSize,
    body: `${place(lanes)}
  let part = tile / ${rowTiles}; let row = tile % ${rowTiles} * ${tileRows};
  ${components === 4 ? tap(0) : lines(tileRows, tap)}
  ${accumulators(tileRows, lanes)}
  for (var line = part * ${stretch}; line < min((part + 1) * ${stretch}, ${lineCount}); line++) {
    let n = line / ${outHeight}; let oy = line % ${outHeight};
    for (var ox = 0; ox < ${outWidth}; ox++) {
      let d = (line * ${outWidth} + ox) * ${vectors} + o;
      ${lines(lanes.vectors, (j) => `let b${j} = dy[d + ${j * lanes.across}];`)}
      ${reads}
      ${each(tileRows, lanes, (i, j) => `c${i}_${j} = fma(vec4<f32>(${element(i)}), b${j}, c${i}_${j});`)}
    }
  }
  ${
      each(tileRows, lanes, (i, j) => `
  if (row + ${i} < ${rows}) {
    result[(part * ${rows} + row + ${i}) * ${vectors} + o + ${j * lanes.across}] = c${i}_${j};
  }`)
    }`,
  };
}
