/**
 * WebAssembly kernels that lay data out for the products: padding of images, panels of weights.
 *
 * @module
 */

import {
  advance,
  type Code,
  count,
  f32,
  FunctionBuilder,
  get,
  i32,
  type Local,
  loopWhile,
  plus,
  sequence,
  set,
  v128,
  when,
} from "./wasm_assembler.ts";

/** Moves `bytes`, a multiple of 4, from `from` on (or zeros) to `to`; both advance. `bytes` is used up. */
function move(to: Local, bytes: Local, from?: Local): Code {
  const step = (size: number, store: Code) =>
    loopWhile(
      i32.atLeast(get(bytes), i32.constant(size)),
      sequence(store, advance(to, size), from ? advance(from, size) : [], advance(bytes, -size)),
    );
  const one = from ? v128.load32Zero(get(from)) : v128.zero;
  return sequence(
    step(16, v128.store(get(to), from ? v128.load(get(from)) : v128.zero)),
    step(4, v128.store32Lane(get(to), one, 0)),
  );
}

/**
 * `padImages(first, last, images, out, height, rowBytes, top, leftBytes, paddedHeight, paddedRowBytes)`: images with
 * zeros around them; units are rows of `out`.
 */
export function padImages(): FunctionBuilder {
  const f = new FunctionBuilder(10);
  const [first, last, images, out, height, rowBytes, top, leftBytes, paddedHeight, paddedRowBytes] =
    f.parameters;
  const [unit, row, from, to, bytes] = f.locals("i32", 5);
  const image = i32.divide(get(unit), get(paddedHeight));
  return f.body(count(
    unit,
    get(first),
    get(last),
    sequence(
      set(row, i32.subtract(i32.remainder(get(unit), get(paddedHeight)), get(top))),
      set(to, i32.add(get(out), i32.multiply(get(unit), get(paddedRowBytes)))),
      set(bytes, get(paddedRowBytes)),
      when(
        i32.lessThan(get(row), get(height)), // as unsigned numbers: rows above are not below the height either
        sequence(
          set(from, i32.add(i32.multiply(image, get(height)), get(row))),
          set(from, i32.add(get(images), i32.multiply(get(from), get(rowBytes)))),
          set(bytes, get(leftBytes)),
          move(to, bytes),
          set(bytes, get(rowBytes)),
          move(to, bytes, from),
          set(bytes, i32.subtract(get(paddedRowBytes), i32.add(get(leftBytes), get(rowBytes)))),
        ),
      ),
      move(to, bytes),
    ),
  ));
}

/**
 * `packPanels(first, last, weights, panels, tapRows, rowStep, tapColumns, columnStep, run, runStep, channels,
 * channelStep, groupStep)`: weights in the order that `wasm_product.ts` reads them. Steps are in bytes; units are
 * panels of all groups.
 */
export function packPanels(): FunctionBuilder {
  const f = new FunctionBuilder(13);
  const [first, last, weights, panels, tapRows, rowStep, tapColumns, columnStep, run, runStep, channels] =
    f.parameters;
  const [channelStep, groupStep] = f.parameters.slice(11);
  const [unit, panelCount, panel, group, rows, width, valid] = f.locals("i32", 7);
  const [base, to, from, row, column, r, j] = f.locals("i32", 7);
  const zero = i32.constant(0);
  const channel = i32.multiply(get(panel), i32.constant(8));
  const filledUp = i32.multiply(i32.divide(plus(get(channels), 3), i32.constant(4)), i32.constant(4));
  const minimumOf8 = (value: Code) => i32.minimum(value, i32.constant(8));
  const element = sequence(
    set(from, i32.add(get(base), i32.multiply(get(r), get(runStep)))),
    count(
      j,
      zero,
      get(width),
      sequence(
        v128.store32Lane(get(to), v128.zero, 0),
        when(i32.lessThan(get(j), get(valid)), f32.store(get(to), f32.load(get(from)))),
        set(from, i32.add(get(from), get(channelStep))),
        advance(to, 4),
      ),
    ),
  );
  return f.body(
    set(panelCount, i32.divide(plus(get(channels), 7), i32.constant(8))),
    set(rows, i32.multiply(get(tapRows), i32.multiply(get(tapColumns), get(run)))),
    count(
      unit,
      get(first),
      get(last),
      sequence(
        set(group, i32.divide(get(unit), get(panelCount))),
        set(panel, i32.remainder(get(unit), get(panelCount))),
        set(width, minimumOf8(i32.subtract(filledUp, channel))),
        set(valid, minimumOf8(i32.subtract(get(channels), channel))),
        set(to, i32.add(i32.multiply(get(group), filledUp), channel)),
        set(to, i32.add(get(panels), i32.multiply(get(to), i32.multiply(get(rows), i32.constant(4))))),
        count(
          row,
          zero,
          get(tapRows),
          count(
            column,
            zero,
            get(tapColumns),
            sequence(
              set(base, i32.add(get(weights), i32.multiply(get(group), get(groupStep)))),
              set(base, i32.add(get(base), i32.multiply(channel, get(channelStep)))),
              set(base, i32.add(get(base), i32.multiply(get(row), get(rowStep)))),
              set(base, i32.add(get(base), i32.multiply(get(column), get(columnStep)))),
              count(r, zero, get(run), element),
            ),
          ),
        ),
      ),
    ),
  );
}
