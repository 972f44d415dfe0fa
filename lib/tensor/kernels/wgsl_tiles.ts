/**
 * What products in registers share: WGSL of convolutions on `[B, H, W, C]` with filters `[KH, KW, C / groups, K]` as
 * implicit matrix products with the tile of results in registers.
 *
 * A lane owns a tile: 8 pixels (or 4–16 filter rows) × 4 to 16 channels of the result. Lanes of a workgroup lie along
 * the result's channels, so that they read neighbouring weights and the same pixels. There is no shared memory and
 * there are no barriers. What does not come in fours takes the kernels of wgsl_plain_convolution.ts.
 *
 * @module
 */

import type { ConvolutionGeometry, Shape } from "../../shape.ts";
import { type Components, lines, type Reader } from "./wgsl.ts";
import type { Tuning } from "./wgsl_tuning.ts";

/** The shapes of one convolution, whichever of its three tensors is computed. */
export interface ConvolutionShapes {
  /** `[B, H, W, C]`. */
  x: Shape;
  /** `[KH, KW, C / groups, K]`. */
  filter: Shape;
  /** `[B, H', W', K]`. */
  y: Shape;
  /** Strides, dilations, padding, groups. */
  geometry: ConvolutionGeometry;
}

/** Pixels of a tile. */
export const tilePixels = 8;

/** How lanes cover `vectors` vec4s of channels. */
export interface Lanes {
  /** vec4s of one lane, `across` apart. */
  vectors: number;
  /** Lanes side by side, and rows of tiles in a workgroup. */
  across: number;
  /** Rows of tiles in a workgroup. */
  tiles: number;
  /** Workgroups side by side. */
  columns: number;
  /** Invocations of a workgroup. */
  workgroupSize: number;
}

/** Lanes for that many vec4s of channels. */
export function lanesFor(vectors: number, groups: number, tuning: Tuning): Lanes {
  const each = groups > 1 ? 1 : [4, 2, 1].find((size) => vectors % size === 0)!;
  let across = Math.min(16, vectors / each);
  while ((vectors / each) % across !== 0) across--;
  const tiles = Math.max(1, Math.floor(tuning.lanes / across));
  return { vectors: each, across, tiles, columns: vectors / each / across, workgroupSize: across * tiles };
}

/** The lane's first vec4 `o`, and `tile`, the number of its tile among all rows of tiles. */
export const place = ({ across, vectors, tiles, columns }: Lanes): string => `
  let o = group % ${columns} * ${across * vectors} + lane % ${across};
  let tile = group / ${columns} * ${tiles} + lane / ${across};`;

/** Lines for every row and vec4 of a tile. */
export const each = (rows: number, lanes: Lanes, line: (i: number, j: number) => string): string =>
  lines(rows, (i) => lines(lanes.vectors, (j) => line(i, j)));

/** The tile's results, all zero. */
export const accumulators = (rows: number, lanes: Lanes): string =>
  each(rows, lanes, (i, j) => `var c${i}_${j} = vec4<f32>();`);

/** What the products of a tap are made of. */
export interface Tap {
  /** Reads a pixel's channels. */
  source: Reader;
  /** Channels read at a time. */
  components: Components;
  /** Channels to sum over. */
  depth: number;
  /** Code for the weights of channel `k` and vec4 `j`. */
  weight: (k: string, j: number) => string;
}

/** The products of one tap: loops over channels, read at `p0`, `p1`, … where `ok0`, `ok1`, …. */
export function tapProducts(lanes: Lanes, { source, components, depth, weight }: Tap): string {
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
    ${lines(tilePixels, (i) => `let a${i} = select(${zero}, ${source(`p${i} + k`)}, ok${i});`)}
    ${products}
  }`;
}
