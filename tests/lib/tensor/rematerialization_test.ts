import assert from "node:assert/strict";
import { Random } from "../../../lib/random.ts";
import { sizeOf } from "../../../lib/shape.ts";
import { gradients } from "../../../lib/tensor/autodiff.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import { type Executor, type Tensor, totalBytes, type TrainingGraph } from "../../../lib/tensor/executor.ts";
import { findAdapter } from "../../../lib/tensor/executors/webgpu_adapter.ts";
import {
  add,
  affine,
  concat,
  conv2d,
  exp,
  input,
  l2Normalize,
  logSoftmax,
  matMul,
  multiply,
  type Node,
  parameter,
  parametersOf,
  reduceMean,
  reduceSum,
  relu,
  slice,
  square,
} from "../../../lib/tensor/graph.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";
import { evaluateReference } from "../../../lib/tensor/reference.ts";
import { orderedGradients } from "../../../lib/tensor/rematerialization.ts";
import { ReferenceTraining, relativeError } from "./executor_checks.ts";

const batch = 12;
const images = [batch, 12, 11, 1];

function weight(name: string, shape: number[]): Node {
  const initializer = { kind: "heNormal", fanIn: sizeOf(shape) / shape[shape.length - 1] } as const;
  return parameter({ name, initializer, trainable: true, isWeight: true }, shape);
}

/** An encoder without statistics of the batch, applied to so many chunks, and a softmax over all pairs of the batch. */
function contrast(chunks: number): TrainingGraph {
  const filters = [
    weight("conv1", [3, 3, 1, 4]),
    weight("conv2", [3, 3, 4, 8]),
    weight("conv3", [3, 3, 8, 8]),
  ];
  const dense = weight("dense", [8, 5]);
  const encode = (x: Node) => reduceMean(filters.reduce((y, filter) => relu(conv2d(y, filter)), x), [1, 2]);
  const rows = batch / chunks;
  const all = input("images", images);
  const parts = Array.from(
    { length: chunks },
    (_, k) => encode(slice(all, [k * rows, 0, 0, 0], [rows, ...images.slice(1)])),
  );
  const embedding = l2Normalize(matMul(concat(parts, 0), dense));
  const scores = multiply(
    matMul(embedding, l2Normalize(input("others", [batch, 5])), { transposeB: true }),
    exp(weight("temperature", [1])),
  );
  const losses = affine(reduceSum(multiply(logSoftmax(scores), input("identity", [batch, batch])), [1]), -1);
  return {
    objective: reduceMean(losses),
    outputs: { losses },
    stateUpdates: [],
    optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 1e-3, decayBiasAndNorm: true },
    recomputed: chunks > 1 ? parts : [],
    clipNorm: 0.5,
  };
}

function feeds(step = 0): Map<string, Tensor> {
  const random = new Random(4, "chunks", step);
  const normal = (shape: number[]) => ({
    shape,
    data: Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
  });
  const identity = new Float32Array(batch * batch);
  for (let i = 0; i < batch; i++) identity[i * (batch + 1)] = 1;
  return new Map([
    ["images", normal(images)],
    ["others", normal([batch, 5])],
    ["identity", { shape: [batch, batch], data: identity }],
  ]);
}

const firstValues = (graph: TrainingGraph) => initializeParameters([graph.objective], 7);
const trainedBy = (graph: TrainingGraph) => [...parametersOf([graph.objective]).values()];

/** The objective and all gradients in float64. */
function reference(graph: TrainingGraph): Float64Array[] {
  const nodes = trainedBy(graph);
  const found = orderedGradients(graph.objective, nodes, graph.recomputed).gradients;
  return evaluateReference([graph.objective, ...found], feeds(), firstValues(graph)).map(({ data }) => data);
}

Deno.test("orderedGradients() of recomputed chunks are those of the whole batch, in float64", () => {
  const [whole, chunked, uncut] = [contrast(1), contrast(4), { ...contrast(4), recomputed: [] }].map(
    reference,
  );
  whole.forEach((expected, i) => {
    assert.ok(relativeError(chunked[i], expected) < 1e-12);
    assert.ok(relativeError(uncut[i], expected) < 1e-12);
  });
  assert.ok(
    whole.every((values) => values.some((value) => Math.abs(value) > 1e-3)),
    "nothing is 0 by chance",
  );
});

Deno.test("orderedGradients() recomputes chunks one after another, and asks for their sums to be stored", () => {
  const { objective, recomputed } = contrast(4);
  const nodes = trainedBy(contrast(1));
  assert.deepEqual(orderedGradients(contrast(1).objective, nodes).order, []);
  const graph = contrast(4);
  const { order, sums } = orderedGradients(graph.objective, trainedBy(graph), graph.recomputed);
  // Four seeds; then three filters' gradients of each chunk, which are sums from the second on.
  assert.equal(order.length, 4 + 4 * 3);
  assert.deepEqual(sums, order.slice(7));
  assert.throws(
    () => orderedGradients(objective, [], [recomputed![0], objective]),
    /no node that is recomputed may depend on another/,
  );
});

Deno.test("gradients() from a seed are those of the sum that the seed weights", () => {
  const x = input("x", [3, 2]);
  const y = square(add(x, input("z", [3, 2])));
  const seed = input("seed", [3, 2]);
  const given = new Map(["x", "z", "seed"].map((name, i) => {
    return [name, { shape: [3, 2], data: Array.from({ length: 6 }, (_, k) => Math.sin(7 * i + k)) }];
  }));
  const found = [...gradients(y, [x], { seed }), ...gradients(reduceSum(multiply(y, seed)), [x])];
  const [actual, expected] = evaluateReference(found, given, new Map());
  assert.ok(relativeError(actual.data, expected.data) < 1e-14);
  const [none] = gradients(reduceSum(y), [x], { leaves: new Set([y]) });
  assert.ok(none.operation.kind === "constant" && none.operation.value === 0);
});

async function trained(executor: Executor, graph: TrainingGraph) {
  const program = await executor.compileTraining(graph, firstValues(graph));
  const objectives: number[] = [];
  for (let step = 0; step < 3; step++) {
    const { objective, applied } = await program.step(feeds(step), { learningRate: 0.1, step });
    assert.ok(applied);
    objectives.push(objective);
  }
  const state = await program.readState();
  const bytesOf = (name: string) => program.memory.parts.find((part) => part.name === name)!.bytes;
  const memory = { values: bytesOf("values"), all: totalBytes(program.memory) };
  program.dispose();
  return { objectives, state, memory };
}

const hasAdapter = await findAdapter() !== undefined;

for (const kind of ["cpu", "wasm", "webgpu"] as const) {
  Deno.test({
    name: `${kind} trains by chunks as on the whole batch, in less memory, to the same bits every time`,
    ignore: kind === "webgpu" && !hasAdapter,
    async fn() {
      const executor = await createExecutor(kind);
      const whole = new ReferenceTraining(contrast(1), firstValues(contrast(1)));
      const expected = [0, 1, 2].map((step) =>
        whole.step(feeds(step), { learningRate: 0.1, step }).objective
      );
      const once = await trained(executor, contrast(1));
      const chunked = await trained(executor, contrast(4));
      assert.ok(relativeError(chunked.objectives, expected) < 1e-5);
      for (const [name, { data }] of whole.values) {
        const error = relativeError(chunked.state.get(name)!.data, data);
        assert.ok(error < 1e-5, `${name}: relative L2 error ${error}`);
      }
      assert.ok(
        chunked.memory.values < 0.6 * once.memory.values,
        `${chunked.memory.values} of ${once.memory.values}`,
      );
      assert.ok(chunked.memory.all < once.memory.all);
      const again = await trained(executor, contrast(4));
      assert.deepEqual(again, chunked);
      assert.equal(executor.tensorCount(), 0);
      await executor.dispose();
    },
  });
}
