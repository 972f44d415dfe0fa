/**
 * WGSL kernels of sums: over any axes, and over the parts that split reductions leave.
 *
 * An invocation sums one element of the result, or four neighbours; sums with few results and many terms are split
 * into parts first. Neighbouring invocations read neighbouring memory where the last axis stays. No shared memory,
 * workgroups of 64.
 *
 * @module
 */

import { type Shape, sizeOf, stridesOf } from "../../shape.ts";
import { mapIndex } from "./wgsl_index.ts";
import {
  type Components,
  elementType,
  loopTurns,
  type Reader,
  stretchOf,
  type WgslKernel,
  type Writer,
} from "./wgsl.ts";
import type { Tuning } from "./wgsl_tuning.ts";

/** A sum's terms of one result are cut where there are more. */
const longestSum = 1024;

/** How a sum over axes is shared out. */
export interface SumSplit {
  /** Code for the first term's index from the result's `index`. */
  first: string;
  /** Code for a term's distance from the first, from its number `k`. */
  step: string;
  /** Results, in elements of `components`. */
  results: number;
  /** Terms of a result. */
  terms: number;
  /** Results and terms at a time. */
  components: Components;
  /** Parts of a result's terms, and terms of a part. */
  parts: number;
  /** The last part may have fewer. */
  stretch: number;
}

/** Shares a sum out; `components` is 4 only where the last axis stays. */
export function splitSum(
  shape: Shape,
  axes: readonly number[],
  components: Components,
  tuning: Tuning,
): SumSplit {
  const divided = shape.map((size, axis) => axis === shape.length - 1 ? size / components : size);
  const strides = stridesOf(divided);
  const walk = (chosen: number[], index: string) =>
    mapIndex(
      { shape: chosen.map((axis) => divided[axis]), strides: chosen.map((axis) => strides[axis]) },
      index,
    );
  const kept = shape.flatMap((_, axis) => axes.includes(axis) ? [] : [axis]);
  const results = sizeOf(kept.map((axis) => divided[axis]));
  const terms = sizeOf(axes.map((axis) => divided[axis]));
  const wanted = terms <= longestSum ? 1 : Math.ceil(tuning.reductionGroups * 64 / results);
  const stretch = stretchOf(terms, Math.min(wanted, Math.ceil(terms / 64)), 1);
  return {
    first: walk(kept, "at"),
    step: walk([...axes], "k"),
    results,
    terms,
    components,
    parts: Math.ceil(terms / stretch),
    stretch,
  };
}

/** The sums of the parts `[parts, …results]`: the results themselves where there is one part. */
export function sumKernel(split: SumSplit, { x, write }: { x: Reader; write: Writer }): WgslKernel {
  const { first, step, results, terms, components, parts, stretch } = split;
  return {
    invocations: parts * results,
    turns: loopTurns(stretch),
    body: `
  let part = index / ${results}; let at = index % ${results};
  let origin = ${first};
  var sum = ${elementType(components)}();
  for (var k = part * ${stretch}; k < min((part + 1) * ${stretch}, ${terms}); k++) {
    sum += ${x(`origin + ${step}`)};
  }
  ${write("index", "sum")}`,
  };
}

/** Sums of `count` tensors of a size that lie one after another: the second half of a split reduction. */
export function sumPartsKernel(
  count: number,
  size: number,
  components: Components,
  { parts, write }: { parts: Reader; write: Writer },
): WgslKernel {
  const step = size / components;
  return {
    invocations: step,
    turns: loopTurns(count),
    body: `
  var sum = ${elementType(components)}();
  for (var part = 0; part < ${count}; part++) { sum += ${parts(`part * ${step} + index`)}; }
  ${write("index", "sum")}`,
  };
}
