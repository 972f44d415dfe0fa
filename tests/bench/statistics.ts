/**
 * The few statistics that the benchmark needs.
 *
 * @module
 */

/** The middle number, or the mean of the middle two. @throws RangeError when there are none. */
export function median(numbers: readonly number[]): number {
  if (numbers.length === 0) throw new RangeError("Cannot take a median: at least one number is needed");
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** Noise: the median distance from the median, as a share of the median. */
export function relativeSpread(numbers: readonly number[]): number {
  const middle = median(numbers);
  return median(numbers.map((value) => Math.abs(value - middle))) / middle;
}

/** The least-squares line through points: `y = intercept + slope · x`. @throws RangeError without two different x. */
export function fitLine(
  points: readonly (readonly [number, number])[],
): { slope: number; intercept: number } {
  const mean = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const squares = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  if (!(squares > 0)) throw new RangeError("Cannot fit a line: two points with different x are needed");
  const slope = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / squares;
  return { slope, intercept: y - slope * x };
}

/** How something grows: the exponent p of `y ~ x^p`, by a line through the logarithms. */
export function growthExponent(points: readonly (readonly [number, number])[]): number {
  return fitLine(points.map(([x, y]): [number, number] => [Math.log(x), Math.log(y)])).slope;
}
