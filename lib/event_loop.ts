/**
 * Room for others between long computations.
 *
 * @module
 */

/**
 * Lets signals, timers and messages have their turn. A loop whose promises are all settled at once, as those of
 * computations on the processor are, would keep them waiting until it ends: Ctrl-C would do nothing. It is a timer,
 * as Deno looks for signals when it waits; after `setImmediate` it does so only now and then.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0));
}
