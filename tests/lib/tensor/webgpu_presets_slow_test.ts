import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { buildTrainingGraph } from "../../../lib/models/train_graph.ts";
import { Random } from "../../../lib/random.ts";
import { sizeOf } from "../../../lib/shape.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import type { Executor, Tensor, TrainingGraph } from "../../../lib/tensor/executor.ts";
import { findAdapter } from "../../../lib/tensor/executors/webgpu_adapter.ts";
import { openWebgpuExecutor } from "../../../lib/tensor/executors/webgpu_executor.ts";
import { inputsOf } from "../../../lib/tensor/graph.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";
import { smoothed } from "../../helpers/smooth_network.ts";
import { kernelFamilies, relativeError } from "./executor_checks.ts";

const ignore = await findAdapter() === undefined;
const steps = 10;

function nodesOf({ objective, stateUpdates }: TrainingGraph) {
  return [objective, ...stateUpdates.map(({ value }) => value)];
}

function feedsOf(graph: TrainingGraph, step: number): Map<string, Tensor> {
  const random = new Random(7, "feeds", step);
  return new Map([...inputsOf(nodesOf(graph))].map(([name, { shape }]) => {
    const isMask = name.endsWith("Weights") || name.endsWith("Mask");
    const data = Float32Array.from({ length: sizeOf(shape) }, () => isMask ? 1 : random.uniform());
    if (name === "negativeMask" || name === "positiveMask") {
      // What is in a bag is none of the negatives.
      data.forEach((_, i) => data[i] = Number((i % 3 === 1) === (name === "positiveMask")));
    }
    if (name.endsWith("OneHot")) data.forEach((_, i) => data[i] = i % shape[1] === 3 ? 1 : 0);
    return [name, { shape, data }];
  }));
}

async function trajectory(executor: Executor, graph: TrainingGraph, steps: number) {
  const program = await executor.compileTraining(graph, initializeParameters(nodesOf(graph), 1));
  const results = [];
  for (let step = 0; step < steps; step++) {
    results.push(await program.step(feedsOf(graph, step), { learningRate: 1e-4, step }));
  }
  const state = await program.readState();
  program.dispose();
  return { results, state };
}

/** How far each parameter's first gradient is from the host's (relative L2), as the optimizer's first moment tells it. */
async function gradientErrors([host, device]: readonly Executor[], graph: TrainingGraph) {
  const [expected, actual] = [await trajectory(host, graph, 1), await trajectory(device, graph, 1)];
  return [...expected.state].filter(([name]) => /^optimizer\.moment(um|1)\./.test(name))
    .map(([name, { data }]) => ({ name, error: relativeError(actual.state.get(name)!.data, data) }));
}

const close = (a: number, b: number, tolerance: number) => Math.abs(a - b) <= tolerance * (1 + Math.abs(b));

const shared = ["data.batchSize=4", "model.frameSize=[32,32]", "model.speechSize=[32,32]"];
const each: readonly (keyof typeof kernelFamilies)[] = ["registers", "shared tiles"];
/** Chunks and ResNet-18 need no kernel that the other two do not, so one family each tells whether they are right. */
const cases: [string, typeof each, string[]][] = [
  ["plain", each, ["preset=tiny"]],
  ["plain by chunks", ["registers"], ["preset=tiny", "training.chunkSize=2", "data.samplingGroups=2"]],
  // No chunk of a single window: the last stage's one pixel would have no variance to divide by.
  ["plain by chunks that do not divide the batch, bags, no order", ["shared tiles"], [
    "preset=tiny",
    "data.batchSize=7",
    "training.chunkSize=4",
    "data.bagSeconds=4",
    "losses.orderWeight=0",
  ]],
  ["resnet18", ["large shared tiles"], ["preset=small", "model.widthMultiplier=0.25"]],
  ["seResNeXt50", each, ["preset=paper", "model.widthMultiplier=0.25", "losses.contrastiveForm=literal"]],
];
for (const [encoder, tried, set] of cases) {
  for (const family of tried) {
    Deno.test({
      name:
        `webgpu, products in ${family}, follows the host's executor for ten steps of ${encoder}, and has its gradients`,
      ignore,
      async fn() {
        const graph = buildTrainingGraph(resolveRunConfig({ set: [...shared, ...set] }));
        const [host, device] = [
          await createExecutor("wasm"),
          await openWebgpuExecutor({ tuning: kernelFamilies[family] }),
        ];
        const [expected, actual] = [
          await trajectory(host, graph, steps),
          await trajectory(device, graph, steps),
        ];
        expected.results.forEach((result, step) => {
          const { objective, gradientNorm, applied } = actual.results[step];
          assert.ok(applied);
          assert.ok(
            close(objective, result.objective, 1e-3),
            `step ${step}: ${objective}, ${result.objective}`,
          );
          assert.ok(close(gradientNorm, result.gradientNorm, 2e-2), `step ${step}: norm ${gradientNorm}`);
        });
        assert.deepEqual([...actual.state.keys()].sort(), [...expected.state.keys()].sort());
        const errors = await gradientErrors([host, device], smoothed(graph));
        assert.ok(errors.length > 20);
        for (const { name, error } of errors) assert.ok(error < 2e-4, `${name}: relative L2 error ${error}`);
        await host.dispose();
        await device.dispose();
      },
    });
  }
}
