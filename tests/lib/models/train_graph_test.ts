import assert from "node:assert/strict";
import { resolveRunConfig, type RunConfig } from "../../../lib/config.ts";
import { frameOrderClass } from "../../../lib/losses/frame_order.ts";
import { buildTrainingGraph, trainingNeeds } from "../../../lib/models/train_graph.ts";
import { sizeOf } from "../../../lib/shape.ts";
import { gradients } from "../../../lib/tensor/autodiff.ts";
import type { TrainingGraph } from "../../../lib/tensor/executor.ts";
import { batchMoments, conv2d, input, inputsOf, type Node, parametersOf } from "../../../lib/tensor/graph.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";
import { orderedGradients } from "../../../lib/tensor/rematerialization.ts";
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
  const pair = ["frames", "negativeSpeech", "pairWeights", "speech"];
  const order = ["orderOneHot", "orderWeights"];
  assert.deepEqual(inputsWith({}), [...pair, "hardNegativeMask", "negativeMask", ...order].sort());
  assert.deepEqual(inputsWith({ correlationWeight: 0, contrastiveWeight: 0 }), ["frames", ...order].sort());
  assert.deepEqual(inputsWith({ contrastiveWeight: 0, orderWeight: 0 }), pair);
  assert.deepEqual(inputsWith({ correlationWeight: 0, orderWeight: 0, hardNegatives: false }), [
    "frames",
    "negativeMask",
    "pairWeights",
    "speech",
  ]);
});

Deno.test("buildTrainingGraph() reads bags when they are asked for, and contrasts them", () => {
  const config = configWith({ correlationWeight: 0, orderWeight: 0 });
  const bagged = { ...config, data: { ...config.data, bagSeconds: 4 } };
  const graph = buildTrainingGraph(bagged);
  assert.ok(inputsOf(outputsOf(graph)).has("positiveMask"));
  const given = valuesFor(graph);
  const lossOf = (positives: number) =>
    evaluateOne(graph.outputs.lossContrastive, {
      ...given,
      negativeMask: new Array(pairs * pairs).fill(0),
      hardNegativeMask: new Array(pairs).fill(0),
      positiveMask: new Array(pairs * pairs).fill(positives),
    });
  // Whatever is a positive, without a negative there is nothing to tell apart.
  for (const positives of [0, 1]) assertClose(lossOf(positives), new Array(pairs).fill(0), 1e-9);
  const plain = buildTrainingGraph(config);
  const all = { ...given, positiveMask: new Array(pairs * pairs).fill(0) };
  assertClose(
    evaluateOne(graph.outputs.lossContrastive, all),
    evaluateOne(plain.outputs.lossContrastive, all),
    1e-9,
  );
});

Deno.test("buildTrainingGraph() gives one loss per pair and per window", () => {
  const graph = buildTrainingGraph(configWith());
  const shapes = Object.fromEntries(Object.entries(graph.outputs).map(([name, { shape }]) => [name, shape]));
  assert.deepEqual(shapes, {
    lossCorrelation: [pairs],
    correlationAccuracy: [pairs],
    lossContrastive: [pairs],
    similarity: [pairs],
    otherSimilarity: [pairs],
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

/** A config whose batch is encoded in chunks of so many windows. */
function chunkedConfig(batchSize: number, chunkSize: number): RunConfig {
  const config = configWith();
  return {
    ...config,
    data: { ...config.data, batchSize },
    training: { ...config.training, chunkSize },
  };
}

/** {@linkcode valuesFor}, with a class of frame order for every window. */
function valuesForBatch(graph: TrainingGraph): Record<string, ArrayLike<number>> {
  const given = valuesFor(graph);
  const [windows, classes] = inputsOf(outputsOf(graph)).get("orderOneHot")!.shape;
  const oneHot = Array.from(
    { length: windows * classes },
    (_, i) => i % classes === 5 * (i / classes | 0) % classes,
  );
  return { ...given, orderOneHot: oneHot.map(Number) };
}

/** A batch that is the given one twice over, with masks and weights that tell its halves apart. */
function twice(given: Record<string, ArrayLike<number>>): Record<string, ArrayLike<number>> {
  const pair = (_: unknown, i: number) => i % 3 === 1 ? 0.25 : 1;
  const doubled = Object.fromEntries(
    Object.entries(given).map(([name, values]) => [name, [...Array.from(values), ...Array.from(values)]]),
  );
  return {
    ...doubled,
    pairWeights: Array.from({ length: 2 * pairs }, pair),
    orderWeights: [1, 0.5, 0.25, 1],
    hardNegativeMask: Array.from({ length: 2 * pairs }, (_, i) => i % 5 === 2 ? 0 : 1),
    negativeMask: Array.from({ length: 4 * pairs * pairs }, (_, i) => i % 7 === 3 ? 0 : 1),
  };
}

Deno.test("buildTrainingGraph() by chunks of equal statistics is the step of the whole batch, all losses on", () => {
  const [whole, chunked] = [0, batch].map((size) => buildTrainingGraph(chunkedConfig(2 * batch, size)));
  const small = buildTrainingGraph(configWith());
  const names = new Set(inputsOf(outputsOf(small)).keys());
  const given = valuesFor(small);
  const inputs = Object.fromEntries(Object.entries(given).filter(([name]) => names.has(name)));
  const values = { ...given, ...twice(inputs) };
  const results = [whole, chunked].map((graph) => {
    const { gradients: found } = orderedGradients(graph.objective, trainable(graph), graph.recomputed);
    return evaluate([...outputsOf(graph), ...found], values);
  });
  assert.deepEqual(whole.recomputed, []);
  assert.equal(chunked.recomputed?.length, 4);
  assert.equal(results[0].length, results[1].length);
  results[0].forEach((expected, i) => assertClose(results[1][i], expected, 1e-9));
});

Deno.test("buildTrainingGraph() by chunks has the gradients of a graph that keeps everything, whatever is in them", () => {
  for (const [size, parts] of [[1, 5], [2, 3], [3, 2]]) {
    const graph = buildTrainingGraph(chunkedConfig(5, size));
    assert.equal(graph.recomputed?.length, 2 * parts);
    const values = valuesForBatch(graph);
    const nodes = trainable(graph);
    const kept = evaluate(gradients(graph.objective, nodes), values);
    const recomputed = evaluate(
      orderedGradients(graph.objective, nodes, graph.recomputed).gradients,
      values,
    );
    kept.forEach((expected, i) => assertClose(recomputed[i], expected, 1e-10));
  }
});

Deno.test("buildTrainingGraph() by chunks moves running moments once, to the chunks' mean by their rows", () => {
  const graph = buildTrainingGraph(chunkedConfig(3, 2));
  const values = valuesForBatch(graph);
  const update = graph.stateUpdates.find(({ parameter }) =>
    (parameter.operation as { name: string }).name === "video.stage1.0.norm1.moments"
  )!;
  const after = evaluateOne(update.value, values);
  const chunkMoments = (rows: [number, number]) => {
    const [height, width] = [16, 16];
    const frames = Array.from(values.frames).slice(rows[0] * height * width, rows[1] * height * width);
    const x = input("part", [rows[1] - rows[0], height, width, 1]);
    const filter = [...parametersOf([graph.objective]).values()].find(({ operation }) =>
      operation.name === "video.stage1.0.conv1.weight"
    )!;
    return evaluateOne(batchMoments(conv2d(x, filter, { stride: 2 })), { ...values, part: frames });
  };
  // Three windows in chunks of one and two, four frames each.
  const [one, two] = [chunkMoments([0, 4]), chunkMoments([4, 12])];
  const before = values["video.stage1.0.norm1.moments"];
  assertClose(after, one.map((value, i) => 0.9 * before[i] + 0.1 * (value + 2 * two[i]) / 3), 1e-9);
});

Deno.test("buildTrainingGraph() by chunks gives each window what it has in a batch of its chunk alone", () => {
  const [small, chunked] = [
    buildTrainingGraph(configWith()),
    buildTrainingGraph(chunkedConfig(2 * batch, batch)),
  ];
  const first = valuesFor(small);
  const second = { ...first };
  for (const name of ["frames", "speech", "negativeSpeech"]) {
    second[name] = normals(`${name} of another chunk`, first[name].length);
  }
  const both = { ...valuesForBatch(chunked) };
  for (const name of ["frames", "speech", "negativeSpeech", "orderOneHot"]) {
    both[name] = [...Array.from(first[name]), ...Array.from(second[name])];
  }
  // What depends on one window alone: the contrastive loss compares with the whole batch.
  for (const name of ["similarity", "lossCorrelation", "lossOrder"]) {
    const alone = [first, second].flatMap((values) => evaluateOne(small.outputs[name], values));
    assert.equal(new Set(alone.map((value) => value.toFixed(9))).size, alone.length);
    assertClose(evaluateOne(chunked.outputs[name], both), alone, 1e-9);
  }
});
