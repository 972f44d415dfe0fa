/**
 * The WebAssembly kernel of filter gradients: `out[row, column] = Σ pixels input[pixel + row] · slope[pixel, column]`.
 *
 * `filterGradient(first, last, input, slope, out)` computes some units, each a tile of up to 6 rows × 8 columns of
 * the filter, which stays in registers while pixels pass by: so threads share nothing, and the order of every sum is
 * fixed. Pixels come in blocks that fit into the second-level cache, and each block's sums are added to `out`.
 *
 * @module
 */

import {
  advance,
  type Code,
  count,
  either,
  f32x4,
  FunctionBuilder,
  get,
  i32,
  type Local,
  plus,
  repeatWhile,
  sequence,
  set,
  times,
  v128,
  when,
} from "./wasm_assembler.ts";
import { panelWidth, storeRow, type UnitFunction } from "./wasm_product.ts";
import { costOf, tileCost, type WindowProduct } from "./wasm_window_product.ts";

/** Bytes of input and slope that pass by in a block. */
const blockBytes = 128 << 10;

/** How the filter's rows are cut into tiles. */
interface RowTiles {
  /** A full tile's rows: their byte offsets in the input, and their numbers counted from its first one. */
  rows: readonly { offset: number; row: number }[];
  /** Tiles of a run, and rows of the last one where it is not full. */
  count: number;
  rest: number;
  /** Columns of a tile. */
  width: number;
  /** Whether one tile holds all rows of all taps. */
  isWhole: boolean;
}

/** With few rows in all (first layers) one tile holds them, with fewer columns; else tiles do not cross runs. */
function rowTiles({ taps: [tapRows, tapColumns], run, columns }: WindowProduct): RowTiles {
  const width = columns > 4 ? panelWidth : 4;
  if (tapRows.count * tapColumns.count * run <= 12) {
    const rows: { offset: number; row: number }[] = [];
    for (let y = 0; y < tapRows.count; y++) {
      for (let x = 0; x < tapColumns.count; x++) {
        for (let r = 0; r < run; r++) {
          const row = y * tapRows.row + x * tapColumns.row + r;
          rows.push({ offset: 4 * (y * tapRows.input + x * tapColumns.input + r), row });
        }
      }
    }
    return { rows, count: 1, rest: 0, width: rows.length > 6 ? 4 : width, isWhole: true };
  }
  const largest = width === 4 ? 12 : 6;
  const cost = (size: number) =>
    Math.floor(run / size) * tileCost(size, largest * 2 / 3) + tileCost(run % size, largest * 2 / 3);
  const sizes = Array.from({ length: Math.min(run, largest) }, (_, i) => i + 1);
  const size = sizes.reduce((best, one) => cost(one) <= cost(best) ? one : best);
  const rows = Array.from({ length: size }, (_, row) => ({ offset: 4 * row, row }));
  return { rows, count: Math.ceil(run / size), rest: run % size, width, isWhole: false };
}

/** The variables of the code, and what it is made for. */
interface Scope {
  product: WindowProduct;
  tiles: RowTiles;
  /** Bytes from one row of the filter to the next. */
  rowBytes: number;
  /** The unit under way: its group, tap, tile of the tap's rows, and panel of columns. */
  unit: Local;
  rest: Local;
  group: Local;
  tap: Local;
  tile: Local;
  panel: Local;
  /** Where the unit's first row, column and result lie. */
  input: Local;
  slope: Local;
  out: Local;
  /** Block: whether there is something to add to, and its images and rows. */
  goesOn: Local;
  image: Local;
  row: Local;
  bounds: readonly [Local, Local, Local, Local];
  at: Local;
  slopeAt: Local;
  end: Local;
  sums: readonly Local[];
  factors: readonly [Local, Local];
  value: Local;
}

function makeScope(f: FunctionBuilder, product: WindowProduct): Scope {
  const [unit, rest, group, tap, tile, panel, input, slope, out] = f.locals("i32", 9);
  const [goesOn, image, row, at, slopeAt, end] = f.locals("i32", 6);
  return {
    ...{ product, tiles: rowTiles(product), rowBytes: 4 * product.groups.count * product.columns },
    ...{ unit, rest, group, tap, tile, panel, input, slope, out, goesOn, image, row, at, slopeAt, end },
    bounds: [f.local(), f.local(), f.local(), f.local()],
    sums: f.locals("v128", 12),
    factors: [f.local("v128"), f.local("v128")],
    value: f.local("v128"),
  };
}

/** Panels of columns, and taps that have tiles of their own. */
function unitCounts({ tiles, product: { columns, taps } }: Scope): { panels: number; taps: number } {
  return {
    panels: Math.ceil(columns / tiles.width),
    taps: tiles.isWhole ? 1 : taps[0].count * taps[1].count,
  };
}

/**
 * Makes the kernel of a simplified product; its `output` steps are those of the slope.
 *
 * @param adds Whether sums are added to what `out` holds.
 */
export function filterGradientFunction(product: WindowProduct, adds: boolean): UnitFunction {
  const f = new FunctionBuilder(5);
  const scope = makeScope(f, product);
  const [first, last, ...arrays] = f.parameters;
  const units = count(
    scope.unit,
    get(first),
    get(last),
    sequence(findUnit(scope), placeUnit(scope, arrays), unitCode(scope)),
  );
  f.body(
    set(scope.goesOn, i32.constant(adds ? 1 : 0)),
    overBlocks(scope, sequence(units, set(scope.goesOn, i32.constant(1)))),
  );
  const { panels, taps } = unitCounts(scope);
  const job = { units: product.groups.count * taps * scope.tiles.count * panels, cost: costOf(product) };
  return { code: f, job };
}

/** Sets what the unit's number stands for. */
function findUnit(scope: Scope): Code {
  const { unit, rest, group, tap, tile, panel, tiles } = scope;
  const counts = unitCounts(scope);
  const split = (size: number, remainder: Local, quotient: Local) =>
    sequence(
      set(remainder, i32.remainder(get(rest), i32.constant(size))),
      set(quotient, i32.divide(get(rest), i32.constant(size))),
    );
  return sequence(
    set(rest, get(unit)),
    split(counts.panels, panel, rest),
    split(tiles.count, tile, rest),
    split(counts.taps, tap, group),
  );
}

/** Sets where the unit's data lie. */
function placeUnit(scope: Scope, [input, slope, out]: readonly Local[]): Code {
  const { product: { groups, columns, weights, taps }, tiles, group, tap, tile, panel } = scope;
  const tapRow = i32.divide(get(tap), i32.constant(taps[1].count));
  const tapColumn = i32.remainder(get(tap), i32.constant(taps[1].count));
  const column = i32.add(times(get(group), columns), times(get(panel), tiles.width));
  const tileRow = times(get(tile), tiles.rows.length);
  const tapPlace = i32.add(
    times(tapRow, taps[0].input),
    times(tapColumn, taps[1].input),
  );
  const tapWeights = i32.add(times(tapRow, taps[0].row), times(tapColumn, taps[1].row));
  const filterRow = plus(i32.add(tapWeights, tileRow), weights.first);
  const inputPlace = i32.add(i32.add(times(get(group), groups.input), tileRow), tapPlace);
  return sequence(
    set(scope.input, i32.add(get(input), times(inputPlace, 4))),
    set(scope.slope, i32.add(get(slope), times(column, 4))),
    set(scope.out, i32.add(get(out), i32.add(times(filterRow, scope.rowBytes), times(column, 4)))),
  );
}

/** The unit's tile, which may be one with fewer rows or columns. */
function unitCode(scope: Scope): Code {
  const { tiles, tile, panel, product: { columns } } = scope;
  const { panels } = unitCounts(scope);
  const ofWidth = (width: number) => {
    const full = tileCode(scope, tiles.rows, width);
    if (tiles.rest === 0) return full;
    const isLast = i32.equals(get(tile), i32.constant(tiles.count - 1));
    return either(isLast, tileCode(scope, tiles.rows.slice(0, tiles.rest), width), full);
  };
  const lastWidth = columns - (panels - 1) * tiles.width;
  if (panels === 1 || lastWidth === tiles.width) return ofWidth(lastWidth);
  const isLast = i32.equals(get(panel), i32.constant(panels - 1));
  return either(isLast, ofWidth(lastWidth), ofWidth(tiles.width));
}

/** Runs `body` for each block of pixels, whose bounds it sets. */
function overBlocks({ product, bounds: [imageStart, imageEnd, rowStart, rowEnd] }: Scope, body: Code): Code {
  const { pixels: [images, rows] } = product;
  const block = blockOf(product);
  const overAxis = (start: Local, end: Local, [size, total]: readonly [number, number], inner: Code) =>
    count(
      start,
      i32.constant(0),
      i32.constant(total),
      sequence(set(end, i32.minimum(plus(get(start), size), i32.constant(total))), inner),
      size,
    );
  const overRows = overAxis(rowStart, rowEnd, [block.rows, rows.count], body);
  return overAxis(imageStart, imageEnd, [block.images, images.count], overRows);
}

/** Images and rows of a block. */
function blockOf({ pixels: [images, rows, columns] }: WindowProduct): { images: number; rows: number } {
  const rowBytes = 4 * columns.count * (columns.output + columns.input);
  const fitting = Math.max(1, Math.floor(blockBytes / rowBytes));
  if (fitting < rows.count) return { images: 1, rows: fitting };
  return { images: Math.min(images.count, Math.floor(fitting / rows.count)), rows: rows.count };
}

/** One tile over the pixels of one block. */
function tileCode(scope: Scope, rows: RowTiles["rows"], width: number): Code {
  const { product: { pixels }, out, image, row, at, slopeAt } = scope;
  const [imageStart, imageEnd, rowStart, rowEnd] = scope.bounds;
  const vectors = Math.ceil(width / 4);
  const sums = scope.sums.slice(0, rows.length * vectors);
  const start = (base: Local, axis: "input" | "output") =>
    i32.add(get(base), i32.add(times(get(image), 4 * pixels[0][axis]), times(get(row), 4 * pixels[1][axis])));
  return sequence(
    ...sums.map((sum) => set(sum, v128.zero)),
    count(
      image,
      get(imageStart),
      get(imageEnd),
      count(
        row,
        get(rowStart),
        get(rowEnd),
        sequence(
          set(at, start(scope.input, "input")),
          set(slopeAt, start(scope.slope, "output")),
          lineCode(scope, rows.map(({ offset }) => offset), vectors),
        ),
      ),
    ),
    when(
      get(scope.goesOn),
      sequence(...sums.map((sum, i) => {
        const offset = rows[Math.floor(i / vectors)].row * scope.rowBytes + 16 * (i % vectors);
        return set(sum, f32x4.add(get(sum), v128.load(get(out), offset)));
      })),
    ),
    ...rows.map(({ row }, m) =>
      storeRow(out, sums.slice(m * vectors, (m + 1) * vectors), width, row * scope.rowBytes)
    ),
  );
}

/** Pixels of the innermost loop that are written out. */
const unrolled = 4;

/** One line of pixels. */
function lineCode(scope: Scope, offsets: readonly number[], vectors: number): Code {
  const { product: { pixels: [, , columns] }, at, slopeAt, end } = scope;
  const looped = columns.count > 2 * unrolled ? columns.count - columns.count % unrolled : 0;
  const rest = columns.count - looped;
  const block = (length: number) =>
    sequence(...Array.from({ length }, (_, x) => pixelCode(scope, offsets, vectors, x)));
  return sequence(
    looped === 0 ? [] : sequence(
      set(end, plus(get(at), 4 * looped * columns.input)),
      repeatWhile(
        sequence(
          block(unrolled),
          advance(at, 4 * unrolled * columns.input),
          advance(slopeAt, 4 * unrolled * columns.output),
        ),
        i32.differs(get(at), get(end)),
      ),
    ),
    block(rest),
  );
}

function pixelCode(scope: Scope, offsets: readonly number[], vectors: number, x: number): Code {
  const { product: { pixels: [, , columns] }, at, slopeAt, sums, factors, value } = scope;
  const used = factors.slice(0, vectors);
  return sequence(
    ...used.map((factor, v) => set(factor, v128.load(get(slopeAt), 4 * x * columns.output + 16 * v))),
    ...offsets.map((offset, m) =>
      sequence(
        set(value, v128.load32Splat(get(at), offset + 4 * x * columns.input)),
        ...used.map((factor, v) => {
          const sum = sums[m * vectors + v];
          return set(sum, f32x4.multiplyAdd(get(value), get(factor), get(sum)));
        }),
      )
    ),
  );
}
