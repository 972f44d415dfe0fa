import assert from "node:assert/strict";
import type { Shape } from "../../../lib/shape.ts";
import { gradients } from "../../../lib/tensor/autodiff.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import type { Executor } from "../../../lib/tensor/executor.ts";
import { findAdapter, reportAdapter } from "../../../lib/tensor/executors/webgpu_adapter.ts";
import type { TrainedParameter } from "../../../lib/tensor/executors/tensor_device.ts";
import { WebgpuMemory } from "../../../lib/tensor/executors/webgpu_memory.ts";
import { compileWebgpuUpdate } from "../../../lib/tensor/executors/webgpu_update.ts";
import {
  assertTurns,
  productTurns,
  softwareTurns,
  sumTurns,
} from "../../../lib/tensor/executors/webgpu_turns.ts";
import { conv2d, input, lastAxis, matMul, reduceSum } from "../../../lib/tensor/graph.ts";
import { longestTurns, loopTurns, stretchOf, tunings } from "../../../lib/tensor/kernels/wgsl.ts";
import {
  joinMomentsProgram,
  momentPartsProgram,
  parameterGradientPartsProgram,
} from "../../../lib/tensor/kernels/wgsl_batch_norm.ts";
import { filterGradientPartsProgram } from "../../../lib/tensor/kernels/wgsl_convolution.ts";
import { sumPartsProgram } from "../../../lib/tensor/kernels/wgsl_elementwise.ts";
import { plainFilterGradientPartsProgram } from "../../../lib/tensor/kernels/wgsl_plain_convolution.ts";
import { checkParity } from "./executor_checks.ts";

const adapter = await findAdapter();
const isHardware = adapter !== undefined && reportAdapter(adapter).isHardware;
if (adapter === undefined) {
  console.warn("No graphics adapter, not even an emulated one: long loops on WebGPU are not tested.");
}

function withExecutor(name: string, use: (executor: Executor) => Promise<void>): void {
  Deno.test({
    name: adapter ? name : `${name} (ignored: there is no graphics adapter)`,
    ignore: adapter === undefined,
    async fn() {
      const executor = await createExecutor("webgpu");
      try {
        await use(executor);
      } finally {
        await executor.dispose();
      }
    },
  });
}

// A filter's gradient sums over batch × rows × columns: more than 65535 here, where one invocation's loops end.
const wide: { name: string; x: Shape; filter: Shape; groups: number }[] = [
  { name: "one channel, three filters", x: [2, 183, 184, 1], filter: [2, 3, 1, 3], groups: 1 },
  { name: "three channels, odd filters", x: [1, 260, 257, 3], filter: [1, 2, 3, 1], groups: 1 },
  { name: "two groups of odd filters", x: [1, 257, 258, 2], filter: [1, 2, 1, 2], groups: 2 },
];
for (const { name, x, filter, groups } of wide) {
  withExecutor(`webgpu sums a filter's gradient over more than 65535 pixels: ${name}`, async (executor) => {
    const build = (images: Parameters<typeof conv2d>[0], weights: Parameters<typeof conv2d>[1]) =>
      conv2d(images, weights, { groups, padding: 0 });
    await checkParity(executor, { name, shapes: [x, filter], build });
  });
}

withExecutor(
  "webgpu sums a large filter's gradient in tiles over more than 65535 pixels",
  async (executor) => {
    const [images, weights] = [input("images", [1, 127, 1100, 4]), input("weights", [64, 1, 4, 32])];
    const [gradient] = gradients(reduceSum(conv2d(images, weights, { padding: 0 })), [weights]);
    const program = await executor.compileInference({ gradient }, new Map());
    const ones = (shape: Shape, size: number) => ({ shape, data: new Float32Array(size).fill(1) });
    const result = await program.run(
      new Map([["images", ones(images.shape, 127 * 1100 * 4)], [
        "weights",
        ones(weights.shape, 64 * 4 * 32),
      ]]),
    );
    // Ones on ones: every weight meets each of the 64 × 1100 outputs once.
    assert.deepEqual([...new Set(result.get("gradient")!.data)], [64 * 1100]);
    program.dispose();
  },
);

withExecutor("webgpu refuses on a software adapter what it would not loop to the end", async (executor) => {
  const row = lastAxis("softmax", input("x", [1, 30000]));
  const product = matMul(input("a", [97, 61700]), input("b", [61700, 97]));
  const before = executor.tensorCount();
  for (
    const [output, message] of [[row, /softmax of \[1,30000\]/], [
      product,
      /matMul of \[97,61700\] and/,
    ]] as const
  ) {
    const compile = async () => (await executor.compileInference({ output }, new Map())).dispose();
    if (isHardware) await compile();
    else {await assert.rejects(compile, {
        name: "SonospeechError",
        code: "device",
        message,
        hint: /--device wasm/,
      });}
  }
  assert.equal(executor.tensorCount(), before);
});

Deno.test({
  name: "compileWebgpuUpdate() refuses gradients whose norm a software adapter would not sum to the end",
  ignore: adapter === undefined || isHardware,
  async fn() {
    const memory = await WebgpuMemory.open();
    const parameter = (size: number) => {
      return {
        name: "w",
        handle: { dataId: {}, shape: [size], dtype: "float32" as const },
        moments: [],
        decay: 1,
      };
    };
    const compile = (parameters: TrainedParameter[]) => {
      const rule = { kind: "sgd", momentum: 0, weightDecay: 0, decayBiasAndNorm: false } as const;
      return compileWebgpuUpdate({ rule, clipNorm: 1, parameters, states: [] }, memory);
    };
    compile([parameter(60_000_000)]).dispose();
    assert.throws(() => compile([parameter(70_000_000)]), {
      code: "device",
      message: /norm of \[70000000\]/,
    });
    assert.throws(() => compile(Array(4100).fill(parameter(1))), {
      code: "device",
      message: /4100 parameters/,
    });
    memory.dispose();
  },
});

Deno.test("assertTurns() refuses more than 65535 turns on a software adapter alone", () => {
  const software = { name: "emulated", isHardware: false };
  assertTurns(softwareTurns, "sum of [9]", software);
  assertTurns(softwareTurns + 1, "sum of [9]", { name: "chip", isHardware: true });
  assert.throws(() => assertTurns(softwareTurns + 1, "sum of [9]", software), {
    code: "device",
    message:
      "Cannot compute sum of [9] on emulated: loops must end within 65535 turns on a software adapter, received 65536",
    hint: "Use --device wasm.",
  });
});

Deno.test("loopTurns() counts the turns of loops within each other and those that find their ends", () => {
  assert.equal(loopTurns(), 0);
  assert.equal(loopTurns(5), 6);
  let turns = 0;
  for (let i = 0; ++turns && i < 3; i++) {
    for (let j = 0; ++turns && j < 4; j++) {
      for (let k = 0; ++turns && k < 2; k++);
    }
  }
  assert.equal(loopTurns(3, 4, 2), turns);
});

Deno.test("productTurns() is the limit where llvmpipe was seen to end a product of ones, after 61681 terms", () => {
  assert(productTurns([97, 97], 61600) <= softwareTurns);
  assert(productTurns([97, 97], 61682) > softwareTurns);
  assert(productTurns([64, 64], 10_000_000) < 1000, "tfjs splits these");
  assert(productTurns([8, 8], 10_000_000) < softwareTurns, "256 lanes share an element of these");
});

Deno.test("sumTurns() falls with the number of lanes that share an element", () => {
  assert.equal(sumTurns([10, 640], [10]), loopTurns(10) + loopTurns(6));
  assert.equal(sumTurns([51200], []), loopTurns(100) + loopTurns(9));
});

Deno.test("stretchOf() makes more parts than asked for where a part would loop too long", () => {
  assert.equal(stretchOf(100, 10, 5), 10);
  assert.equal(stretchOf(100, 0.1, 5), 100);
  assert.equal(stretchOf(1e6, 1, 1000), 31);
  assert.equal(stretchOf(5, 1, 1e6), 1);
});

Deno.test("reductions of the largest batches give no invocation more than 32768 turns, their joins neither", () => {
  const geometry = {
    strides: [1, 1],
    dilations: [1, 1],
    padding: { top: 1, bottom: 1, left: 1, right: 1 },
  } as const;
  const convolution = (channels: number, filters: number, groups: number) => ({
    x: [64, 512, 512, channels],
    filter: [3, 3, channels / groups, filters],
    y: [64, 512, 512, filters],
    geometry: { ...geometry, groups },
  });
  for (const tuning of Object.values(tunings)) {
    const parts = [
      plainFilterGradientPartsProgram(convolution(1, 3, 1), tuning),
      plainFilterGradientPartsProgram(convolution(510, 510, 2), tuning),
      filterGradientPartsProgram(convolution(1, 32, 1), tuning),
      filterGradientPartsProgram(convolution(512, 512, 1), tuning),
      filterGradientPartsProgram(convolution(64, 64, 16), tuning),
      momentPartsProgram([64, 512, 512, 2048], tuning),
      parameterGradientPartsProgram([64, 512, 512, 2048], { epsilon: 1e-5, relu: true }, tuning),
    ];
    for (const program of parts) {
      assert(program.turns <= longestTurns, `${program.turns} turns of [${program.shape}]`);
      assert(sumPartsProgram(program.parts, program.shape.slice(1)).turns <= longestTurns);
    }
    assert(joinMomentsProgram([64, 512, 512, 2048], tuning).turns <= longestTurns);
  }
});
