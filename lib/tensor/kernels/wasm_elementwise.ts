/**
 * WebAssembly kernels over the elements of tensors, and along rows of them.
 *
 * Tensors begin at cache lines and have their last line for themselves, so that a last vector may reach beyond the
 * last element: what is computed there is never read.
 *
 * @module
 */

import {
  type Code,
  count,
  f64x2,
  FunctionBuilder,
  get,
  i32,
  type Local,
  repeatWhile,
  sequence,
  set,
  times,
  v128,
} from "./wasm_assembler.ts";

/** Vectors of a unit of {@linkcode mapVectors}. */
export const unitVectors = 1024;

/** A function of vectors, one of each operand. */
export type VectorFunction = (...operands: Code[]) => Code;

/** `(first, last, vectors, …operands, out)`: a function of all elements. */
export function mapVectors(operandCount: number, apply: VectorFunction): FunctionBuilder {
  const f = new FunctionBuilder(4 + operandCount);
  const [first, last, vectors] = f.parameters;
  const [at, end] = f.locals("i32", 2);
  const address = (array: Local) => i32.add(get(array), get(at));
  const operands = f.parameters.slice(3, 3 + operandCount).map((array) => v128.load(address(array)));
  return f.body(
    endOfUnits(end, last, vectors),
    count(
      at,
      times(get(first), 16 * unitVectors),
      get(end),
      v128.store(address(f.parameters[3 + operandCount]), apply(...operands)),
      16,
    ),
  );
}

/** Calls `body` for every vector of a row of `rowBytes`. */
function overRow(at: Local, rowBytes: Local, body: Code): Code {
  return count(at, i32.constant(0), get(rowBytes), body, 16);
}

/**
 * `(first, last, a, b, out, middle, rowBytes)`: a function of rows of `a`, `[outer, middle, inner]`, and of `b`,
 * `[outer, 1, inner]`. Units are rows.
 */
export function combineRows(apply: VectorFunction): FunctionBuilder {
  const f = new FunctionBuilder(7);
  const [first, last, a, b, out, middle, rowBytes] = f.parameters;
  const [unit, at, left, right, to] = f.locals("i32", 5);
  const rowOf = (array: Local, row: Code) => i32.add(get(array), i32.multiply(row, get(rowBytes)));
  const moved = (base: Local) => i32.add(get(base), get(at));
  return f.body(count(
    unit,
    get(first),
    get(last),
    sequence(
      set(left, rowOf(a, get(unit))),
      set(right, rowOf(b, i32.divide(get(unit), get(middle)))),
      set(to, rowOf(out, get(unit))),
      overRow(at, rowBytes, v128.store(moved(to), apply(v128.load(moved(left)), v128.load(moved(right))))),
    ),
  ));
}

/** `(first, last, x, out, middle, rowBytes)`: `x`, `[outer, 1, inner]`, stretched. Units are rows of the result. */
export function repeatRows(): FunctionBuilder {
  const f = new FunctionBuilder(6);
  const [first, last, x, out, middle, rowBytes] = f.parameters;
  const [unit, at, from, to] = f.locals("i32", 4);
  const rowOf = (array: Local, row: Code) => i32.add(get(array), i32.multiply(row, get(rowBytes)));
  const moved = (base: Local) => i32.add(get(base), get(at));
  return f.body(count(
    unit,
    get(first),
    get(last),
    sequence(
      set(from, rowOf(x, i32.divide(get(unit), get(middle)))),
      set(to, rowOf(out, get(unit))),
      overRow(at, rowBytes, v128.store(moved(to), v128.load(moved(from)))),
    ),
  ));
}

/**
 * `(first, last, x, out, middle, rowBytes)`: `x`, `[outer, middle, inner]`, summed over the middle in float64. Units
 * are the outer rows.
 */
export function sumRows(): FunctionBuilder {
  const f = new FunctionBuilder(6);
  const [first, last, x, out, middle, rowBytes] = f.parameters;
  const [unit, at, from, end, blockBytes] = f.locals("i32", 5);
  const [low, high, value] = f.locals("v128", 3);
  const row = (array: Local, bytes: Local) => i32.add(get(array), i32.multiply(get(unit), get(bytes)));
  return f.body(
    set(blockBytes, i32.multiply(get(middle), get(rowBytes))),
    count(
      unit,
      get(first),
      get(last),
      overRow(
        at,
        rowBytes,
        sequence(
          set(low, v128.zero),
          set(high, v128.zero),
          set(from, i32.add(row(x, blockBytes), get(at))),
          set(end, i32.add(get(from), get(blockBytes))),
          repeatWhile(
            sequence(
              set(value, v128.load(get(from))),
              set(low, f64x2.add(get(low), f64x2.promoteLow(get(value)))),
              set(high, f64x2.add(get(high), f64x2.promoteHigh(value))),
              set(from, i32.add(get(from), get(rowBytes))),
            ),
            i32.differs(get(from), get(end)),
          ),
          v128.store(i32.add(row(out, rowBytes), get(at)), f64x2.demote(get(low), get(high))),
        ),
      ),
    ),
  );
}

/** `(first, last, vectors, x, sums)`: Σ x² of each unit in float64, two sums a unit, of whole vectors only. */
export function squareSums(): FunctionBuilder {
  const f = new FunctionBuilder(5);
  const [first, last, vectors, x, sums] = f.parameters;
  const [unit, at, end] = f.locals("i32", 3);
  const [sum, value, part] = f.locals("v128", 3);
  const add = (half: Code) =>
    sequence(set(part, half), set(sum, f64x2.add(get(sum), f64x2.multiply(get(part), get(part)))));
  return f.body(count(
    unit,
    get(first),
    get(last),
    sequence(
      set(sum, v128.zero),
      set(end, times(i32.add(get(unit), i32.constant(1)), unitVectors)),
      set(end, times(i32.minimum(get(end), get(vectors)), 16)),
      count(
        at,
        times(get(unit), 16 * unitVectors),
        get(end),
        sequence(
          set(value, v128.load(i32.add(get(x), get(at)))),
          add(f64x2.promoteLow(get(value))),
          add(f64x2.promoteHigh(value)),
        ),
        16,
      ),
      v128.store(i32.add(get(sums), times(get(unit), 16)), get(sum)),
    ),
  ));
}

/** Loads numbers that lie side by side, each into a vector of its own. */
export function loadNumbers(numbers: readonly Local[], from: Local): Code {
  return sequence(...numbers.map((number, i) => set(number, v128.load32Splat(get(from), 4 * i))));
}

/** The end of a range of units of {@linkcode unitVectors}, in bytes. */
export function endOfUnits(end: Local, last: Local, vectors: Local): Code {
  return sequence(
    set(end, times(get(last), unitVectors)),
    set(end, times(i32.minimum(get(end), get(vectors)), 16)),
  );
}
