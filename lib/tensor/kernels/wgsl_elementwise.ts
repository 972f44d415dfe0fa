/**
 * WGSL programs that compute each element on its own, and sums over a leading axis.
 *
 * Bindings: the inputs named below (read), `result` (read and write), one invocation for an element, or for four
 * where the size allows. Workgroups of 64 fill a wavefront of every vendor. Tested in
 * tests/lib/tensor/webgpu_executor_test.ts.
 *
 * @module
 */

import { type Shape, sizeOf, stridesOf } from "../../shape.ts";
import { componentsFor, elementType, loopTurns, type WgslProgram } from "./wgsl.ts";

/**
 * `expression` of the elements of inputs of one shape, by name; `T` is the element's type, f32 or vec4<f32>.
 * Comparisons and `select` in it work on both.
 */
export function elementwiseProgram(shape: Shape, names: readonly string[], expression: string): WgslProgram {
  const size = sizeOf(shape);
  const components = componentsFor(size);
  const reads = names.map((name) => `let ${name} = ${name}Values[index];`).join(" ");
  return {
    inputs: names.map((name) => ({ name: `${name}Values`, components })),
    shape,
    components,
    invocations: size / components,
    turns: 0,
    declarations: `alias T = ${elementType(components)};`,
    body: `${reads} result[index] = ${expression};`,
  };
}

/** Element `Σ index[axis] · strides[axis] + start` of the input at each index of the shape. */
export function stridedProgram(shape: Shape, start: number, strides: readonly number[]): WgslProgram {
  const own = stridesOf(shape);
  const terms = shape.flatMap((size, axis) =>
    size === 1 || strides[axis] === 0 ? [] : [`index / ${own[axis]} % ${size} * ${strides[axis]}`]
  );
  return {
    inputs: [{ name: "x", components: 1 }],
    shape,
    components: 1,
    invocations: sizeOf(shape),
    turns: 0,
    body: `result[index] = x[${[String(start), ...terms].join(" + ")}];`,
  };
}

/** Sums of `count` tensors of a shape that lie one after another: the second half of a split reduction. */
export function sumPartsProgram(count: number, shape: Shape): WgslProgram {
  const size = sizeOf(shape);
  const components = componentsFor(size);
  const step = size / components;
  const type = elementType(components);
  return {
    inputs: [{ name: "parts", components }],
    shape,
    components,
    invocations: step,
    turns: loopTurns(count),
    body: `
      var sum = ${type}(0.0);
      for (var part = 0; part < ${count}; part++) { sum += parts[part * ${step} + index]; }
      result[index] = sum;`,
  };
}
