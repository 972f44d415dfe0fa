/**
 * Putting four shuffled frames of one window back in order; forward and backward count as the same.
 *
 * @module
 */

import { affine, logSoftmax, multiply, type Node, reduceSum, relu, subtract } from "../tensor/graph.ts";
import { exceeds } from "./scores.ts";

/** Frames whose order is asked for. */
export const orderedFrames = 4;

/**
 * The 12 classes, each by its first permutation in dictionary order.
 *
 * `permutation[j]` is the place in time (0 first, 3 last) of the frame shown at place j. Played backward, a window
 * has rank 3 − r where it had r, so every class holds a permutation and `3 −` that permutation.
 */
export const frameOrderClasses: readonly (readonly number[])[] = Object.freeze(
  permutationsOf([...Array(orderedFrames).keys()])
    // Of the two, the one whose first rank is in the earlier half comes first.
    .filter(([first]) => first < orderedFrames / 2)
    .map((permutation) => Object.freeze(permutation)),
);

function permutationsOf(items: number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutationsOf(items.filter((other) => other !== item)).map((rest) => [item, ...rest])
  );
}

/** The same frames with time running backward. */
function backward(permutation: readonly number[]): number[] {
  return permutation.map((rank) => orderedFrames - 1 - rank);
}

/**
 * The class of a permutation.
 *
 * @param permutation `permutation[j]` is the place in time of the frame shown at place j, ranks 0 to 3.
 * @returns 0 to 11; the same for a permutation and for `3 −` it (time backward).
 * @throws RangeError when it is not a permutation of 0, 1, 2, 3.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { frameOrderClass } from "./frame_order.ts";
 * assert(frameOrderClass([0, 1, 2, 3]) === 0 && frameOrderClass([3, 2, 1, 0]) === 0);
 * ```
 */
export function frameOrderClass(permutation: readonly number[]): number {
  const keys = [permutation, backward(permutation)].map(String);
  const index = frameOrderClasses.findIndex((canonical) => keys.includes(String(canonical)));
  if (index < 0) {
    throw new RangeError(
      `Cannot find the order's class: it must be a permutation of 0 to ${
        orderedFrames - 1
      }, received [${permutation}]`,
    );
  }
  return index;
}

/**
 * Softmax cross-entropy over the 12 classes; ln 12 when the logits are equal.
 *
 * @param logits `[B, 12]`.
 * @param oneHot `[B, 12]`, 1 at {@linkcode frameOrderClass}.
 * @returns one loss per window, `[B]`, nats.
 * @see Jiao et al., MICCAI 2020, section 2.3; Lee et al., ICCV 2017 (12 classes of 4 frames).
 */
export function frameOrderLoss(logits: Node, oneHot: Node): Node {
  return affine(reduceSum(multiply(logSoftmax(logits), oneHot), [1]), -1);
}

/**
 * 1 where the right class scores higher than every other, else 0; equal logits count as wrong. Chance is 1/12.
 *
 * @returns `[B]`; no gradient.
 */
export function frameOrderAccuracy(logits: Node, oneHot: Node): Node {
  const right = reduceSum(multiply(logits, oneHot), [1], true);
  const beaten = reduceSum(exceeds(subtract(right, logits), 0), [1]);
  return relu(affine(beaten, 1, 2 - frameOrderClasses.length));
}
