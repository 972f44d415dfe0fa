/**
 * Room for others between long computations.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";

/**
 * Lets signals, timers and messages have their turn. A loop whose promises are all settled at once, as those of
 * computations on the processor are, would keep them waiting until it ends: Ctrl-C would do nothing.
 */
export function nextTurn(): Promise<void> {
  return setImmediate();
}
