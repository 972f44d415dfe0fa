import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { buildDualEncoder } from "../../../lib/models/dual_encoder.ts";
import { buildPlaneClassifier, buildPlaneTraining } from "../../../lib/models/plane_classifier.ts";
import { buildSaliencyNetwork, buildSaliencyTraining } from "../../../lib/models/saliency_network.ts";
import type { TransferStep } from "../../../lib/models/transfer_network.ts";
import { framesInput } from "../../../lib/models/video_encoder.ts";
import { sizeOf } from "../../../lib/shape.ts";
import type { TrainingGraph } from "../../../lib/tensor/executor.ts";
import { inputsOf, type Node, parametersOf } from "../../../lib/tensor/graph.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";
import { assertClose, checkGradients, evaluate, evaluateOne, normals } from "../losses/float64.ts";

const { model } = resolveRunConfig({
  file: { model: { frameSize: [16, 24], speechSize: [16, 16], widthMultiplier: 0.125 } },
});
const planeSizes = { model, classes: 3, batch: 4 };
const mapSizes = { model, mapSize: [5, 7] as const, batch: 2 };

const stepWith = (encoder: TransferStep["encoder"]): TransferStep => ({
  encoder,
  clipNorm: 5,
  optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 5e-4, decayBiasAndNorm: true },
});

const nodesOf = ({ objective, outputs, stateUpdates }: TrainingGraph): Node[] => [
  objective,
  ...Object.values(outputs),
  ...stateUpdates.map(({ value }) => value),
];

/** Drawn parameters and pictures; other inputs are given. */
function valuesFor(nodes: readonly Node[], others: Record<string, number[]>): Record<string, number[]> {
  const values: Record<string, number[]> = { ...others };
  for (const [name, { shape }] of inputsOf(nodes)) values[name] ??= normals(name, sizeOf(shape));
  for (const [name, { data }] of initializeParameters(nodes, 11)) values[name] = [...data];
  return values;
}

const namesOf = (nodes: readonly Node[]) => [...parametersOf(nodes).keys()].sort();

/** A few parameters of the encoder and all of the head. */
const someTrainable = (graph: TrainingGraph) =>
  [...parametersOf([graph.objective]).values()].filter(({ operation }) =>
    operation.trainable && (!operation.name.startsWith("video.") || /stage[15]/.test(operation.name))
  );

Deno.test("both transfer networks name the encoder's parameters as the dual encoder does, in every use", () => {
  const encoder = namesOf([buildDualEncoder(model, "inference").videoFeatures(framesInput(model, 1))]);
  const networks = [
    [buildPlaneClassifier(planeSizes).probabilities],
    [buildSaliencyNetwork(mapSizes).saliency],
    ...(["fineTuned", "frozen"] as const).flatMap((use) => [
      nodesOf(buildPlaneTraining(planeSizes, stepWith(use))),
      nodesOf(buildSaliencyTraining(mapSizes, stepWith(use))),
    ]),
  ];
  for (const nodes of networks) {
    assert.deepEqual(namesOf(nodes).filter((name) => name.startsWith("video.")), encoder);
  }
  assert.deepEqual(namesOf(networks[0]), namesOf(networks[2]));
  assert.deepEqual(namesOf(networks[1]), namesOf(networks[3]));
});

Deno.test("buildPlaneTraining() is the weighted mean of −log p of the class, with its gradients", () => {
  const graph = buildPlaneTraining(planeSizes, stepWith("fineTuned"));
  const nodes = nodesOf(graph);
  const values = valuesFor(nodes, {
    classOneHot: [1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0],
    itemWeights: [1, 2, 0.5, 0],
  });
  const [[objective], loss, log] = evaluate(
    [graph.objective, graph.outputs.loss, graph.outputs.logProbabilities],
    values,
  );
  assertClose(loss, [-log[0], -log[5], -log[7], -log[9]]);
  assertClose([objective], [(loss[0] + 2 * loss[1] + 0.5 * loss[2]) / 3.5]);
  checkGradients(graph.objective, someTrainable(graph), values, { samples: 4, tolerance: 1e-5 });
});

Deno.test("buildSaliencyTraining() is 0 on the network's own map and KL elsewhere, with its gradients", () => {
  const graph = buildSaliencyTraining(mapSizes, stepWith("fineTuned"));
  const gazeMap = Array.from({ length: 70 }, (_, i) => i % 35 === 3 ? 0.75 : i % 35 === 20 ? 0.25 : 0);
  const values = valuesFor(nodesOf(graph), { gazeMap });
  // Zero weights to the cells leave the prior alone.
  const prior = normals("prior", 35);
  const alone = {
    ...values,
    "saliency.cells.weight": values["saliency.cells.weight"].map(() => 0),
    "saliency.prior": prior,
  };
  const total = prior.reduce((sum, value) => sum + Math.exp(value), 0);
  const density = prior.map((value) => Math.exp(value) / total);
  const expected = 0.75 * Math.log(0.75 / density[3]) + 0.25 * Math.log(0.25 / density[20]);
  assertClose(evaluateOne(graph.outputs.klDivergence, alone), [expected, expected], 1e-9);
  assertClose(
    evaluateOne(graph.objective, { ...alone, gazeMap: [...density, ...density] }),
    [0],
    1e-9,
  );
  checkGradients(graph.objective, someTrainable(graph), values, { samples: 4, tolerance: 1e-5 });
});

Deno.test("buildSaliencyNetwork() puts every cell's patch where its place in the map is", () => {
  // 64 × 96 pixels give a map of 2 × 3 places; a map of 4 × 6 cells has patches of 2 × 2.
  const large = { ...model, frameSize: [64, 96] as const };
  const { saliency } = buildSaliencyNetwork({ model: large, mapSize: [4, 6], batch: 1 });
  const zeroed = valuesFor([saliency], {});
  zeroed["saliency.cells.weight"] = zeroed["saliency.cells.weight"].map(() => 0);
  zeroed["saliency.cells.bias"] = [0, 1, 2, 3];
  const map = evaluateOne(saliency, zeroed).map(Math.log);
  const relative = map.map((value) => Math.round(value - map[0]));
  const [even, odd] = [[0, 1, 0, 1, 0, 1], [2, 3, 2, 3, 2, 3]];
  assert.deepEqual(relative, [...even, ...odd, ...even, ...odd]);
});

Deno.test("buildSaliencyNetwork() of the paper's preset has one place of the encoder's map for every cell", () => {
  const { model: paper } = resolveRunConfig({ file: { preset: "paper" } });
  const { saliency } = buildSaliencyNetwork({ model: paper, mapSize: [28, 36], batch: 1 });
  const parameters = parametersOf([saliency]);
  assert.deepEqual(saliency.shape, [1, 28 * 36]);
  assert.deepEqual(parameters.get("saliency.cells.weight")!.shape, [64, 1]);
});

Deno.test("buildPlaneTraining() of a frozen encoder trains the classifier alone and moves no moments", () => {
  const graph = buildPlaneTraining(planeSizes, stepWith("frozen"));
  const trainable = [...parametersOf([graph.objective]).values()].filter(({ operation }) =>
    operation.trainable
  );
  assert.deepEqual(trainable.map(({ operation }) => operation.name).sort(), ["planes.bias", "planes.weight"]);
  assert.deepEqual(graph.stateUpdates, []);
});
