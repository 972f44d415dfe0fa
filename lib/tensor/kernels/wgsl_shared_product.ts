/**
 * WGSL kernel of products for graphics chips: tiles of both operands in workgroup memory.
 *
 * A workgroup computes 64 rows × 16, 32 or 64 columns of the result. It takes 16 terms at a time: its lanes fetch
 * both operands' tiles, meet at a barrier, and each multiplies 4 rows with 4 columns out of workgroup memory, so
 * that every element fetched is used 16 to 64 times. Large products may have tiles of 128 rows × 16 to 128 columns, of
 * which a lane computes 8 × 8 or 8 × 4: workgroup memory is then read half as often for each multiplication. Up to 256
 * invocations and 9 KiB, which every WebGPU device has.
 *
 * A lane fetches four neighbours across the depth and stores them as one vector, for WGSL lets a store to one component
 * touch the others, as it does on Metal and Direct3D (gpuweb issue 2112). Operands are given as code, so that
 * convolutions gather their windows without copies of them. Long sums with few tiles are split into parts, which fill
 * the chip.
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

/** What a workgroup computes at a time, and what each of its lanes does. */
interface Tile {
  rows: number;
  columns: number;
  /** Terms at a time. */
  depth: number;
  laneRows: 4 | 8;
  laneColumns: 4 | 8;
}

/** How a product is shared out. */
export interface ProductSplit {
  /** Sums that are added up afterwards. */
  parts: number;
  /** Terms of a part; the last may have fewer. */
  stretch: number;
  tile: Tile;
}

/** The least number of terms of a part. */
const leastTerms = 256;
const wideRows = 128;

/** Splits sums where there are too few tiles for the chip. */
export function splitProduct(product: SharedProduct, tuning: Tuning): ProductSplit {
  const { rows, columns, depth, batches } = product;
  const tile = tileOf(product, tuning);
  const tiles = Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns) * batches;
  const longest = Math.ceil(depth / leastTerms);
  const wanted = Math.max(1, Math.min(longest, Math.floor(tuning.reductionGroups / tiles), 512));
  const stretch = Math.ceil(depth / wanted / tile.depth) * tile.depth;
  return { parts: Math.ceil(depth / stretch), stretch, tile };
}

function tileOf({ rows, columns, batches }: SharedProduct, { wideTiles }: Tuning): Tile {
  const narrow = columns > 32 ? 64 : columns > 16 ? 32 : 16;
  const wide = columns > 64 ? 128 : narrow;
  const tiles = Math.ceil(rows / wideRows) * Math.ceil(columns / wide) * batches;
  return tiles < wideTiles
    ? { rows: 64, columns: narrow, depth: 16, laneRows: 4, laneColumns: 4 }
    : { rows: wideRows, columns: wide, depth: 8, laneRows: 8, laneColumns: wide > 16 ? 8 : 4 };
}

/** The product, or its parts one after another, each `size` results long. */
export function sharedProductKernel(
  product: SharedProduct,
  { parts, stretch, tile }: ProductSplit,
  { size, write }: { size: number; write: Writer },
): WgslKernel {
  const { rows, columns, depth, batches, neighbours } = product;
  const { laneRows, laneColumns } = tile;
  const [down, across] = [tile.rows / laneRows, tile.columns / laneColumns];
  const workgroupSize = down * across;
  const rowTiles = Math.ceil(rows / tile.rows);
  const columnTiles = Math.ceil(columns / tile.columns);
  const shared = { workgroupSize, depth: tile.depth };
  const leftTile = sharedTile("left", {
    ...shared,
    width: tile.rows,
    alongDepth: neighbours.left === "depth",
  });
  const rightTile = sharedTile("right", {
    ...shared,
    width: tile.columns,
    alongDepth: neighbours.right === "depth",
  });
  // A lane's vectors lie a row of lanes apart, so that lanes side by side read side by side.
  const leftVectors = Array.from({ length: laneRows / 4 }, (_, i) => `y + ${i * down}`);
  const rightVectors = Array.from({ length: laneColumns / 4 }, (_, i) => `x + ${i * across}`);
  return {
    invocations: columnTiles * rowTiles * batches * parts * workgroupSize,
    workgroupSize,
    turns: loopTurns(Math.ceil(stretch / tile.depth)),
    declarations: `
${leftTile.declaration}
${rightTile.declaration}
${product.declarations ?? ""}
fn left(z: i32, m: i32, k: i32) -> f32 { ${product.left} }
fn right(z: i32, k: i32, n: i32) -> f32 { ${product.right} }
fn leftWithin(z: i32, m: i32, k: i32, last: i32) -> f32 {
  if (m < ${rows} && k < last) { return left(z, m, k); }
  return 0.0;
}
fn rightWithin(z: i32, n: i32, k: i32, last: i32) -> f32 {
  if (n < ${columns} && k < last) { return right(z, k, n); }
  return 0.0;
}
fn place(z: i32, m: i32, n: i32) -> i32 { ${product.place} }
fn keep(z: i32, part: i32, m: i32, n: i32, value: f32) {
  if (m >= ${rows} || n >= ${columns}) { return; }
  let to = place(z, m, n);
  if (to < 0) { return; }
  ${write(parts === 1 ? "to" : `part * ${size} + to`, "value")}
}`,
    body: `
  let n0 = group % ${columnTiles} * ${tile.columns};
  let m0 = group / ${columnTiles} % ${rowTiles} * ${tile.rows};
  let z = group / ${columnTiles * rowTiles} % ${batches};
  let part = group / ${columnTiles * rowTiles * batches};
  let x = lane % ${across}; let y = lane / ${across};
  let last = min((part + 1) * ${stretch}, ${depth});
  ${table(laneRows, rightVectors.length, (r, v) => `var c${r}_${v} = vec4<f32>();`)}
  for (var k0 = part * ${stretch}; k0 < last; k0 += ${tile.depth}) {
    ${leftTile.fill("m0")}
    ${rightTile.fill("n0")}
    workgroupBarrier();
    ${
      lines(tile.depth, (k) =>
        `{
      ${lines(leftVectors.length, (i) => `let a${i} = left_tile[${k * leftTile.pitch} + ${leftVectors[i]}];`)}
      ${
          lines(
            rightVectors.length,
            (v) => `let b${v} = right_tile[${k * rightTile.pitch} + ${rightVectors[v]}];`,
          )
        }
      ${
          table(
            laneRows,
            rightVectors.length,
            (r, v) => `c${r}_${v} = fma(vec4<f32>(a${Math.floor(r / 4)}[${r % 4}]), b${v}, c${r}_${v});`,
          )
        } }`)
    }
    workgroupBarrier();
  }
  ${
      table(laneRows, laneColumns, (r, j) => {
        const [row, column] = [leftVectors[Math.floor(r / 4)], rightVectors[Math.floor(j / 4)]];
        const at = `m0 + (${row}) * 4 + ${r % 4}, n0 + (${column}) * 4 + ${j % 4}`;
        return `keep(z, part, ${at}, c${r}_${Math.floor(j / 4)}[${j % 4}]);`;
      })
    }`,
  };
}

const table = (rows: number, columns: number, line: (row: number, column: number) => string): string =>
  lines(rows, (row) => lines(columns, (column) => line(row, column)));

/** A tile of an operand in workgroup memory, as code. */
interface SharedTile {
  declaration: string;
  /** Vectors from one term to the next. */
  pitch: number;
  /** Fetches it, `first` being the row or column of its first element; all lanes take part. */
  fill(first: string): string;
}

/** The tile of `width` rows or columns, in fours; lanes next to each other fetch neighbours in memory. */
function sharedTile(
  operand: "left" | "right",
  { width, depth, workgroupSize, alongDepth }: {
    width: number;
    depth: number;
    workgroupSize: number;
    alongDepth: boolean;
  },
): SharedTile {
  const vectors = width / 4;
  // One more than there are, so that lanes along the depth store to different banks of the memory.
  const pitch = vectors + 1;
  const at = alongDepth
    ? `let k = e % ${depth}; let v = e / ${depth};`
    : `let v = e % ${vectors}; let k = e / ${vectors};`;
  const elements = (first: string) =>
    [0, 1, 2, 3].map((i) => `${operand}Within(z, ${first} + v * 4 + ${i}, k0 + k, last)`).join(", ");
  const surplus = (depth * vectors) % workgroupSize === 0 ? "" : `if (e < ${depth * vectors}) `;
  return {
    pitch,
    declaration: `var<workgroup> ${operand}_tile: array<vec4<f32>, ${depth * pitch}>;`,
    fill: (first) =>
      lines(Math.ceil((depth * vectors) / workgroupSize), (i) =>
        `{
      let e = lane + ${i * workgroupSize}; ${at}
      ${surplus}{ ${operand}_tile[k * ${pitch} + v] = vec4<f32>(${elements(first)}); } }`),
  };
}
