/**
 * From settings to the optimizer's rule and learning rate.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { constant, cosine, type Schedule, stepDecay, withWarmup } from "../schedule.ts";
import type { OptimizerRule } from "../tensor/executor.ts";

/** The rule by which parameters change. */
export function optimizerRule(optimizer: RunConfig["optimizer"]): OptimizerRule {
  const { kind, momentum, beta1, beta2, epsilon, weightDecay, decayBiasAndNorm } = optimizer;
  return kind === "sgd"
    ? { kind, momentum, weightDecay, decayBiasAndNorm }
    : { kind, beta1, beta2, epsilon, weightDecay, decayBiasAndNorm };
}

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
