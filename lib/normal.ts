/**
 * The standard normal distribution.
 *
 * @module
 */

import { SonospeechError } from "./errors.ts";

const density = (x: number) => Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);

/**
 * Φ(x) = ½ + φ(x)(x + x³/3 + x⁵/(3·5) + …), to about 1e-15 (absolute).
 *
 * @see Marsaglia, Evaluating the normal distribution, Journal of Statistical Software 11(4), 2004.
 */
export function normalCdf(x: number): number {
  if (x < -9) return 0;
  if (x > 9) return 1;
  let term = x;
  let sum = x;
  for (let i = 3; Math.abs(term) > 1e-18; i += 2) {
    term *= (x * x) / i;
    sum += term;
  }
  return 0.5 + sum * density(x);
}

/**
 * The inverse of {@linkcode normalCdf}: bisection down to one in a million, then Newton's steps.
 *
 * @param p In (0, 1); 0 gives −∞ and 1 gives +∞.
 * @throws SonospeechError `input` when p is outside [0, 1].
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) {
    throw new SonospeechError("input", {
      action: "find a normal quantile",
      must: "p must be in [0, 1]",
      received: p,
    });
  }
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  let [low, high] = [-9, 9];
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  let x = (low + high) / 2;
  for (let step = 0; step < 2; step++) x -= (normalCdf(x) - p) / density(x);
  return x;
}
