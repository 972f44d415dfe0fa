/**
 * Reading numbers from a request.
 *
 * @module
 */

import { Refusal } from "./guard.ts";

/**
 * A whole number from a query parameter.
 *
 * @throws Refusal 400 when it is not a whole number within the bounds.
 */
export function wholeNumber(
  text: string | undefined,
  name: string,
  options: { fallback: number; min?: number; max?: number },
): number {
  if (text === undefined || text === "") return options.fallback;
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = options;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new Refusal(400, `${name} must be a whole number from ${min} to ${max}.`);
  }
  return value;
}
