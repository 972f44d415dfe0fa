/**
 * Convolutions as loop nests of constant steps: the description that the WebAssembly kernels are made from.
 *
 * A forward pass, an input's gradient (one nest for each class of pixels that the stride treats alike) and a product
 * of matrices all are: `output[pixel, column] = Σ taps Σ run input[pixel + tap + r] · weights[tap, r, column]`.
 * A filter's gradient is the same nest with the sum over pixels.
 *
 * @module
 */

/** A loop, and how many elements a turn moves on in the input and in the output. */
export interface PixelAxis {
  count: number;
  input: number;
  output: number;
}

/** A loop over taps, and how many elements a turn moves on in the input, and how many rows in the weights. */
export interface TapAxis {
  count: number;
  input: number;
  row: number;
}

/** The whole nest; sizes and steps are in elements. */
export interface WindowProduct {
  /** Images, rows and columns. */
  pixels: readonly [PixelAxis, PixelAxis, PixelAxis];
  /** Rows and columns of the window. */
  taps: readonly [TapAxis, TapAxis];
  /** Neighbouring elements that a tap reads, and rows of weights that it uses. */
  run: number;
  /** The first tap's first row of the weights, and how many rows they have. */
  weights: { first: number; rows: number };
  /** Groups of channels. */
  groups: PixelAxis;
  /** Output channels of a group, side by side. */
  columns: number;
}

/** Rows of the weights of one group that are used. */
export function rowsOf({ taps, run }: WindowProduct): number {
  return taps[0].count * taps[1].count * run;
}

/** Products and sums of vectors. */
export function costOf(product: WindowProduct): number {
  const pixels = product.pixels.reduce((total, { count }) => total * count, 1);
  return pixels * rowsOf(product) * product.groups.count * Math.ceil(product.columns / 4);
}

/** The same nest with as few loops as possible: taps that are neighbours become one run, as do pixels. */
export function simplified(product: WindowProduct): WindowProduct {
  const [[tapRows, tapColumns], run] = mergedTaps(product);
  return { ...product, pixels: mergedPixels(product.pixels), taps: [tapRows, tapColumns], run };
}

function mergedTaps({ taps: [rows, columns], run }: WindowProduct): [[TapAxis, TapAxis], number] {
  const one = { count: 1, input: 0, row: 0 };
  const isRun = ({ count, input, row }: TapAxis, run: number) =>
    count === 1 || (input === run && row === run);
  if (!isRun(columns, run)) return [[rows, columns], run];
  const line = run * columns.count;
  if (!isRun(rows, line)) return [[rows, one], line];
  return [[one, one], line * rows.count];
}

function mergedPixels([images, rows, columns]: WindowProduct["pixels"]): WindowProduct["pixels"] {
  const isLine = ({ input, output }: PixelAxis, inner: PixelAxis) =>
    input === inner.input * inner.count && output === inner.output * inner.count;
  if (rows.count > 1 && !isLine(rows, columns)) return [images, rows, columns];
  const line = { ...columns, count: rows.count * columns.count };
  const one = { count: 1, input: 0, output: 0 };
  if (images.count > 1 && !isLine(images, line)) return [images, one, line];
  return cut({ ...line, count: images.count * line.count });
}

/** A long line as rows of at most 64, so that there are parts to share out, where its length has a divisor. */
function cut(line: PixelAxis): WindowProduct["pixels"] {
  const one = { count: 1, input: 0, output: 0 };
  const length = divisors(line.count, 64).findLast((divisor) => divisor >= 4) ?? line.count;
  const rows = { count: line.count / length, input: line.input * length, output: line.output * length };
  return [one, rows, { ...line, count: length }];
}

/** Divisors up to a limit, in ascending order. */
function divisors(count: number, limit: number): number[] {
  return Array.from({ length: Math.min(count, limit) }, (_, i) => i + 1).filter((i) => count % i === 0);
}

/** Pixels that are computed together, along each axis; only columns may leave a rest. */
export type Tile = readonly [number, number, number];

/** What some values computed together cost: below `full` the processor waits for results. */
export function tileCost(values: number, full: number): number {
  return values === 0 ? 0 : Math.max(values, full) + 0.5;
}

/** The cheapest tile of at most `largest` pixels, and what all pixels cost with it. */
export function chooseTile(
  [images, rows, columns]: WindowProduct["pixels"],
  largest: number,
): { tile: Tile; cost: number } {
  const full = largest * 2 / 3;
  let best: { tile: Tile; cost: number } | undefined;
  for (const i of divisors(images.count, largest)) {
    for (const r of divisors(rows.count, Math.floor(largest / i))) {
      for (let c = Math.min(columns.count, Math.floor(largest / (i * r))); c > 0; c--) {
        const inLine = Math.floor(columns.count / c) * tileCost(i * r * c, full) +
          tileCost(i * r * (columns.count % c), full);
        const cost = images.count / i * (rows.count / r) * inLine;
        if (best === undefined || cost < best.cost) best = { tile: [i, r, c], cost };
      }
    }
  }
  return best!;
}

/** Offsets of a tile's pixels in the input and the output, in elements. */
export function tileOffsets(
  [images, rows, columns]: WindowProduct["pixels"],
  [i, r, c]: Tile,
): { input: number; output: number }[] {
  return Array.from({ length: i * r * c }, (_, index) => {
    const column = index % c, row = Math.floor(index / c) % r, image = Math.floor(index / (c * r));
    return {
      input: image * images.input + row * rows.input + column * columns.input,
      output: image * images.output + row * rows.output + column * columns.output,
    };
  });
}
