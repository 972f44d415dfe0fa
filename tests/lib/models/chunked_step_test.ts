import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { buildTrainingGraph } from "../../../lib/models/train_graph.ts";
import { Random } from "../../../lib/random.ts";
import { sizeOf } from "../../../lib/shape.ts";
import { gradients } from "../../../lib/tensor/autodiff.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import type { Executor, Tensor, TrainingGraph } from "../../../lib/tensor/executor.ts";
import { findAdapter } from "../../../lib/tensor/executors/webgpu_adapter.ts";
import { openWebgpuExecutor } from "../../../lib/tensor/executors/webgpu_executor.ts";
import { inputsOf, type Node, parametersOf } from "../../../lib/tensor/graph.ts";
import { tunings } from "../../../lib/tensor/kernels/wgsl_tuning.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";
import { evaluateReference } from "../../../lib/tensor/reference.ts";
import { orderedGradients } from "../../../lib/tensor/rematerialization.ts";
import { assertClose } from "../losses/float64.ts";
import { ReferenceTraining, relativeError } from "../tensor/executor_checks.ts";

/** Settings that change what chunks must agree about. */
const variants: Record<string, object> = {
  "all losses": {},
  "bags of neighbouring speech": { data: { bagSeconds: 4 } },
  "bags without hard negatives": { data: { bagSeconds: 4 }, losses: { hardNegatives: false } },
  "the literal form": { losses: { contrastiveForm: "literal" } },
  "no order": { losses: { orderWeight: 0 } },
  "order alone": { losses: { correlationWeight: 0, contrastiveWeight: 0 } },
};
/** Which of a batch's windows are copies of each other, and the sizes of chunks that then all have the same moments. */
const batches = [
  { kinds: [0, 0, 0, 0, 0], chunkSizes: [2, 4] },
  { kinds: [0, 1, 0, 1, 1, 0], chunkSizes: [2] },
];

function graphOf(variant: Record<string, object>, windows: number, chunkSize: number): TrainingGraph {
  return buildTrainingGraph(resolveRunConfig({
    file: {
      ...variant,
      data: { ...variant.data, batchSize: windows, samplingGroups: 2 },
      model: {
        frameSize: [16, 16],
        speechSize: [16, 16],
        widthMultiplier: 0.125,
        projectionHidden: 6,
        embeddingDim: 4,
        headHidden: 6,
      },
      optimizer: { kind: "sgd", clipNorm: 0.5 },
      training: { chunkSize },
    },
  }));
}

const outputsOf = ({ objective, outputs, stateUpdates }: TrainingGraph): Node[] => [
  objective,
  ...Object.values(outputs),
  ...stateUpdates.map(({ value }) => value),
];

/** Random windows of these kinds, with masks and weights that tell pairs apart. */
function feedsOf(graph: TrainingGraph, kinds: readonly number[], step = 0): Map<string, Tensor> {
  const feeds = new Map([...inputsOf(outputsOf(graph))].map(([name, { shape }]): [string, Tensor] => {
    const random = new Random(8, name, step);
    const data = new Float32Array(sizeOf(shape));
    const isPicture = shape.length === 4;
    const size = data.length / kinds.length;
    const draw = name.endsWith("Mask")
      ? () => random.uniform() < 0.6 ? 1 : 0
      : isPicture
      ? () => random.normal()
      : () => random.uniform();
    for (let i = 0; i < data.length; i++) data[i] = draw();
    if (isPicture) kinds.forEach((kind, i) => data.copyWithin(i * size, kind * size, (kind + 1) * size));
    if (name.endsWith("OneHot")) {
      data.forEach((_, i) => data[i] = i % shape[1] === 5 * (i / shape[1] | 0) ? 1 : 0);
    }
    return [name, { shape, data }];
  }));
  // What is in a pair's bag is none of its negatives.
  const negatives = feeds.get("negativeMask")?.data;
  feeds.get("positiveMask")?.data.forEach((_, i, bag) => bag[i] = 1 - negatives![i]);
  return feeds;
}

const trained = ({ objective }: TrainingGraph) =>
  [...parametersOf([objective]).values()].filter(({ operation }) => operation.trainable);

/** Outputs, running moments and gradients in float64. */
function evaluated(graph: TrainingGraph, found: readonly Node[], kinds: readonly number[]): number[][] {
  const nodes = outputsOf(graph);
  const parameters = initializeParameters(nodes, 3);
  const values = evaluateReference([...nodes, ...found], feedsOf(graph, kinds), parameters);
  return values.map(({ data }) => [...data]);
}

/** Those that an emulated adapter, too, has time for. */
const alsoOnWebgpu = ["bags of neighbouring speech", "the literal form"];
const hasAdapter = await findAdapter() !== undefined;

for (const [name, variant] of Object.entries(variants)) {
  Deno.test(`a step by chunks is the whole batch's where all chunks have the same moments: ${name}`, () => {
    for (const { kinds, chunkSizes } of batches) {
      const whole = graphOf({ ...variant }, kinds.length, 0);
      const expected = evaluated(whole, gradients(whole.objective, trained(whole)), kinds);
      for (const chunkSize of chunkSizes) {
        const graph = graphOf({ ...variant }, kinds.length, chunkSize);
        const found = orderedGradients(graph.objective, trained(graph), graph.recomputed);
        assert.ok(graph.recomputed!.length > 1);
        const actual = evaluated(graph, found.gradients, kinds);
        assert.equal(actual.length, expected.length);
        expected.forEach((values, i) => assertClose(actual[i], values, 1e-9));
      }
    }
  });

  const devices = alsoOnWebgpu.includes(name) ? ["wasm", "webgpu"] as const : ["wasm"] as const;
  for (const kind of devices) {
    Deno.test({
      name: `${kind} steps by chunks follow the float64 trajectory of a graph that keeps everything: ${name}`,
      ignore: kind === "webgpu" && !hasAdapter,
      async fn() {
        const executor = kind === "wasm"
          ? await createExecutor("wasm", { threads: 1 })
          : await openWebgpuExecutor({ tuning: tunings.registers });
        await checkChunkedSteps(executor, graphOf({ ...variant }, 5, 2));
        await executor.dispose();
      },
    });
  }
}

async function checkChunkedSteps(executor: Executor, graph: TrainingGraph): Promise<void> {
  const parameters = initializeParameters(outputsOf(graph), 3);
  const reference = new ReferenceTraining(graph, parameters);
  const program = await executor.compileTraining(graph, parameters);
  for (let step = 0; step < 2; step++) {
    const feeds = feedsOf(graph, [0, 1, 2, 3, 4], step);
    const settings = { learningRate: 0.01, step };
    const expected = reference.step(feeds, settings);
    const { objective, gradientNorm, applied } = await program.step(feeds, settings);
    assert.ok(applied);
    assert.ok(relativeError([objective, gradientNorm], [expected.objective, expected.gradientNorm]) < 1e-4);
  }
  const state = await program.readState();
  for (const [parameter, { data }] of reference.values) {
    const error = relativeError(state.get(parameter)!.data, data);
    assert.ok(error < 1e-3, `${parameter}: relative L2 error ${error}`);
  }
  program.dispose();
}
