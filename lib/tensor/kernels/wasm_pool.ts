/**
 * WebAssembly kernels of max-pooling on `[B, H, W, C]`, C a multiple of 4, made for their sizes.
 *
 * Windows are cut off at the picture's edges, so padding never wins.
 *
 * @module
 */

import type { ConvolutionGeometry, Shape } from "../../shape.ts";
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
  sequence,
  set,
  times,
  v128,
  when,
} from "./wasm_assembler.ts";

/** A pooling's sizes: images `[B, H, W, C]` and output `[B, H', W', C]`. */
export interface PoolSizes {
  image: Shape;
  output: Shape;
  geometry: ConvolutionGeometry & { window: readonly [number, number] };
}

/** Along one axis: the window's first position and the one after its last, inside the picture. */
interface Bounds {
  low: Local;
  high: Local;
}

interface Loops {
  sizes: PoolSizes;
  /** Bytes from the first channel. */
  channel: Local;
  rows: Bounds;
  columns: Bounds;
  y: Local;
  x: Local;
  /** Where the image begins. */
  image: Local;
  at: Local;
}

function makeLoops(f: FunctionBuilder, sizes: PoolSizes): Loops {
  const [channel, y, x, image, at] = f.locals("i32", 5);
  const bounds = (): Bounds => ({ low: f.local(), high: f.local() });
  return { sizes, channel, rows: bounds(), columns: bounds(), y, x, image, at };
}

/** Sets the bounds of the window of an output's position along axis 0 (rows) or 1 (columns). */
function setBounds(
  { low, high }: Bounds,
  position: Local,
  axis: 0 | 1,
  { image, geometry }: PoolSizes,
): Code {
  const { window, strides, padding } = geometry;
  const size = image[1 + axis];
  const before = axis === 0 ? padding.top : padding.left;
  // Counted from the padding's start, all numbers are positive.
  const clamped = (local: Local, limit: number, isBelow: boolean) =>
    when(
      isBelow ? i32.lessThan(get(local), i32.constant(limit)) : i32.lessThan(i32.constant(limit), get(local)),
      set(local, i32.constant(limit)),
    );
  return sequence(
    set(low, times(get(position), strides[axis])),
    set(high, plus(get(low), window[axis])),
    clamped(low, before, true),
    clamped(high, before + size, false),
    advance(low, -before),
    advance(high, -before),
  );
}

/** Runs `body` with `at` at every pixel of the window, in row-major order. */
function overWindow({ sizes, rows, columns, y, x, image, channel, at }: Loops, body: Code): Code {
  const [, , width, channels] = sizes.image;
  const start = i32.add(times(get(y), 4 * width * channels), times(get(columns.low), 4 * channels));
  return count(
    y,
    get(rows.low),
    get(rows.high),
    sequence(
      set(at, i32.add(i32.add(get(image), get(channel)), start)),
      count(x, get(columns.low), get(columns.high), sequence(body, advance(at, 4 * channels))),
    ),
  );
}

/** Sets `best` to the largest values of the window. */
function findLargest(loops: Loops, best: Local): Code {
  return sequence(
    set(best, f32x4.splat(-Infinity)),
    overWindow(loops, set(best, f32x4.pmax(get(best), v128.load(get(loops.at))))),
  );
}

/** `(first, last, x, out)`; units are rows of the output. */
export function maxPoolFunction(sizes: PoolSizes): FunctionBuilder {
  const f = new FunctionBuilder(4);
  const [first, last, x, out] = f.parameters;
  const loops = makeLoops(f, sizes);
  const [unit, row, column, to] = f.locals("i32", 4);
  const best = f.local("v128");
  const [, height, width, channels] = sizes.image;
  const [, outHeight, outWidth] = sizes.output;
  return f.body(
    set(to, i32.add(get(out), times(get(first), 4 * outWidth * channels))),
    count(
      unit,
      get(first),
      get(last),
      sequence(
        set(row, i32.remainder(get(unit), i32.constant(outHeight))),
        set(
          loops.image,
          i32.add(
            get(x),
            times(i32.divide(get(unit), i32.constant(outHeight)), 4 * height * width * channels),
          ),
        ),
        setBounds(loops.rows, row, 0, sizes),
        count(
          column,
          i32.constant(0),
          i32.constant(outWidth),
          sequence(
            setBounds(loops.columns, column, 1, sizes),
            count(
              loops.channel,
              i32.constant(0),
              i32.constant(4 * channels),
              sequence(findLargest(loops, best), v128.store(get(to), get(best)), advance(to, 16)),
              16,
            ),
          ),
        ),
      ),
    ),
  );
}

/** `(first, last, x, dy, out)`: `dy` goes to the first largest value of each window. Units are images. */
export function maxPoolGradientFunction(sizes: PoolSizes): FunctionBuilder {
  const f = new FunctionBuilder(5);
  const [first, last, x, dy, out] = f.parameters;
  const loops = makeLoops(f, sizes);
  const [unit, row, column, from, shift, end] = f.locals("i32", 6);
  const [best, left, value, hit] = f.locals("v128", 4);
  const [, height, width, channels] = sizes.image;
  const [, outHeight, outWidth] = sizes.output;
  const imageBytes = 4 * height * width * channels;
  const target = i32.add(get(loops.at), get(shift));
  const spread = overWindow(
    loops,
    sequence(
      set(hit, v128.and(f32x4.equal(v128.load(get(loops.at)), get(best)), get(left))),
      set(left, v128.andNot(get(left), get(hit))),
      v128.store(target, f32x4.add(v128.load(target), v128.and(get(value), get(hit)))),
    ),
  );
  return f.body(
    set(shift, i32.subtract(get(out), get(x))),
    set(from, i32.add(get(dy), times(get(first), 4 * outHeight * outWidth * channels))),
    count(
      unit,
      get(first),
      get(last),
      sequence(
        set(loops.image, i32.add(get(x), times(get(unit), imageBytes))),
        set(end, i32.add(i32.add(get(loops.image), get(shift)), i32.constant(imageBytes))),
        count(
          loops.at,
          i32.add(get(loops.image), get(shift)),
          get(end),
          v128.store(get(loops.at), v128.zero),
          16,
        ),
        count(
          row,
          i32.constant(0),
          i32.constant(outHeight),
          sequence(
            setBounds(loops.rows, row, 0, sizes),
            count(
              column,
              i32.constant(0),
              i32.constant(outWidth),
              sequence(
                setBounds(loops.columns, column, 1, sizes),
                count(
                  loops.channel,
                  i32.constant(0),
                  i32.constant(4 * channels),
                  sequence(
                    findLargest(loops, best),
                    set(value, v128.load(get(from))),
                    set(left, v128.ones),
                    spread,
                    advance(from, 16),
                  ),
                  16,
                ),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}
