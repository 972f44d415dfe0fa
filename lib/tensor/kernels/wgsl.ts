/**
 * The shape of our WGSL programs, and helpers to write them.
 *
 * A program computes one tensor. Its body is the inside of a function that runs once for each `index` in
 * `[0, invocations)`; it reads the arrays of its inputs by name and writes the array `result`. Shapes are baked in
 * as constants: they never change in a graph, and the compiler can then unroll and drop bounds it can prove.
 * There is no shared memory and there are no barriers, which software adapters run slowest of all.
 *
 * @module
 */

import type { Shape } from "../../shape.ts";

/** 1 for arrays of `f32`, 4 for arrays of `vec4<f32>`. */
export type Components = 1 | 4;

/** One tensor computed from others. */
export interface WgslProgram {
  inputs: readonly { name: string; components: Components }[];
  shape: Shape;
  /** Of the result. */
  components: Components;
  invocations: number;
  /** The most turns that the loops of one invocation take, all together; {@linkcode loopTurns} counts them. */
  turns: number;
  /** Invocations of a workgroup; 64 without. */
  workgroupSize?: number;
  /** Declarations outside the function. */
  declarations?: string;
  body: string;
}

/**
 * The turns that reductions give one invocation at most: half of what llvmpipe runs (webgpu_turns.ts), and shorter
 * than a graphics chip with thousands of lanes should wait for one of them.
 */
export const longestTurns = 32768;

/** Turns of loops within each other, the outermost first; every loop ends with a turn that only finds its end. */
export function loopTurns(...counts: number[]): number {
  return counts.reduceRight((inner, count) => count * (1 + inner) + 1, 0);
}

/** Rows of one part of a reduction of `rows` into about `parts`, or into more where that would take too long. */
export function stretchOf(rows: number, parts: number, turnsOfRow: number): number {
  const longest = Math.max(1, Math.floor(longestTurns / turnsOfRow) - 1); // finding the ends takes turns too
  return Math.min(Math.ceil(rows / Math.max(1, parts)), longest);
}

/** How wide to split work: few fat threads on a processor, many thin ones on a graphics chip. */
export interface Tuning {
  /** The least number of invocations in a workgroup of a convolution. */
  convolutionLanes: number;
  /** The number of workgroups a reduction is split into, about. */
  reductionGroups: number;
}

/** Good values measured on llvmpipe, and ones that fill a chip with thousands of lanes. */
export const tunings: Record<"software" | "hardware", Tuning> = {
  software: { convolutionLanes: 8, reductionGroups: 64 },
  hardware: { convolutionLanes: 64, reductionGroups: 1024 },
};

/** 4 when every size can be read in fours. */
export function componentsFor(...sizes: number[]): Components {
  return sizes.every((size) => size % 4 === 0) ? 4 : 1;
}

/** The type of an array's elements. */
export function elementType(components: Components): string {
  return components === 4 ? "vec4<f32>" : "f32";
}

/** Lines made by counting. */
export function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("\n");
}

/** A number as a WGSL float literal. */
export function float(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`Cannot write ${value} in WGSL: numbers must be finite`);
  const text = String(Math.fround(value));
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}
