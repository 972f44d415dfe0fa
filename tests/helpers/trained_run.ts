/** A run as a training would leave it, without training. @module */

import { resolvePrepareConfig, resolveRunConfig, type RunConfig } from "../../lib/config.ts";
import type { ExportableNetwork } from "../../lib/export/encoder_networks.ts";
import type { TrainedRun } from "../../lib/export/trained_run.ts";
import { buildTrainingGraph } from "../../lib/models/train_graph.ts";
import { Random } from "../../lib/random.ts";
import type { Tensor } from "../../lib/tensor/executor.ts";
import type { Node } from "../../lib/tensor/graph.ts";
import { initializeParameters } from "../../lib/tensor/parameters.ts";

/** Settings of a very small run. */
export const smallRun = {
  model: {
    frameSize: [16, 20],
    speechSize: [16, 24],
    widthMultiplier: 0.25,
    projectionHidden: 12,
    embeddingDim: 8,
    headHidden: 6,
  },
} as const;

/** First values, with biases, scales and moments that are not those of a fresh network. */
export function grownParameters(outputs: readonly Node[], seed = 3): Map<string, Tensor> {
  const parameters = initializeParameters(outputs, seed);
  for (const [name, { data }] of parameters) {
    const random = new Random(seed, "grown", name);
    const isSquare = (i: number) => name.endsWith("moments") && i >= data.length / 2;
    if (/(bias|gamma|beta|moments)$/.test(name)) {
      data.forEach((value, i) => data[i] = value + random.normal(0, 0.2) ** (isSquare(i) ? 2 : 1));
    }
  }
  return parameters;
}

/** Parameters of several networks; what has the same name in two of them is the same. */
export function grownParametersOf(networks: readonly ExportableNetwork[]): Map<string, Tensor> {
  return new Map(networks.flatMap(({ build }) => [...grownParameters(Object.values(build(1)))]));
}

/** A trained run with the parameters that its losses train. */
export function trainedRun(config: RunConfig = resolveRunConfig({ file: smallRun })): TrainedRun {
  const graph = buildTrainingGraph(config);
  const parameters = grownParameters([
    graph.objective,
    ...graph.stateUpdates.map(({ value }) => value),
  ]);
  return {
    config,
    record: { dataset: "/data/anna", datasetId: "d1", createdAt: "2026-11-20" },
    step: 40,
    parameters: new Map([...parameters, ["optimizer.moment1.x", { shape: [1], data: new Float32Array(1) }]]),
    prepare: resolvePrepareConfig({ file: { frameSize: [16, 20], spectrogram: { bands: 16 } } }),
    masked: [],
    shortestScanSeconds: 60,
    subjects: { train: ["aa", "bb"], validation: ["cc"], test: [] },
    certificate: null,
    evaluations: [{
      step: 40,
      split: "test",
      windows: 9,
      voicedWindows: 7,
      subjects: 3,
      metrics: { "retrieval.videoToSpeech.recallAt1": 0.51234 },
      chance: { "retrieval.videoToSpeech.recallAt1": 0.14286 },
      intervals: { "retrieval.videoToSpeech.recallAt1": [0.4, 0.6] },
    }],
    trainedOn: "wasm",
  };
}
