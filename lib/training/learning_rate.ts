/**
 * From settings to the learning rate of every step.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { constant, cosine, type Schedule, stepDecay, withWarmup } from "../schedule.ts";

/** The learning rate of every step of a run. */
export function learningRateSchedule(
  optimizer: RunConfig["optimizer"],
  stepsPerEpoch: number,
  epochs: number,
): Schedule {
  const { schedule, learningRate, stepFactor, stepEpochs, warmupSteps } = optimizer;
  const schedules: Record<typeof schedule, Schedule> = {
    constant: constant(learningRate),
    step: stepDecay(learningRate, stepFactor, stepEpochs * stepsPerEpoch),
    cosine: cosine(learningRate, 0, epochs * stepsPerEpoch),
  };
  return withWarmup(schedules[schedule], warmupSteps);
}
