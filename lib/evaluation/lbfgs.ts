/**
 * Minimizes smooth convex functions in float64.
 *
 * @module
 */

/** Writes the gradient at `x` and returns the value there. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

/** When to stop. */
export interface MinimizeOptions {
  /** Largest entry of the gradient that counts as 0; 1e-6 when left out. */
  tolerance?: number;
  /** 500 when left out. */
  iterations?: number;
}

/** Where the search ended. */
export interface Minimum {
  /** The place. */
  x: Float64Array;
  /** The value there. */
  value: number;
  /** Steps taken. */
  iterations: number;
  /** Whether the gradient got below the tolerance. */
  converged: boolean;
}

/** A step with the change of the gradient along it. */
interface Pair {
  step: Float64Array;
  change: Float64Array;
  /** 1 / step·change. */
  scale: number;
}

const historyLength = 10;

/**
 * Limited-memory BFGS with backtracking (Nocedal and Wright, Numerical optimization, 2006, algorithms 7.4 and 3.1).
 *
 * @param start Where to begin; kept as it is.
 */
export function minimize(objective: Objective, start: Float64Array, options: MinimizeOptions = {}): Minimum {
  const { tolerance = 1e-6, iterations = 500 } = options;
  const history: Pair[] = [];
  let x: Float64Array = start.slice();
  let gradient: Float64Array = new Float64Array(x.length);
  let value = objective(x, gradient);
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (largest(gradient) <= tolerance) return { x, value, iterations: iteration, converged: true };
    const direction = descent(gradient, history);
    const next = search(objective, { x, value, gradient, direction }, history.length === 0);
    if (next === undefined) return { x, value, iterations: iteration, converged: false };
    remember(history, x, gradient, next);
    ({ x, gradient, value } = next);
  }
  return { x, value, iterations, converged: largest(gradient) <= tolerance };
}

interface Point {
  x: Float64Array;
  gradient: Float64Array;
  value: number;
}

/** Halves the step until the value falls by enough (Armijo's rule). Nothing is found at the limit of float64. */
function search(
  objective: Objective,
  { x, value, gradient, direction }: Point & { direction: Float64Array },
  isFirst: boolean,
): Point | undefined {
  const slope = dot(gradient, direction);
  let length = isFirst ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
  for (let halving = 0; halving < 50; halving++) {
    const candidate = x.map((v, i) => v + length * direction[i]);
    const candidateGradient = new Float64Array(x.length);
    const candidateValue = objective(candidate, candidateGradient);
    if (candidateValue <= value + 1e-4 * length * slope) {
      return { x: candidate, gradient: candidateGradient, value: candidateValue };
    }
    length /= 2;
  }
  return undefined;
}

/** −H·gradient by the two-loop recursion. */
function descent(gradient: Float64Array, history: readonly Pair[]): Float64Array {
  const out = gradient.map((v) => -v);
  const weights = new Array<number>(history.length);
  for (let k = history.length - 1; k >= 0; k--) {
    weights[k] = history[k].scale * dot(history[k].step, out);
    add(out, history[k].change, -weights[k]);
  }
  const last = history.at(-1);
  if (last) {
    const scale = 1 / (last.scale * dot(last.change, last.change));
    for (let i = 0; i < out.length; i++) out[i] *= scale;
  }
  history.forEach((pair, k) => add(out, pair.step, weights[k] - pair.scale * dot(pair.change, out)));
  return out;
}

/** Keeps a step unless the curvature along it is not positive, which rounding can cause. */
function remember(history: Pair[], x: Float64Array, gradient: Float64Array, next: Point): void {
  const step = next.x.map((v, i) => v - x[i]);
  const change = next.gradient.map((v, i) => v - gradient[i]);
  const curvature = dot(step, change);
  if (!(curvature > 1e-12 * Math.sqrt(dot(step, step) * dot(change, change)))) return;
  history.push({ step, change, scale: 1 / curvature });
  if (history.length > historyLength) history.shift();
}

function largest(values: Float64Array): number {
  let out = 0;
  for (const value of values) out = Math.max(out, Math.abs(value));
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function add(target: Float64Array, values: Float64Array, scale: number): void {
  for (let i = 0; i < target.length; i++) target[i] += scale * values[i];
}
