/**
 * Loops over strided views of float32 arrays: every operation that moves, stretches or sums elements.
 *
 * Used by the executors whose tensors lie in host memory. Tested through them in tests/lib/tensor/host_executors_test.ts.
 *
 * @module
 */

import { type Shape, sizeOf, stridesOf } from "../../shape.ts";

/** Two strided walks over one index space: neighbouring axes that advance alike are merged. */
interface Walk {
  shape: number[];
  out: number[];
  from: number[];
}

function mergeAxes(shape: Shape, out: readonly number[], from: readonly number[]): Walk {
  const walk: Walk = { shape: [], out: [], from: [] };
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis];
    if (size === 1) continue;
    const last = walk.shape.length - 1;
    if (last >= 0 && walk.out[last] === out[axis] * size && walk.from[last] === from[axis] * size) {
      walk.shape[last] *= size;
      walk.out[last] = out[axis];
      walk.from[last] = from[axis];
    } else {
      walk.shape.push(size);
      walk.out.push(out[axis]);
      walk.from.push(from[axis]);
    }
  }
  return walk;
}

/** Calls `inner` at the start of every run along the last merged axis. */
function eachRun(
  walk: Walk,
  outStart: number,
  fromStart: number,
  inner: (out: number, from: number) => void,
) {
  const visit = (axis: number, out: number, from: number) => {
    if (axis >= walk.shape.length - 1) return inner(out, from);
    for (let i = 0; i < walk.shape[axis]; i++) {
      visit(axis + 1, out + i * walk.out[axis], from + i * walk.from[axis]);
    }
  };
  visit(0, outStart, fromStart);
}

/** Where a strided walk begins and how it advances along each axis, in elements. */
export interface StridedView {
  start: number;
  strides: readonly number[];
}

/** Copies one strided view onto another of the same shape. */
export function copyStrided(
  out: Float32Array,
  outView: StridedView,
  x: Float32Array,
  xView: StridedView,
  shape: Shape,
): void {
  const walk = mergeAxes(shape, outView.strides, xView.strides);
  const count = walk.shape.at(-1) ?? 1;
  const outStep = walk.out.at(-1) ?? 1;
  const step = walk.from.at(-1) ?? 1;
  eachRun(walk, outView.start, xView.start, (o, i) => {
    if (outStep === 1 && step === 1 && count > 32) return out.set(x.subarray(i, i + count), o);
    for (let k = 0; k < count; k++, o += outStep, i += step) out[o] = x[i];
  });
}

/** Strides of a tensor read as if it had the larger shape: 0 where it is stretched. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((_, axis) => axis < missing || from[axis - missing] === 1 ? 0 : own[axis - missing]);
}

/** Sums `x` over some axes into `out`. */
export function sumAxes(out: Float32Array, x: Float32Array, shape: Shape, axes: readonly number[]): void {
  const kept = shape.map((size, axis) => axes.includes(axis) ? 1 : size);
  const walk = mergeAxes(shape, broadcastStrides(kept, shape), stridesOf(shape));
  const count = walk.shape.at(-1) ?? 1;
  const outStep = walk.out.at(-1) ?? 0;
  const sums = new Float64Array(sizeOf(kept));
  eachRun(walk, 0, 0, (o, i) => {
    if (outStep === 0) {
      let sum = 0;
      for (let k = 0; k < count; k++) sum += x[i + k];
      sums[o] += sum;
    } else {
      for (let k = 0; k < count; k++, o += outStep) sums[o] += x[i + k];
    }
  });
  out.set(sums);
}
