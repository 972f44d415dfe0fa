/**
 * First values of parameters.
 *
 * @module
 */

import { Random } from "../random.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "./executor.ts";
import { type Initializer, type Node, parametersOf } from "./graph.ts";

function drawValue(initializer: Initializer, random: Random, index: number, size: number): number {
  switch (initializer.kind) {
    case "constant":
      return initializer.value;
    case "normal":
      return random.normal(0, initializer.standardDeviation);
    case "heNormal":
      return random.normal(0, Math.sqrt(2 / initializer.fanIn));
    case "glorotUniform": {
      const limit = Math.sqrt(6 / (initializer.fanIn + initializer.fanOut));
      return random.uniform(-limit, limit);
    }
    case "runningMoments":
      return index < size / 2 ? 0 : 1;
  }
}

/**
 * First values of every parameter the outputs depend on, by name.
 *
 * A parameter's values depend on the seed, its name, initializer and shape only: other parameters may come and go.
 *
 * @throws RangeError when two different parameters share a name.
 */
export function initializeParameters(outputs: readonly Node[], seed: number): Map<string, Tensor> {
  const values = new Map<string, Tensor>();
  for (const [name, { operation, shape }] of parametersOf(outputs)) {
    const random = new Random(seed, "parameter", name);
    const size = sizeOf(shape);
    const draw = (_: unknown, index: number) => drawValue(operation.initializer, random, index, size);
    const data = Float32Array.from({ length: size }, draw);
    values.set(name, { shape, data });
  }
  return values;
}

/** The number of trainable scalars the outputs depend on. */
export function parameterCount(outputs: readonly Node[]): number {
  let count = 0;
  for (const { operation, shape } of parametersOf(outputs).values()) {
    if (operation.trainable) count += sizeOf(shape);
  }
  return count;
}
