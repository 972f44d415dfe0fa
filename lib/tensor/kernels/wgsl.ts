/**
 * The shape of our WGSL kernels, and helpers to write them.
 *
 * A kernel's body is the inside of a function that runs once for each `index` in `[0, invocations)`. It reaches its
 * operands through readers and its results through a writer, so that it does not know whether an operand lies in a
 * buffer or is computed on the spot, nor what else is made of its results before they are stored
 * (`compiler/kernel_code.ts`). Shapes are baked in as constants: they never change in a graph, and the compiler can
 * then unroll and drop bounds it can prove.
 *
 * @module
 */

/** 1 for elements read one by one, 4 for four at a time. */
export type Components = 1 | 4;

/** Code for the operand's element (or four) at an index, itself a piece of code. */
export type Reader = (index: string) => string;

/** Code that stores a result's element (or four) at an index. */
export type Writer = (index: string, value: string) => string;

/** One kernel's code. */
export interface WgslKernel {
  /** How often the body runs; the last workgroup's surplus invocations are sent home first. */
  invocations: number;
  /** The most turns that the loops of one invocation take, all together; {@linkcode loopTurns} counts them. */
  turns: number;
  /** Invocations of a workgroup; 64 without, which fills a wavefront of every vendor. */
  workgroupSize?: number;
  /** Declarations outside the function. */
  declarations?: string;
  /** May use `index`, and `group` and `lane`, of which it is made. */
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

/** 4 when every size can be read in fours. */
export function componentsFor(...sizes: number[]): Components {
  return sizes.every((size) => size % 4 === 0) ? 4 : 1;
}

/** The type of an array's elements. */
export function elementType(components: Components): string {
  return components === 4 ? "vec4<f32>" : "f32";
}

/** The type of an array's elements that are stored in half precision. */
export function halfType(components: Components): string {
  return components === 4 ? "vec4<f16>" : "f16";
}

/**
 * A float32 element as it is stored in half precision. Adapters may round what is too large to the largest half or to
 * infinity: here it is infinity before it is rounded, so that the step's objective tells of it.
 */
export function toHalf(code: string, components: Components): string {
  return `to_half${components}(${code})`;
}

/** The functions that {@linkcode toHalf} calls. */
export const halfFunctions = ([1, 4] as const).map((components) => {
  const [from, to] = [elementType(components), halfType(components)];
  return `fn to_half${components}(x: ${from}) -> ${to} {
  return ${to}(select(x, x * 3e38, abs(x) > ${from}(65504.0)));
}`;
}).join("\n");

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
