/**
 * WebAssembly kernels of batch normalization (with ReLU) on `[…, C]`, C a multiple of 4.
 *
 * All take `(first, last, …, rows, channelBytes, unitRows, blockRows)`, rows being pixels: a unit is `unitRows` of them,
 * which go by in blocks that stay in the first-level cache while one vector of channels after another passes over
 * them. Sums run in float64, one array of partial sums for each unit; the caller adds these up, so that the result
 * does not depend on the number of threads.
 *
 * @see Ioffe and Szegedy, ICML 2015, for the gradients.
 * @module
 */

import {
  type Code,
  count,
  f32x4,
  f64x2,
  FunctionBuilder,
  get,
  i32,
  type Local,
  repeatWhile,
  sequence,
  set,
  v128,
} from "./wasm_assembler.ts";

/** The loops that all kernels here share. */
interface Loops {
  f: FunctionBuilder;
  /** First row of the unit's place in partial sums. */
  unit: Local;
  /** Bytes from the first channel. */
  channel: Local;
  /** Bytes from the first element of all. */
  at: Local;
  channelBytes: Local;
  /** The whole: `begin` and `finish` are done once for a vector of channels in a block, `element` for each row. */
  run(parts: { begin?: Code; element: Code; finish?: Code }): FunctionBuilder;
}

/** Parameters after these: rows, channelBytes, unitRows, blockRows. */
function loops(arrays: number): Loops & { arrays: readonly Local[] } {
  const f = new FunctionBuilder(arrays + 6);
  const [first, last] = f.parameters;
  const [rows, channelBytes, unitRows, blockRows] = f.parameters.slice(2 + arrays);
  const [unit, unitEnd, row, rowEnd, channel, at, end] = f.locals("i32", 7);
  const clipped = (end: Local, value: Code, limit: Local) =>
    sequence(set(end, value), set(end, i32.minimum(get(end), get(limit))));
  const offset = (row: Local) => i32.add(i32.multiply(get(row), get(channelBytes)), get(channel));
  return {
    f,
    arrays: f.parameters.slice(2, 2 + arrays),
    unit,
    channel,
    at,
    channelBytes,
    run: ({ begin = [], element, finish = [] }) =>
      f.body(count(
        unit,
        get(first),
        get(last),
        sequence(
          set(row, i32.multiply(get(unit), get(unitRows))),
          clipped(unitEnd, i32.add(get(row), get(unitRows)), rows),
          repeatWhile(
            sequence(
              clipped(rowEnd, i32.add(get(row), get(blockRows)), unitEnd),
              count(
                channel,
                i32.constant(0),
                get(channelBytes),
                sequence(
                  begin,
                  set(at, offset(row)),
                  set(end, offset(rowEnd)),
                  repeatWhile(
                    sequence(element, set(at, i32.add(get(at), get(channelBytes)))),
                    i32.differs(get(at), get(end)),
                  ),
                  finish,
                ),
                16,
              ),
              set(row, get(rowEnd)),
            ),
            i32.lessThan(get(row), get(unitEnd)),
          ),
        ),
      )),
  };
}

/** Adds the two sums of a vector of channels, each two vectors of float64, to the unit's partial sums. */
function addPartials(
  { f, unit, channel, channelBytes }: Loops,
  partials: Local,
  sums: readonly Local[],
): Code {
  const to = f.local();
  const unitBytes = i32.multiply(get(channelBytes), i32.constant(4)); // two sums of 8 bytes for each 4
  const start = i32.add(get(partials), i32.multiply(get(unit), unitBytes));
  const twice = (value: Code) => i32.multiply(value, i32.constant(2));
  const addTwo = ([low, high]: readonly Local[]) =>
    sequence(
      v128.store(get(to), f64x2.add(v128.load(get(to)), get(low))),
      v128.store(get(to), f64x2.add(v128.load(get(to), 16), get(high)), 16),
    );
  return sequence(
    set(to, i32.add(start, twice(get(channel)))),
    addTwo(sums.slice(0, 2)),
    set(to, i32.add(get(to), twice(get(channelBytes)))),
    addTwo(sums.slice(2)),
  );
}

/** `channelMoments(…, x, partials, …)`: adds Σ x and Σ x² of each unit to `partials`, float64 `[units, 2, C]`. */
export function momentSums(): FunctionBuilder {
  const l = loops(2);
  const [x, partials] = l.arrays;
  const sums = l.f.locals("v128", 4);
  const [value, part] = l.f.locals("v128", 2);
  const add = (sum: Local, square: Local, half: Code) =>
    sequence(
      set(part, half),
      set(sum, f64x2.add(get(sum), get(part))),
      set(square, f64x2.add(get(square), f64x2.multiply(get(part), get(part)))),
    );
  return l.run({
    begin: sequence(...sums.map((sum) => set(sum, v128.zero))),
    element: sequence(
      set(value, v128.load(i32.add(get(x), get(l.at)))),
      add(sums[0], sums[2], f64x2.promoteLow(get(value))),
      add(sums[1], sums[3], f64x2.promoteHigh(value)),
    ),
    finish: addPartials(l, partials, sums),
  });
}

/** Vectors of the channels' coefficients, from rows of an array. */
function coefficients(l: Loops, from: Local, rows: number) {
  const locals = l.f.locals("v128", rows);
  const at = l.f.local();
  const load = sequence(
    set(at, i32.add(get(from), get(l.channel))),
    ...locals.map((local, i) =>
      sequence(
        i === 0 ? [] : set(at, i32.add(get(at), get(l.channelBytes))),
        set(local, v128.load(get(at))),
      )
    ),
  );
  return { locals, load };
}

/** `normalize(…, x, map, out, …)`: `(x − mean) · scale + shift`; `map` is `[3, C]` of these. */
export function normalizeChannels(relu: boolean): FunctionBuilder {
  const l = loops(3);
  const [x, map, out] = l.arrays;
  const { locals: [mean, scale, shift], load } = coefficients(l, map, 3);
  const centred = f32x4.subtract(v128.load(i32.add(get(x), get(l.at))), get(mean));
  const y = f32x4.multiplyAdd(centred, get(scale), get(shift));
  return l.run({
    begin: load,
    element: v128.store(i32.add(get(out), get(l.at)), relu ? f32x4.pmax(y, v128.zero) : y),
  });
}

/** Sets `centred` and `passed`: `x − mean`, and `dy` where the output is not cut off by the ReLU. */
function passedGradient(
  l: Loops,
  [x, slope]: readonly Local[],
  [mean, scale, shift]: readonly Local[],
  [centred, passed]: readonly Local[],
  relu: boolean,
): Code {
  const dy = v128.load(i32.add(get(slope), get(l.at)));
  const y = f32x4.multiplyAdd(get(centred), get(scale), get(shift));
  return sequence(
    set(centred, f32x4.subtract(v128.load(i32.add(get(x), get(l.at))), get(mean))),
    set(passed, relu ? v128.and(dy, f32x4.greaterThan(y, v128.zero)) : dy),
  );
}

/** `gradientSums(…, x, dy, map, partials, …)`: adds Σ dy and Σ dy (x − mean) of each unit to `partials`. */
export function gradientSums(relu: boolean): FunctionBuilder {
  const l = loops(4);
  const [x, slope, map, partials] = l.arrays;
  const { locals, load } = coefficients(l, map, 3);
  const [centred, passed] = l.f.locals("v128", 2);
  const sums = l.f.locals("v128", 4);
  const add = (low: Local, high: Local, value: Local) =>
    sequence(
      set(low, f64x2.add(get(low), f64x2.promoteLow(get(value)))),
      set(high, f64x2.add(get(high), f64x2.promoteHigh(value))),
    );
  return l.run({
    begin: sequence(load, ...sums.map((sum) => set(sum, v128.zero))),
    element: sequence(
      passedGradient(l, [x, slope], locals, [centred, passed], relu),
      add(sums[0], sums[1], passed),
      set(centred, f32x4.multiply(get(centred), get(passed))),
      add(sums[2], sums[3], centred),
    ),
    finish: addPartials(l, partials, sums),
  });
}

/** `inputGradient(…, x, dy, map, out, …)`: `scale · dy + slope · (x − mean) + offset`; `map` has these two below. */
export function inputGradient(relu: boolean): FunctionBuilder {
  const l = loops(4);
  const [x, slope, map, out] = l.arrays;
  const { locals, load } = coefficients(l, map, 5);
  const [centred, passed] = l.f.locals("v128", 2);
  const [, scale, , along, offset] = locals;
  const rest = f32x4.multiplyAdd(get(centred), get(along), get(offset));
  return l.run({
    begin: load,
    element: sequence(
      passedGradient(l, [x, slope], locals, [centred, passed], relu),
      v128.store(i32.add(get(out), get(l.at)), f32x4.multiplyAdd(get(passed), get(scale), rest)),
    ),
  });
}
