/**
 * How long one invocation of a program may loop on an adapter, and how long tfjs's programs do.
 *
 * llvmpipe, Mesa's software adapter, ends the loops of an invocation when they have taken 65535 turns in all, without
 * a word: what was summed until then is the result (`LP_MAX_TGSI_LOOP_ITERATIONS` in its `lp_bld_limits.h`). Programs
 * that could get there are refused before they run.
 *
 * @module
 */

import { SonospeechError } from "../../errors.ts";
import { type Shape, sizeOf } from "../../shape.ts";
import { loopTurns } from "../kernels/wgsl.ts";
import type { AdapterReport } from "./webgpu_adapter.ts";

/** The most turns that llvmpipe gives the loops of one invocation. */
export const softwareTurns = 65535;

/**
 * Asserts that an adapter runs a program to its end.
 *
 * @param operation - Its name and shapes, for the message.
 * @throws SonospeechError `device` when the adapter is emulated and an invocation takes more than 65535 turns.
 */
export function assertTurns(
  turns: number,
  operation: string,
  { name, isHardware }: Pick<AdapterReport, "name" | "isHardware">,
): void {
  if (isHardware || turns <= softwareTurns) return;
  throw new SonospeechError("device", {
    action: `compute ${operation} on ${name}`,
    must: `loops must end within ${softwareTurns} turns on a software adapter`,
    received: turns,
    hint: "Use --device wasm.",
  });
}

/**
 * Turns of tfjs's product of matrices to `[rows, columns]` over `depth`, on an adapter that is not Intel's.
 *
 * @see `kernels/BatchMatMul_impl.ts` of tfjs-backend-webgpu 4.22, which chooses among these programs; loops of four
 * turns and less are unrolled.
 */
export function productTurns([rows, columns]: Shape, depth: number): number {
  const tiles = Math.ceil(rows / 32) * Math.ceil(columns / 32);
  const isSmall = tiles <= 8 || (rows <= 8 && tiles <= 16);
  if (!isSmall) return loopTurns(Math.ceil(depth / 32), 32);
  if (rows * columns <= 128) return loopTurns(Math.ceil(depth / 256)) + loopTurns(8);
  return depth < 2000 ? loopTurns(Math.ceil(depth / 16), 16) : loopTurns(4, 32) + loopTurns(4, 4);
}

/** Turns of tfjs's sum of `shape` to `result`: 64 to 512 lanes share an element, and join in halves. */
export function sumTurns(shape: Shape, result: Shape): number {
  const size = sizeOf(shape) / sizeOf(result);
  const lanes = size >= 32768 ? 512 : size >= 4096 ? 256 : 64;
  return loopTurns(Math.ceil(size / lanes)) + loopTurns(Math.log2(lanes));
}
