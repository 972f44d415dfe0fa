/**
 * What lies in device memory while a program runs, and where.
 *
 * @module
 */

import { type ElementType, wordsOf } from "../kernels/wgsl_frames.ts";

/** Areas with a fixed layout: parameters, what changes them, a step's numbers, and what is read back. */
export type Area = "weights" | "gradients" | "moment1" | "moment2" | "settings" | "results";

/** Where a value lies. Offsets are in words of float32. */
export type Place =
  | { kind: "input"; name: string }
  | { kind: "area"; area: Area; offset: number }
  | { kind: "slot"; slot: number; offset: number };

/** A tensor's elements in device memory. */
export interface Value {
  /** The layer or operation it belongs to, for messages. */
  label: string;
  /** Number of elements. */
  size: number;
  /** Type of the elements; float32 without. */
  type?: ElementType;
  /** Set from the start for what has a fixed place, by the memory plan for the rest. */
  place?: Place;
}

/** Bytes of a float32 element. */
export const wordBytes = 4;

/** Memory of a value's elements, in words of float32. */
export function wordsIn({ type = "f32", size }: Value): number {
  return wordsOf(type, size);
}

/** WebGPU binds buffers from offsets of 256 bytes on; what lies between is part of a kernel's code. */
export const alignment = 64;

/** A size that the next aligned value can follow. */
export function aligned(size: number): number {
  return Math.ceil(size / alignment) * alignment;
}

/** One kernel made ready to be compiled: code and what it is bound to. */
export interface Dispatch {
  /** What is computed, for messages. */
  label: string;
  /** WGSL with the entry point `main`. */
  code: string;
  /** Workgroups across and down. */
  workgroups: readonly [number, number];
  /** In the order of the bindings. */
  bindings: readonly { value: Value; access: "read" | "write" }[];
  /** The most turns that the loops of one invocation take. */
  turns: number;
}
