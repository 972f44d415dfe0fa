/**
 * The learned temperature of the stable contrastive form.
 *
 * @module
 */

import { clampMin, exp, type Node, parameter } from "../tensor/graph.ts";

/** Where the temperature starts and where it stops. */
export interface TemperatureOptions {
  /** First value, positive. */
  initial: number;
  /** It never falls below this. Below it the gradient is 0, so once there it stays. */
  minimum: number;
}

/**
 * `max(e^θ, minimum)` with one learned number θ, the parameter `temperature.log`, that weight decay may spare.
 *
 * Build it once in a graph.
 *
 * @returns the temperature, a scalar.
 */
export function learnedTemperature({ initial, minimum }: TemperatureOptions): Node {
  const logTemperature = parameter({
    name: "temperature.log",
    initializer: { kind: "constant", value: Math.log(initial) },
    trainable: true,
    isWeight: false,
  }, []);
  return clampMin(exp(logTemperature), minimum);
}
