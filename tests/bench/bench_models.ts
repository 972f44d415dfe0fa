/**
 * The training steps that the benchmark runs: what every engine is given, so that all compute the same.
 *
 * @module
 */

import { resolveRunConfig } from "../../lib/config.ts";
import { buildTrainingGraph } from "../../lib/models/train_graph.ts";
import { Random } from "../../lib/random.ts";
import { sizeOf } from "../../lib/shape.ts";
import type { Tensor, Tensors, TrainingGraph } from "../../lib/tensor/executor.ts";
import { inputsOf, type Node } from "../../lib/tensor/graph.ts";
import { initializeParameters } from "../../lib/tensor/parameters.ts";
import { modelS, spotPairs } from "./model_s.ts";

/** Which model, and how large. */
export interface ModelSpec {
  /** Model S of model_s.ts, or the preset of that name with every other setting at its default. */
  name: "S" | "tiny";
  /** Pairs of a batch. */
  batch: number;
  /** Rows and columns of the pictures of model S. */
  size: number;
}

/** A model, its first parameters and the batches it is trained on in turn. */
export interface BenchModel {
  graph: TrainingGraph;
  parameters: Map<string, Tensor>;
  batches: Tensors[];
}

/** The step size of every engine. */
export const learningRate = 1e-3;

const batchCount = 4;
const seed = 1;

/**
 * The model with the optimizer brought down to what all engines have: Adam without weight decay or clipping.
 * Equal specs give equal numbers in every process.
 */
export function benchModel({ name, batch, size }: ModelSpec): BenchModel {
  const graph = withPlainAdam(
    name === "S"
      ? modelS({ batch, size })
      : buildTrainingGraph(resolveRunConfig({ set: [`data.batchSize=${batch}`] })),
  );
  const all = [graph.objective, ...graph.stateUpdates.map((update) => update.value)];
  const draw = (i: number) =>
    name === "S" ? spotPairs(batch, size, seed + i) : syntheticFeeds(inputsOf(all), seed + i);
  return {
    graph,
    parameters: initializeParameters(all, seed),
    batches: Array.from({ length: batchCount }, (_, i) => draw(i)),
  };
}

function withPlainAdam(graph: TrainingGraph): TrainingGraph {
  if (graph.optimizer.kind !== "adamw") {
    throw new RangeError(`Cannot compare: the optimizer must be adamw, received ${graph.optimizer.kind}`);
  }
  return { ...graph, optimizer: { ...graph.optimizer, weightDecay: 0 }, clipNorm: Infinity };
}

/** Weights and masks that admit everything, random classes, and noise for pictures and sound. */
function syntheticFeeds(inputs: ReadonlyMap<string, Node>, seed: number): Map<string, Tensor> {
  const random = new Random(seed, "bench feeds");
  return new Map([...inputs].map(([name, { shape }]) => {
    const data = new Float32Array(sizeOf(shape));
    if (name.endsWith("Weights") || name.endsWith("Mask")) data.fill(1);
    else if (name.endsWith("OneHot")) fillOneHot(data, shape[1], random);
    else data.forEach((_, i) => data[i] = random.uniform());
    return [name, { shape, data }];
  }));
}

function fillOneHot(data: Float32Array, classes: number, random: Random): void {
  for (let row = 0; row < data.length; row += classes) {
    data[row + Math.floor(random.uniform(0, classes))] = 1;
  }
}
