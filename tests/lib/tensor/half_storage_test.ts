import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { buildTrainingGraph } from "../../../lib/models/train_graph.ts";
import { Random } from "../../../lib/random.ts";
import { type Shape, sizeOf } from "../../../lib/shape.ts";
import { gradients } from "../../../lib/tensor/autodiff.ts";
import { compileStep } from "../../../lib/tensor/compiler/compile.ts";
import type { Value } from "../../../lib/tensor/compiler/value.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import type { Executor, Tensor, TrainingGraph } from "../../../lib/tensor/executor.ts";
import { findAdapter } from "../../../lib/tensor/executors/webgpu_adapter.ts";
import { openWebgpuExecutor } from "../../../lib/tensor/executors/webgpu_executor.ts";
import {
  conv2d,
  input,
  maxPool,
  multiply,
  type Node,
  parameter,
  reduceSum,
} from "../../../lib/tensor/graph.ts";
import { tunings } from "../../../lib/tensor/kernels/wgsl_tuning.ts";
import { evaluateReference } from "../../../lib/tensor/reference.ts";
import { modelS } from "../../bench/model_s.ts";
import { relativeError } from "./executor_checks.ts";
import { type OperationCase, operationCases } from "./operation_cases.ts";

const adapter = await findAdapter();
const ignore = !adapter?.features.has("shader-f16");
const why = ignore ? " (ignored: there is no adapter with shader-f16)" : "";

/** Half of the distance from 1 to the next number of 11 bits: the most by which rounding changes a number, relatively. */
const rounding = 2 ** -11;
/** The same below the smallest normal number, absolutely. */
const subnormalRounding = 2 ** -25;
/** What float32 sums of these sizes are wrong by, relative to the largest element. */
const single = 1e-5;

const sgd = { kind: "sgd", momentum: 0, weightDecay: 0, decayBiasAndNorm: false } as const;

/** Keeps a picture in memory as it is: pooling of single pixels is never fused into what comes before or after. */
const kept = (x: Node) => maxPool(x, 1);

const isPicture = ({ length, 1: height, 2: width }: Shape) => length === 4 && height * width > 1;

interface HalfCase {
  graph: TrainingGraph;
  output: Node;
  parameters: Map<string, Tensor>;
  feeds: Map<string, Tensor>;
  gradients: Node[];
}

/**
 * An operation on pictures that lie in memory, its result kept there too. Operands are halves, so that storing them
 * changes nothing; `Σ c·y` has gradients that need no rounded result either.
 */
function halfCase({ name, shapes, range: [low, high] = [-2, 2], build }: OperationCase): HalfCase {
  const random = new Random(5, name);
  const draw = () => Math.f16round(low + (high - low) * random.uniform());
  const tensor = (shape: Shape): Tensor => ({
    shape: [...shape],
    data: Float32Array.from({ length: sizeOf(shape) }, draw),
  });
  const initializer = { kind: "constant", value: 0 } as const;
  const operands = shapes.map((shape, i) =>
    parameter({ name: `x${i}`, initializer, trainable: true, isWeight: true }, shape)
  );
  const y = build(...operands.map((x, i) => i === 0 ? kept(x) : x));
  const output = isPicture(y.shape) ? kept(y) : y;
  const objective = reduceSum(multiply(output, input("c", y.shape)));
  return {
    graph: {
      objective,
      outputs: { output },
      stateUpdates: [],
      optimizer: sgd,
      clipNorm: Infinity,
      storage: "f16",
    },
    output,
    parameters: new Map(shapes.map((shape, i) => [`x${i}`, tensor(shape)])),
    feeds: new Map([["c", tensor(y.shape)]]),
    gradients: gradients(objective, operands),
  };
}

const pictureCases: readonly OperationCase[] = [
  ...operationCases.filter(({ shapes }) => isPicture(shapes[0])),
  {
    name: "conv2d, odd numbers of elements",
    shapes: [[1, 3, 3, 3], [3, 3, 3, 5]],
    build: (x, filter) => conv2d(x, filter),
  },
];

/** The families differ in products alone, and an emulated adapter takes seconds to compile each of the second one's. */
const cases: Record<"registers" | "shared", readonly OperationCase[]> = {
  registers: pictureCases,
  shared: pictureCases.filter(({ name }) => /odd|groups of 4/.test(name)),
};

for (const family of ["registers", "shared"] as const) {
  Deno.test({
    name: `webgpu, products in ${family}, rounds stored pictures to 11 bits and nothing else${why}`,
    ignore,
    async fn(test) {
      const executor = await openWebgpuExecutor({ tuning: tunings[family] });
      for (const one of cases[family]) await test.step(one.name, () => checkHalf(executor, one));
      await executor.dispose();
    },
  });
}

async function checkHalf(executor: Executor, operationCase: OperationCase): Promise<void> {
  const { graph, output, parameters, feeds, gradients: nodes } = halfCase(operationCase);
  assert.ok(halvesOf(graph).length > 0);
  const [y, ...expected] = evaluateReference([output, ...nodes], feeds, parameters);
  const program = await executor.compileTraining(graph, parameters);
  const { outputs, applied } = await program.step(feeds, { learningRate: 0, step: 0 });
  const state = await program.readState();
  program.dispose();
  assert.ok(applied);
  const largest = y.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  outputs.get("output")!.data.forEach((value, i) => {
    const allowed = rounding * Math.abs(y.data[i]) + subnormalRounding + single * largest;
    assert.ok(Math.abs(value - y.data[i]) <= allowed, `element ${i}: ${value}, not ${y.data[i]}`);
  });
  // A quotient's gradient is made of the quotient, which was rounded.
  const allowed = operationCase.name.startsWith("divide") ? rounding : single;
  expected.forEach(({ data }, i) => {
    const error = relativeError(state.get(`optimizer.momentum.x${i}`)!.data, data);
    assert.ok(error < allowed, `gradient of operand ${i}: relative L2 error ${error}`);
  });
}

/** What a step stores in half precision. */
function halvesOf(graph: TrainingGraph): Value[] {
  const { dispatches } = compileStep(graph, target);
  const written = dispatches.flatMap(({ bindings }) => bindings.filter(({ access }) => access === "write"));
  return [...new Set(written.map(({ value }) => value))].filter(({ type }) => type === "half");
}

const target = { tuning: tunings.registers, maxBuffers: 8 };

Deno.test({
  name: `webgpu takes no step in which a stored picture is larger than half precision holds${why}`,
  ignore,
  async fn() {
    const executor = await createExecutor("webgpu");
    const { graph, parameters, feeds } = halfCase({ name: "", shapes: [[1, 2, 2, 1]], build: (x) => x });
    const program = await executor.compileTraining(graph, parameters);
    for (const [value, isApplied] of [[65504, true], [65505, false], [-1e6, false], [3e38, false]] as const) {
      const state = await program.readState();
      state.get("x0")!.data[3] = value;
      program.writeState(state);
      const { applied } = await program.step(feeds, { learningRate: 0.1, step: 0 });
      assert.equal(applied, isApplied, `${value}`);
      if (!applied) assert.deepEqual(await program.readState(), state);
    }
    await executor.dispose();
  },
});

Deno.test("compileStep() stores nothing in half precision unless it is asked to", () => {
  assert.deepEqual(halvesOf(modelS()), []);
  assert.ok(halvesOf({ ...modelS(), storage: "f16" }).length > 10);
});

Deno.test("compileStep() in half precision takes less memory for values, by chunks too, and as much for the rest", () => {
  for (
    const [most, ...set] of [
      [0.72, "preset=tiny"],
      [0.65, "preset=small"],
      [0.55, "preset=paper"],
      [0.85, "preset=tiny", "training.chunkSize=16", "data.samplingGroups=1", "data.batchSize=32"],
    ] as const
  ) {
    const [whole, half] = (["f32", "f16"] as const).map((storage) => {
      const all = ["data.batchSize=4", ...set, `training.storage=${storage}`];
      return compileStep(buildTrainingGraph(resolveRunConfig({ set: all })), target);
    });
    const [before, after] = [whole, half].map(({ plan }) => plan.slots.reduce((sum, size) => sum + size, 0));
    assert.ok(after < most * before, `${set}: ${after} of ${before} words`);
    assert.equal(half.dispatches.length, whole.dispatches.length);
    assert.deepEqual(half.layout.sizes, whole.layout.sizes);
  }
});

Deno.test("wasm and cpu refuse to store half precision, and say what to do", async () => {
  const { graph, parameters } = halfCase({ name: "", shapes: [[1, 2, 2, 1]], build: (x) => x });
  for (const kind of ["wasm", "cpu"] as const) {
    const executor = await createExecutor(kind, { threads: 1 });
    await assert.rejects(executor.compileTraining(graph, parameters), {
      code: "device",
      message: new RegExp(`must be a graphics adapter that offers shader-f16, received "${kind}"`),
      hint: /training\.storage f32/,
    });
    assert.equal(executor.tensorCount(), 0);
    await executor.dispose();
  }
});

Deno.test({
  name: "webgpu refuses to store half precision where the adapter lacks shader-f16",
  ignore: adapter === undefined,
  async fn() {
    const own = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, "features")!;
    Object.defineProperty(GPUAdapter.prototype, "features", { ...own, get: () => new Set() });
    try {
      const executor = await createExecutor("webgpu");
      const { graph, parameters } = halfCase({ name: "", shapes: [[1, 2, 2, 1]], build: (x) => x });
      await assert.rejects(executor.compileTraining(graph, parameters), {
        code: "device",
        message: /the graphics adapter must offer shader-f16/,
      });
      const plain = await executor.compileTraining({ ...graph, storage: "f32" }, parameters);
      plain.dispose();
      await executor.dispose();
    } finally {
      Object.defineProperty(GPUAdapter.prototype, "features", own);
    }
  },
});
