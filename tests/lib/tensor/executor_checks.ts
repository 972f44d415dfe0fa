/**
 * What every executor must pass, whatever its device.
 *
 * @module
 */

import assert from "node:assert/strict";
import type {
  Executor,
  OptimizerRule,
  StepSettings,
  Tensor,
  TrainingGraph,
} from "../../../lib/tensor/executor.ts";
import { gradients } from "../../../lib/tensor/autodiff.ts";
import {
  add,
  affine,
  batchMoments,
  batchNorm,
  conv2d,
  exp,
  input,
  l2Normalize,
  log,
  logSoftmax,
  matMul,
  maxPool,
  multiply,
  type Node,
  parameter,
  type ParameterNode,
  parametersOf,
  reduceMean,
  reduceSum,
} from "../../../lib/tensor/graph.ts";
import { tunings } from "../../../lib/tensor/kernels/wgsl_tuning.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";
import { evaluateReference, type ReferenceValues } from "../../../lib/tensor/reference.ts";
import { Random } from "../../../lib/random.ts";
import { sizeOf } from "../../../lib/shape.ts";
import { buildCase, type OperationCase } from "./operation_cases.ts";

/** √(Σ (a − b)² / Σ b²). */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(actual.length, expected.length);
  let difference = 0, total = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    total += expected[i] ** 2;
  }
  return total === 0 ? Math.sqrt(difference) : Math.sqrt(difference / total);
}

/** All kernels of graphics adapters, whichever one would choose; large tiles even where one alone is not filled. */
export const kernelFamilies = {
  "registers": tunings.registers,
  "shared tiles": tunings.shared,
  "large shared tiles": { ...tunings.wide, wideTiles: 1 },
};

/** A case's output and gradients on the executor are those of the float64 reference within 1e-5 (relative L2). */
export async function checkParity(executor: Executor, operationCase: OperationCase): Promise<void> {
  const { output, gradients: nodes, feeds } = buildCase(operationCase);
  const outputs: Record<string, Node> = { output };
  nodes.forEach((node, i) => outputs[`d${i}`] = node);
  const expected = evaluateReference(Object.values(outputs), feeds, new Map());
  const program = await executor.compileInference(outputs, new Map());
  const actual = await program.run(feeds);
  program.dispose();
  Object.keys(outputs).forEach((name, i) => {
    assert.deepEqual(actual.get(name)!.shape, expected[i].shape);
    const error = relativeError(actual.get(name)!.data, expected[i].data);
    assert(error < 1e-5, `${name}: relative L2 error ${error}`);
  });
}

const sgd: OptimizerRule = { kind: "sgd", momentum: 0.9, weightDecay: 5e-4, decayBiasAndNorm: true };
const adamw: OptimizerRule = {
  kind: "adamw",
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  decayBiasAndNorm: false,
};

/** Both optimizers, one of them with clipping that takes hold. */
export const optimizers: readonly { rule: OptimizerRule; clipNorm: number }[] = [
  { rule: sgd, clipNorm: 0.5 },
  { rule: adamw, clipNorm: Infinity },
];

function weight(name: string, shape: number[], isWeight = true): Node {
  const initializer = isWeight
    ? { kind: "heNormal", fanIn: sizeOf(shape) / shape[shape.length - 1] } as const
    : { kind: "constant", value: 0.5 } as const;
  return parameter({ name, initializer, trainable: true, isWeight }, shape);
}

/** Two convolutions with batch norm, pooling, a projection and a softmax over the batch's pairs. */
export function smallTrainingGraph({ rule, clipNorm }: typeof optimizers[number]): TrainingGraph {
  const batch = 6;
  const x = conv2d(input("images", [batch, 10, 9, 1]), weight("conv1", [3, 3, 1, 8]), { stride: 2 });
  const moments = batchMoments(x);
  const normalized = batchNorm(x, moments, weight("gamma", [8], false), weight("beta", [8], false), {
    relu: true,
  });
  const y = conv2d(maxPool(normalized, 2), weight("conv2", [3, 3, 2, 12]), { groups: 4 });
  const embedding = l2Normalize(matMul(reduceMean(y, [1, 2]), weight("dense", [12, 5])));
  const scores = multiply(
    matMul(embedding, l2Normalize(input("others", [batch, 5])), { transposeB: true }),
    exp(weight("temperature", [1], false)),
  );
  const losses = affine(reduceSum(multiply(logSoftmax(scores), input("identity", [batch, batch])), [1]), -1);
  const running = parameter(
    { name: "running", initializer: { kind: "runningMoments" }, trainable: false, isWeight: false },
    [2, 8],
  );
  return {
    objective: reduceMean(losses),
    outputs: { losses },
    stateUpdates: [{ parameter: running, value: add(affine(running, 0.9), affine(moments, 0.1)) }],
    optimizer: rule,
    clipNorm,
  };
}

/** Feeds of {@linkcode smallTrainingGraph}. */
export function smallFeeds(step: number): Map<string, Tensor> {
  const random = new Random(3, "feeds", step);
  const normal = (...shape: number[]) => ({
    shape,
    data: Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
  });
  const identity = new Float32Array(36);
  for (let i = 0; i < 6; i++) identity[i * 7] = 1;
  return new Map([
    ["images", normal(6, 10, 9, 1)],
    ["others", normal(6, 5)],
    ["identity", { shape: [6, 6], data: identity }],
  ]);
}

type Values = Map<string, { shape: readonly number[]; data: Float64Array }>;

/** The same steps in plain float64: reference gradients, and the optimizers as their papers write them. */
export class ReferenceTraining {
  readonly values: Values;
  readonly #graph: TrainingGraph;
  readonly #trained: ParameterNode[];
  readonly #gradients: Node[];
  readonly #moments = new Map<string, Float64Array[]>();

  constructor(graph: TrainingGraph, parameters: ReferenceValues) {
    this.#graph = graph;
    this.values = new Map(
      [...parameters].map(([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data) }]),
    );
    this.#trained = [...parametersOf([graph.objective]).values()].filter((p) => p.operation.trainable);
    this.#gradients = gradients(graph.objective, this.#trained);
  }

  step(
    feeds: ReferenceValues,
    { learningRate, step }: StepSettings,
  ): { objective: number; gradientNorm: number } {
    const { objective, stateUpdates, clipNorm } = this.#graph;
    const nodes = [objective, ...stateUpdates.map(({ value }) => value), ...this.#gradients];
    const results = evaluateReference(nodes, feeds, this.values).map(({ data }) => data);
    const found = results.slice(1 + stateUpdates.length);
    const gradientNorm = Math.sqrt(found.reduce((sum, g) => g.reduce((s, x) => s + x * x, sum), 0));
    const scale = Math.min(1, clipNorm / gradientNorm);
    this.#trained.forEach((p, i) => this.#update(p, found[i].map((g) => g * scale), learningRate, step + 1));
    stateUpdates.forEach(({ parameter }, i) => {
      this.values.get((parameter as ParameterNode).operation.name)!.data.set(results[1 + i]);
    });
    return { objective: results[0][0], gradientNorm };
  }

  #update(
    { operation: { name, isWeight } }: ParameterNode,
    gradient: Float64Array,
    rate: number,
    t: number,
  ): void {
    const w = this.values.get(name)!.data;
    const rule = this.#graph.optimizer;
    const decay = isWeight || rule.decayBiasAndNorm ? rule.weightDecay : 0;
    const moments = this.#moments.get(name) ?? [new Float64Array(w.length), new Float64Array(w.length)];
    this.#moments.set(name, moments);
    const [m, v] = moments;
    for (let i = 0; i < w.length; i++) {
      const g = gradient[i];
      if (rule.kind === "sgd") {
        m[i] = rule.momentum * m[i] + (g + decay * w[i]);
        w[i] -= rate * m[i];
      } else {
        w[i] -= rate * decay * w[i];
        m[i] = rule.beta1 * m[i] + (1 - rule.beta1) * g;
        v[i] = rule.beta2 * v[i] + (1 - rule.beta2) * g * g;
        const unbiased = [m[i] / (1 - rule.beta1 ** t), v[i] / (1 - rule.beta2 ** t)];
        w[i] -= rate * unbiased[0] / (Math.sqrt(unbiased[1]) + rule.epsilon);
      }
    }
  }
}

/** Ten steps stay with the float64 trajectory: objectives within 1e-4, parameters within 1e-3 (relative L2). */
export async function checkTrajectory(
  executor: Executor,
  optimizer: typeof optimizers[number],
): Promise<void> {
  const graph = smallTrainingGraph(optimizer);
  const parameters = allParameters(graph);
  const reference = new ReferenceTraining(graph, parameters);
  const program = await executor.compileTraining(graph, parameters);
  for (let step = 0; step < 10; step++) {
    const settings = { learningRate: 0.02 / (1 + step), step };
    const feeds = smallFeeds(step % 3);
    const expected = reference.step(feeds, settings);
    const actual = await program.step(feeds, settings);
    assert(actual.applied);
    assert(Math.abs(actual.objective - expected.objective) < 1e-4, `objective of step ${step}`);
    assert(Math.abs(actual.gradientNorm / expected.gradientNorm - 1) < 1e-3, `gradient norm of step ${step}`);
  }
  const state = await program.readState();
  for (const [name, { data }] of reference.values) {
    const error = relativeError(state.get(name)!.data, data);
    assert(error < 1e-3, `${name}: relative L2 error ${error}`);
  }
  program.dispose();
}

/** First values of a training graph's parameters, those that only the step's rules touch included. */
export function allParameters(graph: TrainingGraph): Map<string, Tensor> {
  return initializeParameters([graph.objective, ...graph.stateUpdates.map(({ value }) => value)], 5);
}

/** After a deferred step that is not finite nothing changes until its result is known. */
export async function checkHaltOfDeferred(executor: Executor): Promise<void> {
  for (const waitsForState of [false, true]) {
    const graph = smallTrainingGraph(optimizers[1]);
    const program = await executor.compileTraining(graph, allParameters(graph));
    const before = await program.readState();
    const bad = smallFeeds(0);
    bad.get("images")!.data[0] = NaN;
    const deferred = { learningRate: 0.1, step: 0, deferred: true };
    const steps = [program.step(bad, deferred), program.step(smallFeeds(1), { ...deferred, step: 1 })];
    if (waitsForState) await program.readState();
    else steps.push(program.step(smallFeeds(2), { learningRate: 0.1, step: 2 }));
    for (const { applied } of await Promise.all(steps)) assert.equal(applied, false);
    assert.deepEqual(await program.readState(), before);
    const { applied } = await program.step(smallFeeds(1), { learningRate: 0.1, step: 0 });
    assert.equal(applied, true, "its result is known");
    program.dispose();
  }
}

/** A step whose objective is not finite changes nothing, says so, and the next good step goes on. */
export async function checkRefusalOfNotFinite(executor: Executor): Promise<void> {
  const graph = smallTrainingGraph(optimizers[1]);
  const program = await executor.compileTraining(graph, allParameters(graph));
  await program.step(smallFeeds(0), { learningRate: 0.01, step: 0 });
  const before = await program.readState();
  const bad = smallFeeds(1);
  bad.get("images")!.data[3] = NaN;
  const result = await program.step(bad, { learningRate: 0.01, step: 1 });
  assert.equal(result.applied, false);
  assert(!Number.isFinite(result.objective) || !Number.isFinite(result.gradientNorm));
  assert.deepEqual(await program.readState(), before);
  const next = await program.step(smallFeeds(1), { learningRate: 0.01, step: 1 });
  assert.equal(next.applied, true);
  assert.notDeepEqual(await program.readState(), before);
  program.dispose();
}

/** Reading the state, writing it into a new program and going on gives the very same bits. */
export async function checkResume(executor: Executor): Promise<void> {
  const graph = smallTrainingGraph(optimizers[1]);
  const first = await executor.compileTraining(graph, allParameters(graph));
  const run = async (program: typeof first, from: number, to: number) => {
    for (let step = from; step < to; step++) {
      await program.step(smallFeeds(step), { learningRate: 0.01, step });
    }
  };
  await run(first, 0, 3);
  const middle = await first.readState();
  await run(first, 3, 6);
  const second = await executor.compileTraining(graph, allParameters(graph));
  second.writeState(middle);
  await run(second, 3, 6);
  assert.deepEqual(await second.readState(), await first.readState());
  assert([...middle.keys()].includes("optimizer.moment2.conv1"));
  first.dispose();
  second.dispose();
}

/** Twenty steps hold no more tensors than one did, and dispose() gives all of them back. */
export async function checkNoLeak(executor: Executor): Promise<void> {
  const empty = executor.tensorCount();
  const graph = smallTrainingGraph(optimizers[0]);
  const program = await executor.compileTraining(graph, allParameters(graph));
  await program.step(smallFeeds(0), { learningRate: 0.01, step: 0 });
  const held = executor.tensorCount();
  for (let step = 1; step < 20; step++) await program.step(smallFeeds(step), { learningRate: 0.01, step });
  assert.equal(executor.tensorCount(), held);
  assert(held > empty);
  program.dispose();
  assert.equal(executor.tensorCount(), empty);
}

/** Missing and misshapen tensors are refused by name; a parameter given out as output is read before the update. */
export async function checkEdges(executor: Executor): Promise<void> {
  const graph = smallTrainingGraph(optimizers[0]);
  const parameters = allParameters(graph);
  const program = await executor.compileTraining(graph, parameters);
  const feeds = smallFeeds(0);
  feeds.set("others", { shape: [6, 4], data: new Float32Array(24) });
  await assert.rejects(
    () => program.step(feeds, { learningRate: 0.1, step: 0 }),
    /Cannot set the tensor others: it must have shape \[6,5\]/,
  );
  assert.throws(() => program.writeState(new Map()), { code: "store" });
  program.dispose();
  await assert.rejects(async () => await executor.compileTraining(graph, new Map()), { code: "store" });

  const w = weight("w", [3], false);
  const own = await executor.compileTraining(
    { objective: reduceSum(log(w)), outputs: { w }, stateUpdates: [], optimizer: sgd, clipNorm: 1 },
    initializeParameters([w], 1),
  );
  const { outputs } = await own.step(new Map(), { learningRate: 0.1, step: 0 });
  assert.deepEqual([...outputs.get("w")!.data], [0.5, 0.5, 0.5]);
  own.dispose();
}
