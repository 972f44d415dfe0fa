/** Numbers from scikit-learn and the generator that draws the same data again. @module */

/** Park and Miller's minimal standard generator with multiplier 48271, as in golden/scikit_learn.py. */
export function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Rows whose feature `label` is shifted up, as `blobs` in golden/scikit_learn.py. */
export function blobs(seed: number, count: number, dimension: number, classes: number) {
  const draw = draws(seed);
  const features = Float64Array.from({ length: count * dimension }, () => draw() * 2 - 1);
  const labels = Array.from({ length: count }, () => Math.floor(draw() * classes));
  labels.forEach((label, i) => features[i * dimension + label] += 0.7);
  return { features, dimension, labels, subjects: labels.map((_, i) => `s${i % 8}`) };
}

/** What golden/scikit_learn.py wrote. */
export interface Golden {
  ranking: {
    rocAuc: number;
    averagePrecision: number;
    brierScore: number;
    positiveShares: number[];
    meanProbabilities: number[];
  };
  classification: { macro14: number[]; macro13: number[]; accuracy: number; balancedAccuracy: number };
  linearProbe: { coefficients: number[][]; biases: number[]; probabilities: number[][] };
  nearestNeighbours: { similarity: number[]; majority: number[] };
}

/** Reads the golden numbers. */
export function readGolden(): Golden {
  return JSON.parse(Deno.readTextFileSync(new URL("./golden/scikit_learn.json", import.meta.url)));
}

/** Whether two numbers agree to a relative tolerance, or an absolute one near 0. */
export function isClose(actual: number, expected: number, tolerance = 1e-12): boolean {
  return Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected));
}
