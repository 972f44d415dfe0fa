/**
 * Scores that count instead of measuring: no gradient is ever taken of them.
 *
 * @module
 */

import { clampMinGradient, constant, type Node } from "../tensor/graph.ts";

/** 1 where `x > threshold`, else 0; the same shape. */
export function exceeds(x: Node, threshold: number): Node {
  return clampMinGradient(x, constant(1, x.shape), threshold);
}
