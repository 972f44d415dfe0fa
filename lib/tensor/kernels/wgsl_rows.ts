/**
 * WGSL kernels along the last axis: softmax and its relatives, L2 normalization.
 *
 * One invocation walks one row: rows are short here (a batch's scores, an embedding), and there are as many as the
 * batch has pairs. No shared memory, workgroups of 64.
 *
 * @module
 */

import { type Shape, sizeOf } from "../../shape.ts";
import type { LastAxisFunction } from "../graph.ts";
import { float, loopTurns, type Reader, type WgslKernel, type Writer } from "./wgsl.ts";

/** A kernel whose invocations walk a row of `shape` up to three times. */
function rowKernel(shape: Shape, body: string): WgslKernel {
  const width = shape[shape.length - 1];
  return {
    invocations: sizeOf(shape) / width,
    turns: 3 * loopTurns(width),
    body: `let start = index * ${width}; let end = start + ${width};${body}`,
  };
}

/** Softmax, logSoftmax or logSumExp; the largest element is taken out of the exponentials first. */
export function lastAxisKernel(
  name: LastAxisFunction,
  shape: Shape,
  { x, write }: { x: Reader; write: Writer },
): WgslKernel {
  const results = {
    softmax: `for (var i = start; i < end; i++) { ${write("i", `exp(${x("i")} - logSum)`)} }`,
    logSoftmax: `for (var i = start; i < end; i++) { ${write("i", `${x("i")} - logSum`)} }`,
    logSumExp: write("index", "logSum"),
  }[name];
  return rowKernel(
    shape,
    `
  var largest = ${x("start")};
  for (var i = start + 1; i < end; i++) { largest = max(largest, ${x("i")}); }
  var sum = 0.0;
  for (var i = start; i < end; i++) { sum += exp(${x("i")} - largest); }
  let logSum = largest + log(sum);
  ${results}`,
  );
}

const inverseNorm = (x: Reader, epsilon: number) => `
  var squares = ${float(epsilon)};
  for (var i = start; i < end; i++) { let value = ${x("i")}; squares += value * value; }
  let scale = 1.0 / sqrt(squares);`;

/** Rows divided by √(Σ x² + epsilon). */
export function l2NormalizeKernel(
  shape: Shape,
  epsilon: number,
  { x, write }: { x: Reader; write: Writer },
): WgslKernel {
  return rowKernel(
    shape,
    `${inverseNorm(x, epsilon)}
  for (var i = start; i < end; i++) { ${write("i", `${x("i")} * scale`)} }`,
  );
}

/** `(dy − y Σ y·dy) / √(Σ x² + epsilon)` with `y` the normalized row. */
export function l2NormalizeGradientKernel(
  shape: Shape,
  epsilon: number,
  { x, dy, write }: { x: Reader; dy: Reader; write: Writer },
): WgslKernel {
  return rowKernel(
    shape,
    `${inverseNorm(x, epsilon)}
  var along = 0.0;
  for (var i = start; i < end; i++) { along += ${x("i")} * scale * ${dy("i")}; }
  for (var i = start; i < end; i++) { ${write("i", `(${dy("i")} - ${x("i")} * scale * along) * scale`)} }`,
  );
}
