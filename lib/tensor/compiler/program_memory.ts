/**
 * Device memory of a compiled program, known before any of it is taken.
 *
 * @module
 */

import { sizeOf } from "../../shape.ts";
import { wordsOf } from "../kernels/wgsl_frames.ts";
import type { MemoryUse } from "../memory_use.ts";
import type { CompiledProgram } from "./compile.ts";
import { type Value, wordBytes, wordsIn } from "./value.ts";

/**
 * What a program's buffers take, and which value comes nearest to what one buffer may hold.
 *
 * @param limitBytes The most that one buffer may have and a kernel may be bound to.
 */
export function programMemory(
  { dispatches, layout, inputs, plan }: CompiledProgram,
  limitBytes: number,
): MemoryUse {
  const { weights, gradients, moment1, moment2, settings, results } = layout.sizes;
  const sum = (sizes: readonly number[]) => sizes.reduce((a, b) => a + b, 0);
  const parts = {
    values: sum(plan.slots),
    parameters: weights,
    gradients,
    moments: moment1 + moment2,
    inputs: sum([...inputs.values()].map(({ operation: { type }, shape }) => wordsOf(type, sizeOf(shape)))),
    results: results + settings,
  };
  const largest = largestValue(dispatches.flatMap(({ bindings }) => bindings.map(({ value }) => value)));
  return {
    parts: Object.entries(parts).flatMap(([name, size]) =>
      size > 0 ? [{ name, bytes: size * wordBytes }] : []
    ),
    tightest: largest && { label: largest.label, bytes: wordsIn(largest) * wordBytes, limitBytes },
  };
}

function largestValue(values: readonly Value[]): Value | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => wordsIn(b) > wordsIn(a) ? b : a);
}
