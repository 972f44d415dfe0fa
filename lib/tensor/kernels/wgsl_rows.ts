/**
 * WGSL programs along the last axis: softmax and its relatives, L2 normalization.
 *
 * Bindings: `x`, for the gradient also `dy` (read), `result` (read and write). One invocation walks one row:
 * rows are short here (a batch's scores, an embedding), and there are as many as the batch has pairs.
 *
 * @module
 */

import { type Shape, sizeOf } from "../../shape.ts";
import type { LastAxisFunction } from "../graph.ts";
import { float, loopTurns, type WgslProgram } from "./wgsl.ts";

/** A program whose invocations walk a row of `from` up to three times. */
function rowProgram(from: Shape, shape: Shape, inputs: readonly string[], body: string): WgslProgram {
  const width = from[from.length - 1];
  return {
    inputs: inputs.map((name) => ({ name, components: 1 })),
    shape,
    components: 1,
    invocations: sizeOf(from) / width,
    turns: 3 * loopTurns(width),
    body: `let start = index * ${width}; let end = start + ${width};${body}`,
  };
}

/** Softmax, logSoftmax or logSumExp; the largest element is taken out of the exponentials first. */
export function lastAxisProgram(name: LastAxisFunction, from: Shape, shape: Shape): WgslProgram {
  const write = {
    softmax: "for (var i = start; i < end; i++) { result[i] = exp(x[i] - logSum); }",
    logSoftmax: "for (var i = start; i < end; i++) { result[i] = x[i] - logSum; }",
    logSumExp: "result[index] = logSum;",
  }[name];
  return rowProgram(
    from,
    shape,
    ["x"],
    `
      var largest = x[start];
      for (var i = start + 1; i < end; i++) { largest = max(largest, x[i]); }
      var sum = 0.0;
      for (var i = start; i < end; i++) { sum += exp(x[i] - largest); }
      let logSum = largest + log(sum);
      ${write}`,
  );
}

const inverseNorm = (epsilon: number) => `
      var squares = ${float(epsilon)};
      for (var i = start; i < end; i++) { squares += x[i] * x[i]; }
      let scale = 1.0 / sqrt(squares);`;

/** Rows divided by √(Σ x² + epsilon). */
export function l2NormalizeProgram(shape: Shape, epsilon: number): WgslProgram {
  const write = "for (var i = start; i < end; i++) { result[i] = x[i] * scale; }";
  return rowProgram(shape, shape, ["x"], `${inverseNorm(epsilon)}\n      ${write}`);
}

/** `(dy − y Σ y·dy) / √(Σ x² + epsilon)` with `y` the normalized row. */
export function l2NormalizeGradientProgram(shape: Shape, epsilon: number): WgslProgram {
  return rowProgram(
    shape,
    shape,
    ["x", "dy"],
    `${inverseNorm(epsilon)}
      var along = 0.0;
      for (var i = start; i < end; i++) { along += x[i] * scale * dy[i]; }
      for (var i = start; i < end; i++) { result[i] = (dy[i] - x[i] * scale * along) * scale; }`,
  );
}
