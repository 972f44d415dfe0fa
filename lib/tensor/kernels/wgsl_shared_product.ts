/**
 * WGSL kernel of products for graphics chips: tiles of both operands in workgroup memory.
 *
 * A workgroup computes 64 rows × 16, 32 or 64 columns of the result. It takes 16 terms at a time: its lanes fetch
 * both operands' tiles, meet at a barrier, and each multiplies 4 rows with 4 columns out of workgroup memory, so
 * that every element fetched is used 16 to 64 times. Up to 256 invocations and 8 KiB, which every WebGPU device
 * has. Operands are given as code, so that convolutions gather their windows without copies of them. Long sums with
 * few tiles are split into parts, which fill the chip.
 *
 * @module
 */

import { lines, loopTurns, type WgslKernel, type Writer } from "./wgsl.ts";
import type { Tuning } from "./wgsl_tuning.ts";

/** One or several products of matrices, `batches` of `rows` × `depth` times `depth` × `columns`. */
export interface SharedProduct {
  /** Of the left operand and the result. */
  rows: number;
  /** Of the right operand and the result. */
  columns: number;
  /** Terms of a sum; the most where batches differ. */
  depth: number;
  /** Products side by side. */
  batches: number;
  /** The inside of `fn left(z: i32, m: i32, k: i32) -> f32`, the left operand's element; indices are in range. */
  left: string;
  /** The inside of `fn right(z: i32, k: i32, n: i32) -> f32`. */
  right: string;
  /** The inside of `fn place(z: i32, m: i32, n: i32) -> i32`, where a result lies; −1 where there is none. */
  place: string;
  /** Along what the operands' elements are neighbours in memory. */
  neighbours: { left: "rows" | "depth"; right: "columns" | "depth" };
  /** Further declarations. */
  declarations?: string;
}

/** Terms at a time. */
const tileDepth = 16;
const tileRows = 64;

/** How a product is shared out. */
export interface ProductSplit {
  /** Sums that are added up afterwards. */
  parts: number;
  /** Terms of a part; the last may have fewer. */
  stretch: number;
  /** Columns of a tile. */
  tileColumns: number;
}

/** Splits sums where there are too few tiles for the chip. */
export function splitProduct(product: SharedProduct, tuning: Tuning): ProductSplit {
  const { rows, columns, depth, batches } = product;
  const tileColumns = columns > 32 ? 64 : columns > 16 ? 32 : 16;
  const tiles = Math.ceil(rows / tileRows) * Math.ceil(columns / tileColumns) * batches;
  const longest = Math.ceil(depth / (16 * tileDepth)); // a part has 16 tiles of terms at least
  const wanted = Math.max(1, Math.min(longest, Math.floor(tuning.reductionGroups / tiles), 512));
  const stretch = Math.ceil(depth / wanted / tileDepth) * tileDepth;
  return { parts: Math.ceil(depth / stretch), stretch, tileColumns };
}

/** The product, or its parts one after another, each `size` results long. */
export function sharedProductKernel(
  product: SharedProduct,
  { parts, stretch, tileColumns }: ProductSplit,
  { size, write }: { size: number; write: Writer },
): WgslKernel {
  const { rows, columns, depth, batches, neighbours } = product;
  const across = tileColumns / 4;
  const workgroupSize = tileRows / 4 * across;
  const rowTiles = Math.ceil(rows / tileRows);
  const columnTiles = Math.ceil(columns / tileColumns);
  const [leftSize, rightSize] = [tileDepth * tileRows, tileDepth * tileColumns];
  const leftAt = tileOrder("k", tileDepth, "m", tileRows, neighbours.left === "depth");
  const rightAt = tileOrder("k", tileDepth, "n", tileColumns, neighbours.right === "depth");
  return {
    invocations: columnTiles * rowTiles * batches * parts * workgroupSize,
    workgroupSize,
    turns: loopTurns(Math.ceil(stretch / tileDepth)),
    declarations: `
var<workgroup> left_tile: array<vec4<f32>, ${leftSize / 4}>;
var<workgroup> right_tile: array<vec4<f32>, ${rightSize / 4}>;
${product.declarations ?? ""}
fn left(z: i32, m: i32, k: i32) -> f32 { ${product.left} }
fn right(z: i32, k: i32, n: i32) -> f32 { ${product.right} }
fn place(z: i32, m: i32, n: i32) -> i32 { ${product.place} }`,
    body: `
  let n0 = group % ${columnTiles} * ${tileColumns}; let m0 = group / ${columnTiles} % ${rowTiles} * ${tileRows};
  let z = group / ${columnTiles * rowTiles} % ${batches};
  let part = group / ${columnTiles * rowTiles * batches};
  let x = lane % ${across}; let y = lane / ${across};
  let last = min((part + 1) * ${stretch}, ${depth});
  ${lines(4, (i) => `var c${i} = vec4<f32>();`)}
  for (var k0 = part * ${stretch}; k0 < last; k0 += ${tileDepth}) {
    ${
      lines(leftSize / workgroupSize, (i) =>
        `{
      let e = lane + ${i * workgroupSize}; ${leftAt}
      var value = 0.0;
      if (m0 + m < ${rows} && k0 + k < last) { value = left(z, m0 + m, k0 + k); }
      left_tile[k * ${tileRows / 4} + m / 4][m % 4] = value; }`)
    }
    ${
      lines(rightSize / workgroupSize, (i) =>
        `{
      let e = lane + ${i * workgroupSize}; ${rightAt}
      var value = 0.0;
      if (n0 + n < ${columns} && k0 + k < last) { value = right(z, k0 + k, n0 + n); }
      right_tile[k * ${across} + n / 4][n % 4] = value; }`)
    }
    workgroupBarrier();
    ${
      lines(tileDepth, (k) =>
        `{
      let a = left_tile[${k * tileRows / 4} + y]; let b = right_tile[${k * across} + x];
      ${lines(4, (i) => `c${i} = fma(vec4<f32>(a[${i}]), b, c${i});`)} }`)
    }
    workgroupBarrier();
  }
  ${
      lines(4, (i) =>
        lines(4, (j) => `
  if (m0 + y * 4 + ${i} < ${rows} && n0 + x * 4 + ${j} < ${columns}) {
    let to = place(z, m0 + y * 4 + ${i}, n0 + x * 4 + ${j});
    if (to >= 0) { ${write(parts === 1 ? "to" : `part * ${size} + to`, `c${i}[${j}]`)} }
  }`))
    }`,
  };
}

/** Code for a tile's coordinates from the number `e` of an element, neighbours in memory one after another. */
function tileOrder(k: string, depth: number, other: string, width: number, alongDepth: boolean): string {
  return alongDepth
    ? `let ${k} = e % ${depth}; let ${other} = e / ${depth};`
    : `let ${other} = e % ${width}; let ${k} = e / ${width};`;
}
