/**
 * Turning one layout of points so that it lies on another.
 *
 * @module
 */

/** A turn, perhaps with a reflection, and a shift: place ↦ R (place − from) + to. */
export interface PlaneMotion {
  /** The rows of R. */
  rotation: [[number, number], [number, number]];
  /** The centre of what is moved. */
  from: [number, number];
  /** The centre of where it goes. */
  to: [number, number];
}

/**
 * The motion that brings points nearest to their targets, by least squares (orthogonal Procrustes problem; Schönemann,
 * Psychometrika 31, 1966). It keeps all distances, so nothing about a layout changes but how it lies.
 *
 * @param moving `[P, 2]`.
 * @param targets `[P, 2]`, row by row.
 */
export function alignPlanes(moving: Float32Array, targets: Float32Array): PlaneMotion {
  const [from, to] = [centre(moving), centre(targets)];
  // The cross covariance M = Σ target · movingᵀ; the best R is the orthogonal part of M.
  const [m00, m01, m10, m11] = crossCovariance(moving, from, targets, to);
  const turn = Math.hypot(m00 + m11, m10 - m01);
  const mirror = Math.hypot(m00 - m11, m10 + m01);
  if (turn === 0 && mirror === 0) return { rotation: [[1, 0], [0, 1]], from, to };
  const [c, s] = turn >= mirror
    ? [(m00 + m11) / turn, (m10 - m01) / turn]
    : [(m00 - m11) / mirror, (m10 + m01) / mirror];
  return { rotation: turn >= mirror ? [[c, -s], [s, c]] : [[c, s], [s, -c]], from, to };
}

/** Moves places `[P, 2]`. */
export function movePlane({ rotation, from, to }: PlaneMotion, places: Float32Array): Float32Array {
  const out = new Float32Array(places.length);
  for (let i = 0; i < places.length; i += 2) {
    const [x, y] = [places[i] - from[0], places[i + 1] - from[1]];
    out[i] = rotation[0][0] * x + rotation[0][1] * y + to[0];
    out[i + 1] = rotation[1][0] * x + rotation[1][1] * y + to[1];
  }
  return out;
}

function centre(places: Float32Array): [number, number] {
  const count = Math.max(1, places.length / 2);
  const sum: [number, number] = [0, 0];
  places.forEach((value, i) => sum[i % 2] += value / count);
  return sum;
}

function crossCovariance(
  moving: Float32Array,
  from: [number, number],
  targets: Float32Array,
  to: [number, number],
): [number, number, number, number] {
  const sums: [number, number, number, number] = [0, 0, 0, 0];
  for (let i = 0; i < moving.length; i += 2) {
    const [x, y] = [moving[i] - from[0], moving[i + 1] - from[1]];
    const [u, v] = [targets[i] - to[0], targets[i + 1] - to[1]];
    sums[0] += u * x;
    sums[1] += u * y;
    sums[2] += v * x;
    sums[3] += v * y;
  }
  return sums;
}
