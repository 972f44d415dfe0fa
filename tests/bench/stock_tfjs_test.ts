import assert from "node:assert/strict";
import { Random } from "../../lib/random.ts";
import { sizeOf } from "../../lib/shape.ts";
import { createExecutor } from "../../lib/tensor/device.ts";
import type { Tensors, TrainingGraph } from "../../lib/tensor/executor.ts";
import {
  affine,
  batchMoments,
  batchNorm,
  conv2d,
  input,
  inputsOf,
  maxPool,
  type Node,
  parameter,
  reduceSum,
  square,
  subtract,
} from "../../lib/tensor/graph.ts";
import { initializeParameters } from "../../lib/tensor/parameters.ts";
import { benchModel, learningRate } from "./bench_models.ts";
import { StockProgram, useStockBackend } from "./stock_tfjs.ts";

/** A strided convolution with uneven padding, normalization with running moments, and pooling with padding. */
function pooledGraph(groups = 1): TrainingGraph {
  const filter = parameter(
    { name: "filter", initializer: { kind: "heNormal", fanIn: 18 }, trainable: true, isWeight: true },
    [3, 3, 2 / groups, 4],
  );
  const [gamma, beta] = [1, 0].map((value) =>
    parameter({
      name: `scale${value}`,
      initializer: { kind: "constant", value },
      trainable: true,
      isWeight: false,
    }, [4])
  );
  const running = parameter(
    { name: "moments", initializer: { kind: "runningMoments" }, trainable: false, isWeight: false },
    [2, 4],
  );
  const padding = { top: 0, bottom: 1, left: 1, right: 2 };
  const x = conv2d(input("x", [3, 9, 8, 2]), filter, { stride: 2, padding, groups });
  const moments = batchMoments(x);
  const y = maxPool(batchNorm(x, moments, gamma, beta, { relu: true }), 3, { stride: 2, padding: 1 });
  // The running moments stand in the objective, so that their update shows.
  const target = subtract(reduceSum(y, [0, 1, 2]), affine(reduceSum(running, [0]), 3));
  return {
    objective: affine(reduceSum(square(target)), 0.01),
    outputs: {},
    stateUpdates: [{ parameter: running, value: subtract(affine(running, 0.9), affine(moments, -0.1)) }],
    optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 0, decayBiasAndNorm: false },
    clipNorm: Infinity,
  };
}

function randomFeeds(outputs: readonly Node[]): Tensors {
  const random = new Random(3, "feeds");
  return new Map([...inputsOf(outputs)].map(([name, { shape }]) => {
    return [name, { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => random.normal()) }];
  }));
}

/** Objectives of some steps on our executor and on stock tfjs, both in plain JavaScript. */
async function bothObjectives(graph: TrainingGraph, parameters: Tensors, feeds: Tensors) {
  const executor = await createExecutor("cpu");
  const own = await executor.compileTraining(graph, parameters);
  await useStockBackend("cpu");
  const stock = new StockProgram(graph, parameters, learningRate);
  const objectives: { own: number; stock: number }[] = [];
  for (let step = 0; step < 4; step++) {
    const { objective } = await own.step(feeds, { learningRate, step });
    objectives.push({ own: objective, stock: (await stock.step(feeds))! });
  }
  own.dispose();
  stock.dispose();
  await executor.dispose();
  return objectives;
}

function assertAgree(objectives: readonly { own: number; stock: number }[]): void {
  for (const { own, stock } of objectives) {
    assert.ok(Math.abs(own - stock) < 1e-4 * Math.abs(own), `must be ${own}, is ${stock}`);
  }
  const [first, last] = [objectives[0].own, objectives.at(-1)!.own];
  assert.ok(Math.abs(first - last) > 1e-3 * first, "updates must change the objective");
}

Deno.test("StockProgram trains model S as our executor does, with Adam", async () => {
  const { graph, parameters, batches } = benchModel({ name: "S", batch: 4, size: 16 });
  assertAgree(await bothObjectives(graph, parameters, batches[0]));
});

Deno.test("StockProgram trains as our executor does with momentum, pooling and running moments", async () => {
  const graph = pooledGraph();
  const parameters = initializeParameters([graph.objective], 1);
  assertAgree(await bothObjectives(graph, parameters, randomFeeds([graph.objective])));
});

Deno.test("StockProgram refuses weight decay, clipping and groups, which stock tfjs cannot do", async () => {
  await useStockBackend("cpu");
  const graph = pooledGraph();
  const parameters = initializeParameters([graph.objective], 1);
  const decayed = { ...graph, optimizer: { ...graph.optimizer, weightDecay: 0.1 } };
  assert.throws(() => new StockProgram(decayed, parameters, 0.1), /weightDecay must be 0/);
  assert.throws(() => new StockProgram({ ...graph, clipNorm: 5 }, parameters, 0.1), /clipNorm Infinity/);
  const grouped = pooledGraph(2);
  const program = new StockProgram(grouped, initializeParameters([grouped.objective], 1), 0.1);
  await assert.rejects(program.step(randomFeeds([grouped.objective])), /groups must be 1/);
  program.dispose();
});
