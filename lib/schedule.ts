/**
 * Schedules: numbers that depend on the step alone, as functions.
 *
 * @module
 */

/** A number for every optimizer step, counted from 0. */
export type Schedule = (step: number) => number;

/** The same value at every step. */
export function constant(value: number): Schedule {
  return () => value;
}

/**
 * Divides by `1/factor` every `everySteps` steps: `initial · factor^⌊step / everySteps⌋`.
 *
 * @see Jiao et al., MICCAI 2020, section 2.4 (factor 0.1 every 20 epochs).
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { stepDecay } from "./schedule.ts";
 * const rate = stepDecay(1e-3, 0.1, 100);
 * assert(rate(99) === 1e-3 && Math.abs(rate(100) - 1e-4) < 1e-12);
 * ```
 */
export function stepDecay(initial: number, factor: number, everySteps: number): Schedule {
  return (step) => initial * factor ** Math.floor(step / everySteps);
}

/** Half a cosine from `initial` at step 0 to `final` at `totalSteps` and after. */
export function cosine(initial: number, final: number, totalSteps: number): Schedule {
  return (step) => {
    const progress = Math.min(1, step / Math.max(1, totalSteps));
    return final + (initial - final) * 0.5 * (1 + Math.cos(Math.PI * progress));
  };
}

/** Multiplies a schedule by a linear ramp from 1/`warmupSteps` to 1 over its first steps. */
export function withWarmup(schedule: Schedule, warmupSteps: number): Schedule {
  return (step) => schedule(step) * (warmupSteps > 0 ? Math.min(1, (step + 1) / warmupSteps) : 1);
}
