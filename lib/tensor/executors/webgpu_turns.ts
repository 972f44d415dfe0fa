/**
 * How long one invocation of a program may loop on an adapter.
 *
 * llvmpipe, Mesa's software adapter, ends the loops of an invocation when they have taken 65535 turns in all, without
 * a word: what was summed until then is the result (`LP_MAX_TGSI_LOOP_ITERATIONS` in its `lp_bld_limits.h`). Programs
 * that could get there are refused before they run.
 *
 * @module
 */

import { SonospeechError } from "../../errors.ts";
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
