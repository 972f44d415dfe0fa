/**
 * Inputs in their stored types, unpacked where they are read, and stored pictures moved and toned.
 *
 * Bindings of `toneFramesKernel`: frames as words of four bytes `[N, H, W, 1]`, shifts `[G, 2]`, tones `[G, 256]`, the
 * result `[N, H, W, 1]`. One invocation a pixel in workgroups of 64: neighbours read neighbours, and a group's tones
 * stay in the cache. Tested with tests/lib/tensor/input_types_test.ts.
 *
 * @module
 */

import { type Shape, sizeOf } from "../../shape.ts";
import type { InputType } from "../operation.ts";
import type { Components, Reader, WgslKernel, Writer } from "./wgsl.ts";

/**
 * Types of elements in device memory. Inputs of `f16` and `u8` are packed in words that any adapter unpacks; elements
 * of `half` are 16-bit floats too, which a kernel can also write one by one, on adapters with `shader-f16`.
 */
export type ElementType = InputType | "half";

/** Elements of a 32-bit word. */
export const elementsPerWord: Record<ElementType, number> = { f32: 1, f16: 2, half: 2, u8: 4 };

/** 32-bit words that elements of a type take. */
export function wordsOf(type: ElementType, size: number): number {
  return Math.ceil(size / elementsPerWord[type]);
}

/**
 * Reads elements, one or four, out of words.
 *
 * @param word Reads a word, of type `u32`.
 */
export function packedReader(type: "f16" | "u8", components: Components, word: Reader): Reader {
  if (type === "u8") {
    return components === 4
      ? (i) => `vec4<f32>((vec4<u32>(${word(i)}) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u))`
      : (i) => `f32((${word(`((${i}) >> 2u)`)} >> u32(((${i}) & 3) * 8)) & 255u)`;
  }
  return components === 4
    ? (i) =>
      `vec4<f32>(unpack2x16float(${word(`((${i}) * 2)`)}), unpack2x16float(${word(`((${i}) * 2 + 1)`)}))`
    : (i) => `unpack2x16float(${word(`((${i}) >> 1u)`)} >> u32(((${i}) & 1) * 16)).x`;
}

/** `tones[g, frames[n, y − down, x − right]]`, coordinates kept inside the picture. */
export function toneFramesKernel(
  shape: Shape,
  groups: number,
  { frames, shifts, tones, write }: { frames: Reader; shifts: Reader; tones: Reader; write: Writer },
): WgslKernel {
  const [count, height, width] = shape;
  return {
    invocations: sizeOf(shape),
    turns: 0,
    body: `
  let n = index / ${height * width}; let shown_in = n / ${count / groups};
  let y = clamp(index / ${width} % ${height} - i32(${shifts("shown_in * 2")}), 0, ${height - 1});
  let x = clamp(index % ${width} - i32(${shifts("shown_in * 2 + 1")}), 0, ${width - 1});
  let grey = i32(${frames(`((n * ${height} + y) * ${width} + x)`)});
  ${write("index", tones("shown_in * 256 + grey"))}`,
  };
}
