/**
 * What the best of many comes to by chance.
 *
 * @module
 */

/**
 * About how many standard deviations above the mean the greatest of so many normal numbers lies.
 *
 * @see Blom, Statistical Estimates and Transformed Beta-Variables, Wiley 1958: the quantile at (n − 0.375) / (n + 0.25).
 */
export function bestByChance(count: number): number {
  return count < 2 ? 0 : normalQuantile((count - 0.375) / (count + 0.25));
}

/**
 * The standard normal distribution's quantile for shares of a half and more, to 5e-4.
 *
 * @see Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23.
 */
function normalQuantile(share: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - share));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return t - above / below;
}
