/**
 * The training steps that the benchmark runs: what every engine is given, so that all compute the same.
 *
 * @module
 */

import { resolveRunConfig } from "../../lib/config.ts";
import { buildTrainingGraph } from "../../lib/models/train_graph.ts";
import { Random } from "../../lib/random.ts";
import { sizeOf } from "../../lib/shape.ts";
import type { OptimizerRule, Tensor, Tensors, TrainingGraph } from "../../lib/tensor/executor.ts";
import { inputsOf, type Node } from "../../lib/tensor/graph.ts";
import { initializeParameters } from "../../lib/tensor/parameters.ts";
import { modelS, spotPairs } from "./model_s.ts";

/** Models S and P of model_s.ts, and the presets with every other setting at its default. */
export const modelNames = ["S", "P", "tiny", "small", "paper"] as const;

/** A model that can be measured. */
export type ModelName = typeof modelNames[number];

/** Which model, and how large. */
export interface ModelSpec {
  /** Which one. */
  name: ModelName;
  /** Pairs of a batch. */
  batch: number;
  /** Rows and columns of the pictures of models S and P. */
  size: number;
  /** Factor on the widths of models S and P. */
  width?: number;
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

/** Adam without weight decay: what all engines have. */
const plainAdam: OptimizerRule = {
  kind: "adamw",
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  decayBiasAndNorm: false,
};

/**
 * The model with the optimizer brought down to what all engines have: Adam without weight decay or clipping.
 * Equal specs give equal numbers in every process.
 */
export function benchModel(spec: ModelSpec): BenchModel {
  const { batch, size } = spec;
  const isSpots = spec.name === "S" || spec.name === "P";
  const graph: TrainingGraph = { ...graphOf(spec), optimizer: plainAdam, clipNorm: Infinity };
  const all = [graph.objective, ...graph.stateUpdates.map((update) => update.value)];
  const draw = (i: number) =>
    isSpots ? spotPairs(batch, size, seed + i) : syntheticFeeds(inputsOf(all), seed + i);
  return {
    graph,
    parameters: initializeParameters(all, seed),
    batches: Array.from({ length: batchCount }, (_, i) => draw(i)),
  };
}

function graphOf({ name, batch, size, width = 1 }: ModelSpec): TrainingGraph {
  if (name === "S" || name === "P") {
    const widths = [16, 32, 64, 128].map((channels) => channels * width);
    return modelS({ batch, size, widths, pooled: name === "P" });
  }
  return buildTrainingGraph(resolveRunConfig({ set: [`preset=${name}`, `data.batchSize=${batch}`] }));
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
