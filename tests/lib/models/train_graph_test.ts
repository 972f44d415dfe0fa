import assert from "node:assert/strict";
import { resolveRunConfig, type RunConfig } from "../../../lib/config.ts";
import { frameOrderClass } from "../../../lib/losses/frame_order.ts";
import { buildTrainingGraph, trainingNeeds } from "../../../lib/models/train_graph.ts";
import { sizeOf } from "../../../lib/shape.ts";
import { gradients } from "../../../lib/tensor/autodiff.ts";
import type { TrainingGraph } from "../../../lib/tensor/executor.ts";
import { inputsOf, type Node, parametersOf } from "../../../lib/tensor/graph.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";
import { assertClose, checkGradients, evaluate, evaluateOne, normals } from "../losses/float64.ts";

const batch = 2;
const groups = 2;
const pairs = batch * groups;

function configWith(losses: Partial<RunConfig["losses"]> = {}, samplingGroups = groups): RunConfig {
  return resolveRunConfig({
    file: {
      data: { batchSize: batch, samplingGroups },
      model: {
        frameSize: [16, 16],
        speechSize: [16, 16],
        widthMultiplier: 0.125,
        projectionHidden: 6,
        embeddingDim: 4,
        headHidden: 6,
      },
      losses,
    },
  });
}

function outputsOf({ objective, outputs, stateUpdates }: TrainingGraph): Node[] {
  return [objective, ...Object.values(outputs), ...stateUpdates.map(({ value }) => value)];
}

/** Random pictures and sounds, every weight 1, every other pair a negative. */
function valuesFor(graph: TrainingGraph): Record<string, ArrayLike<number>> {
  const given: Record<string, ArrayLike<number>> = {};
  for (const [name, { shape }] of inputsOf(outputsOf(graph))) {
    const isPicture = name === "frames" || name.toLowerCase().endsWith("speech");
    given[name] = isPicture ? normals(name, sizeOf(shape)) : new Array(sizeOf(shape)).fill(1);
  }
  if (given.orderOneHot) {
    const labels = [frameOrderClass([2, 0, 1, 3]), frameOrderClass([0, 1, 2, 3])];
    given.orderOneHot = labels.flatMap((label) => Array.from({ length: 12 }, (_, k) => k === label ? 1 : 0));
  }
  for (const [name, { data }] of initializeParameters(outputsOf(graph), 11)) given[name] = data;
  return given;
}

function trainable(graph: TrainingGraph): Node[] {
  return [...parametersOf([graph.objective]).values()].filter(({ operation }) => operation.trainable);
}

Deno.test("buildTrainingGraph() reads what its losses need and nothing else", () => {
  const inputsWith = (losses: Partial<RunConfig["losses"]>) =>
    [...inputsOf(outputsOf(buildTrainingGraph(configWith(losses)))).keys()].sort();
  const pair = ["frames", "hardNegativeSpeech", "pairWeights", "speech"];
  const order = ["orderOneHot", "orderWeights"];
  assert.deepEqual(inputsWith({}), [...pair, "negativeMask", ...order].sort());
  assert.deepEqual(inputsWith({ correlationWeight: 0, contrastiveWeight: 0 }), ["frames", ...order].sort());
  assert.deepEqual(inputsWith({ contrastiveWeight: 0, orderWeight: 0 }), pair);
  assert.deepEqual(inputsWith({ correlationWeight: 0, orderWeight: 0, hardNegatives: false }), [
    "frames",
    "negativeMask",
    "pairWeights",
    "speech",
  ]);
});

Deno.test("buildTrainingGraph() gives one loss per pair and per window", () => {
  const graph = buildTrainingGraph(configWith());
  const shapes = Object.fromEntries(Object.entries(graph.outputs).map(([name, { shape }]) => [name, shape]));
  assert.deepEqual(shapes, {
    lossCorrelation: [pairs],
    correlationAccuracy: [pairs],
    lossContrastive: [pairs],
    similarity: [pairs],
    temperature: [],
    lossOrder: [batch],
    orderAccuracy: [batch],
  });
  assert.deepEqual(buildTrainingGraph(configWith({ contrastiveForm: "literal" })).outputs.guarded.shape, [
    pairs,
  ]);
});

Deno.test("trainingNeeds() asks for four frames for their order, else for one per group", () => {
  assert.equal(trainingNeeds(configWith()).framesPerWindow, 4);
  assert.equal(trainingNeeds(configWith({ orderWeight: 0 })).framesPerWindow, groups);
  assert.equal(trainingNeeds(configWith({ orderWeight: 0 }, 3)).framesPerWindow, 3);
});

Deno.test("buildTrainingGraph() objective is equation 3 over pace weights", () => {
  const graph = buildTrainingGraph(
    configWith({ correlationWeight: 2, contrastiveWeight: 0.5, orderWeight: 3 }),
  );
  const given = { ...valuesFor(graph), pairWeights: [1, 0, 0.5, 0.25], orderWeights: [0, 2] };
  const { lossCorrelation, lossContrastive, lossOrder } = graph.outputs;
  const [[objective], correlation, contrastive, order] = evaluate(
    [graph.objective, lossCorrelation, lossContrastive, lossOrder],
    given,
  );
  const mean = (losses: number[], weights: number[]) =>
    losses.reduce((sum, loss, i) => sum + weights[i] * loss, 0) / weights.reduce((a, b) => a + b);
  const expected = 2 * mean(correlation, given.pairWeights) + 0.5 * mean(contrastive, given.pairWeights) +
    3 * mean(order, given.orderWeights);
  assertClose([objective], [expected], 1e-10);
});

Deno.test("buildTrainingGraph() objective is 0 with finite, zero gradients when every weight is 0", () => {
  const graph = buildTrainingGraph(configWith());
  const given = {
    ...valuesFor(graph),
    pairWeights: new Array(pairs).fill(0),
    orderWeights: new Array(batch).fill(0),
    negativeMask: new Array(pairs * pairs).fill(0),
  };
  const [objective, ...rest] = evaluate(
    [graph.objective, ...gradients(graph.objective, trainable(graph))],
    given,
  );
  assert.deepEqual(objective, [0]);
  for (const gradient of rest) assert.ok(gradient.every((value) => value === 0));
});

Deno.test("buildTrainingGraph() pairs row w·P + k of the frames with row w·K + k of the speech", () => {
  const graph = buildTrainingGraph(configWith());
  const given = valuesFor(graph);
  const size = 16 * 16;
  const changed = (name: string, row: number) => {
    const data = [...Array.from(given[name])];
    for (let i = 0; i < size; i++) data[row * size + i] = -data[row * size + i] + Math.sin(i);
    return { ...given, [name]: data };
  };
  const { similarity } = graph.outputs;
  const moved = (values: Record<string, ArrayLike<number>>) => {
    const [before, after] = [evaluateOne(similarity, given), evaluateOne(similarity, values)];
    return after.map((value, i) => Math.abs(value - before[i]));
  };
  // Batch moments tie the rows together a little; the pair that a row belongs to moves most.
  const largest = (moves: number[]) => moves.indexOf(Math.max(...moves));
  assert.equal(largest(moved(changed("speech", 3))), 3);
  assert.equal(largest(moved(changed("frames", 1))), 1);
  assert.equal(largest(moved(changed("frames", 4))), 2);
});

Deno.test("buildTrainingGraph() updates the running moments of both encoders", () => {
  const { stateUpdates } = buildTrainingGraph(configWith());
  const names = stateUpdates.map(({ parameter }) =>
    parameter.operation.kind === "parameter" ? parameter.operation.name : ""
  );
  const layers = [1, 2, 3, 4, 5].map((i) => `stage${i}.0.norm1.moments`);
  assert.deepEqual(names, [
    ...layers.map((name) => `video.${name}`),
    ...layers.map((name) => `speech.${name}`),
  ]);
});

Deno.test("buildTrainingGraph() carries the config's optimizer", () => {
  const sgd = resolveRunConfig({ file: { preset: "paper" } });
  const graph = buildTrainingGraph(sgd);
  assert.deepEqual(graph.optimizer, {
    kind: "sgd",
    momentum: 0.9,
    weightDecay: 5e-4,
    decayBiasAndNorm: true,
  });
  assert.equal(graph.clipNorm, sgd.optimizer.clipNorm);
  assert.equal(buildTrainingGraph(configWith()).optimizer.kind, "adamw");
});

for (const contrastiveForm of ["stable", "literal"] as const) {
  Deno.test(`buildTrainingGraph() ${contrastiveForm} gradients agree with central differences`, () => {
    const graph = buildTrainingGraph(configWith({ contrastiveForm }));
    const given = { ...valuesFor(graph), pairWeights: [1, 0.5, 0, 2] };
    checkGradients(graph.objective, trainable(graph), given, { step: 1e-6, tolerance: 1e-5, samples: 2 });
  });
}
