/**
 * The WebAssembly kernel of a {@linkcode WindowProduct}: forward passes, input gradients, products of matrices.
 *
 * `product(first, last, input, panels, output)` computes some units, each a few rows of pixels. A tile of up to
 * 6 pixels × 8 channels stays in registers (12 vectors of V8's 15) while the loops run over taps and channels;
 * windows are read in place, so nothing is unfolded. Weights come as panels: for every 8 channels one row of 8 after
 * another, which the innermost loop reads in order. A panel stays in the cache while all pixels pass by.
 *
 * @see Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, ACM TOMS 34 (2008).
 * @module
 */

import {
  advance,
  type Code,
  count,
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
} from "./wasm_assembler.ts";
import {
  chooseTile,
  costOf,
  rowsOf,
  type Tile,
  tileOffsets,
  type WindowProduct,
} from "./wasm_window_product.ts";

/** Channels of a panel. */
export const panelWidth = 8;

/** Elements of a group's panels: channels are filled up with zeros to a multiple of 4. */
export function panelSize({ weights, columns }: WindowProduct): number {
  return weights.rows * 4 * Math.ceil(columns / 4);
}

/** A kernel's function, and what there is to do for it. */
export interface UnitFunction {
  code: FunctionBuilder;
  /** Parts that the work can be cut into, and vector instructions in all. */
  job: { units: number; cost: number };
}

/** The variables of the code, and what it is made for. */
interface Scope {
  product: WindowProduct;
  tile: Tile;
  /** The group, the panel of it, and the unit under way. */
  group: Local;
  part: Local;
  unit: Local;
  tiles: Local;
  /** Where the tile's first window lies. */
  input: Local;
  /** Where its first result goes. */
  output: Local;
  panel: Local;
  /** The element under way. */
  at: Local;
  weights: Local;
  end: Local;
  taps: readonly [Local, Local];
  sums: readonly Local[];
  factors: readonly [Local, Local];
  value: Local;
}

/** Pixels of a tile at most: with half the channels there are registers for twice the pixels. */
export function largestTile({ columns }: WindowProduct): number {
  return columns > 4 ? 6 : 12;
}

function makeScope(f: FunctionBuilder, product: WindowProduct): Scope {
  const [group, part, unit, tiles, input, output, panel, at, weights, end] = f.locals("i32", 10);
  return {
    ...{ product, tile: chooseTile(product.pixels, largestTile(product)).tile },
    ...{ group, part, unit, tiles, input, output, panel, at, weights, end },
    taps: [f.local(), f.local()],
    sums: f.locals("v128", 12),
    factors: [f.local("v128"), f.local("v128")],
    value: f.local("v128"),
  };
}

/** Makes the kernel of a simplified product. */
export function productFunction(product: WindowProduct): UnitFunction {
  const f = new FunctionBuilder(5);
  const scope = makeScope(f, product);
  const panels = f.parameters[3];
  const full = Math.floor(product.columns / panelWidth);
  const rest = product.columns % panelWidth;
  const panel = (width: number) =>
    sequence(
      overUnits(scope, f.parameters, width),
      advance(scope.panel, 16 * Math.ceil(width / 4) * product.weights.rows),
    );
  f.body(
    set(scope.panel, get(panels)),
    count(
      scope.group,
      i32.constant(0),
      i32.constant(product.groups.count),
      sequence(
        count(scope.part, i32.constant(0), i32.constant(full), full === 0 ? [] : panel(panelWidth)),
        rest === 0 ? [] : panel(rest),
      ),
    ),
  );
  const { pixels: [images, rows] } = product;
  const units = images.count / scope.tile[0] * (rows.count / scope.tile[1]);
  return { code: f, job: { units, cost: costOf(product) } };
}

/** One panel for all pixels of the units. */
function overUnits(scope: Scope, [first, last, input, , output]: readonly Local[], width: number): Code {
  const { product: { pixels: [images, rows], groups }, tile, unit } = scope;
  const rowTiles = i32.constant(rows.count / tile[1]);
  const place = (base: Local, axis: "input" | "output") => {
    const image = times(i32.divide(get(unit), rowTiles), 4 * tile[0] * images[axis]);
    const row = times(i32.remainder(get(unit), rowTiles), 4 * tile[1] * rows[axis]);
    return i32.add(i32.add(get(base), times(get(scope.group), 4 * groups[axis])), i32.add(image, row));
  };
  return count(
    unit,
    get(first),
    get(last),
    sequence(
      set(scope.input, place(input, "input")),
      set(scope.output, i32.add(place(output, "output"), times(get(scope.part), 4 * panelWidth))),
      line(scope, width),
    ),
  );
}

/** The tiles of one line of pixels; `width` channels are stored. */
function line(scope: Scope, width: number): Code {
  const { tile: [i, r, c], product: { pixels: [, , columns] } } = scope;
  const full = Math.floor(columns.count / c);
  const rest = columns.count % c;
  return sequence(
    count(
      scope.tiles,
      i32.constant(0),
      i32.constant(full),
      sequence(
        tileCode(scope, [i, r, c], width),
        advance(scope.input, 4 * c * columns.input),
        advance(scope.output, 4 * c * columns.output),
      ),
    ),
    rest === 0 ? [] : tileCode(scope, [i, r, rest], width),
  );
}

function tileCode(scope: Scope, tile: Tile, width: number): Code {
  const { product, input, at, taps, sums } = scope;
  const offsets = tileOffsets(product.pixels, tile);
  const vectors = Math.ceil(width / 4);
  const used = sums.slice(0, offsets.length * vectors);
  const [rows, columns] = product.taps;
  const windowStart = i32.add(
    get(input),
    i32.add(times(get(taps[0]), 4 * rows.input), times(get(taps[1]), 4 * columns.input)),
  );
  const row = i32.add(times(get(taps[0]), rows.row), times(get(taps[1]), columns.row));
  const firstRow = i32.add(get(scope.panel), times(plus(row, product.weights.first), 16 * vectors));
  const loop = (local: Local, times: number, body: Code) =>
    times === 1
      ? sequence(set(local, i32.constant(0)), body)
      : count(local, i32.constant(0), i32.constant(times), body);
  const inputs = offsets.map(({ input }) => 4 * input);
  return sequence(
    ...used.map((sum) => set(sum, v128.zero)),
    rowsOf(product) === 0 ? [] : loop(
      taps[0],
      rows.count,
      loop(
        taps[1],
        columns.count,
        sequence(set(at, windowStart), set(scope.weights, firstRow), runCode(scope, inputs, vectors)),
      ),
    ),
    ...offsets.map(({ output }, m) =>
      storeRow(scope.output, used.slice(m * vectors, (m + 1) * vectors), width, 4 * output)
    ),
  );
}

/** Turns of the innermost loop that are written out. */
const unrolled = 4;

/** The products of one run. */
function runCode(scope: Scope, inputs: readonly number[], vectors: number): Code {
  const { product: { run }, at, weights, end } = scope;
  const looped = run > 2 * unrolled ? run - run % unrolled : 0;
  const rest = run - looped;
  const block = (length: number) =>
    sequence(
      ...Array.from({ length }, (_, r) => elementCode(scope, inputs, vectors, r)),
      advance(weights, 16 * vectors * length),
    );
  return sequence(
    looped === 0 ? [] : sequence(
      set(end, plus(get(at), 4 * looped)),
      repeatWhile(sequence(block(unrolled), advance(at, 4 * unrolled)), i32.differs(get(at), get(end))),
    ),
    rest === 0 ? [] : block(rest),
  );
}

/** One element of the run: its value in every window, times its row of the panel. */
function elementCode(scope: Scope, inputs: readonly number[], vectors: number, r: number): Code {
  const { at, weights, sums, factors, value } = scope;
  return sequence(
    ...factors.slice(0, vectors).map((factor, v) =>
      set(factor, v128.load(get(weights), 16 * (vectors * r + v)))
    ),
    ...inputs.map((offset, m) =>
      sequence(
        set(value, v128.load32Splat(get(at), offset + 4 * r)),
        ...factors.slice(0, vectors).map((factor, v) => {
          const sum = sums[m * vectors + v];
          return set(sum, f32x4.multiplyAdd(get(value), get(factor), get(sum)));
        }),
      )
    ),
  );
}

/** Stores the first `width` elements of some vectors. */
export function storeRow(address: Local, vectors: readonly Local[], width: number, offset: number): Code {
  return sequence(...vectors.map((vector, v) => {
    const at = offset + 16 * v;
    switch (Math.min(4, width - 4 * v)) {
      case 1:
        return v128.store32Lane(get(address), get(vector), 0, at);
      case 2:
        return v128.store64Lane(get(address), get(vector), 0, at);
      case 3:
        return sequence(
          v128.store64Lane(get(address), get(vector), 0, at),
          v128.store32Lane(get(address), get(vector), 2, at + 8),
        );
      default:
        return v128.store(get(address), get(vector), at);
    }
  }));
}
