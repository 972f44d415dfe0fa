/**
 * Elementwise functions and products of matrices on float32 arrays in plain loops.
 *
 * @module
 */

import { type Shape, sizeOf } from "../../shape.ts";
import type { BinaryFunction, UnaryFunction } from "../graph.ts";
import { broadcastStrides, copyStrided } from "./host_layout.ts";
import { stridesOf } from "../../shape.ts";

const unaryFunctions: Record<UnaryFunction, (x: number) => number> = {
  relu: (x) => x < 0 ? 0 : x, // NaN stays NaN
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  square: (x) => x * x,
  reciprocal: (x) => 1 / x,
};

const binaryFunctions: Record<BinaryFunction, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
};

/** A function of every element. */
export function mapElements(out: Float32Array, x: Float32Array, name: UnaryFunction): void {
  const f = unaryFunctions[name];
  for (let i = 0; i < out.length; i++) out[i] = f(x[i]);
}

/** The elements of `x` stretched to a shape, which are its own where it has this shape. */
function stretched(x: Float32Array, from: Shape, to: Shape): Float32Array {
  if (sizeOf(from) === sizeOf(to)) return x;
  const out = new Float32Array(sizeOf(to));
  const view = { start: 0, strides: broadcastStrides(from, to) };
  copyStrided(out, { start: 0, strides: stridesOf(to) }, x, view, to);
  return out;
}

/** A function of two operands that broadcast to the shape of `out`. */
export function combineElements(
  out: Float32Array,
  [a, b]: readonly Float32Array[],
  name: BinaryFunction,
  { shape, from }: { shape: Shape; from: readonly Shape[] },
): void {
  const f = binaryFunctions[name];
  const left = stretched(a, from[0], shape);
  const right = stretched(b, from[1], shape);
  for (let i = 0; i < out.length; i++) out[i] = f(left[i], right[i]);
}

/** A matrix as it is read: elements from one row to the next, and from one column to the next. */
export interface MatrixSteps {
  row: number;
  column: number;
}

/** A product of matrices, `[M, R] × [R, N]`, each read by its own steps. */
export function multiplyInLoops(
  out: Float32Array,
  a: Float32Array,
  b: Float32Array,
  { rows, inner, columns, left, right }: {
    rows: number;
    inner: number;
    columns: number;
    left: MatrixSteps;
    right: MatrixSteps;
  },
): void {
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < columns; n++) {
      let sum = 0;
      for (let r = 0; r < inner; r++) {
        sum += a[m * left.row + r * left.column] * b[r * right.row + n * right.column];
      }
      out[m * columns + n] = sum;
    }
  }
}
