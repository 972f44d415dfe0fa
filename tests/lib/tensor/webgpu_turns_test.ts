import assert from "node:assert/strict";
import type { Shape } from "../../../lib/shape.ts";
import { gradients } from "../../../lib/tensor/autodiff.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import type { Executor } from "../../../lib/tensor/executor.ts";
import { findAdapter, reportAdapter } from "../../../lib/tensor/executors/webgpu_adapter.ts";
import { assertTurns, softwareTurns } from "../../../lib/tensor/executors/webgpu_turns.ts";
import { conv2d, input, lastAxis, matMul, reduceSum } from "../../../lib/tensor/graph.ts";
import { longestTurns, loopTurns, stretchOf } from "../../../lib/tensor/kernels/wgsl.ts";
import {
  joinMoments,
  momentParts,
  parameterGradientParts,
  rowParts,
} from "../../../lib/tensor/kernels/wgsl_batch_norm.ts";
import {
  filterGradientParts,
  splitFilterGradient,
} from "../../../lib/tensor/kernels/wgsl_convolution_gradients.ts";
import {
  plainFilterGradientParts,
  splitPlainFilterGradient,
} from "../../../lib/tensor/kernels/wgsl_plain_convolution.ts";
import { splitSum, sumKernel, sumPartsKernel } from "../../../lib/tensor/kernels/wgsl_sum.ts";
import { tunings } from "../../../lib/tensor/kernels/wgsl_tuning.ts";
import { squareLanes, squaresKernel } from "../../../lib/tensor/kernels/wgsl_update.ts";
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
  const product = matMul(input("a", [97, 65541]), input("b", [65541, 97]));
  const before = executor.tensorCount();
  for (
    const [output, message] of [[row, /softmax of \[1,30000\]/], [
      product,
      /matMul of \[97,65541\] and/,
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
  const at = (index: string) => index;
  const operands = { x: at, dy: at, filter: at, write: at, parts: at };
  const tiled = { ...operands, x: () => at };
  for (const tuning of Object.values(tunings)) {
    const turns: Record<string, number> = {};
    const plain = (...sizes: [number, number, number]) => {
      const shapes = convolution(...sizes);
      const split = splitPlainFilterGradient(shapes, tuning);
      turns[`plain ${sizes}`] = plainFilterGradientParts(shapes, split, operands).turns;
      turns[`parts of plain ${sizes}`] = sumPartsKernel(split.parts, 4, 4, operands).turns;
    };
    plain(1, 3, 1);
    plain(510, 510, 2);
    const large: [number, number, number][] = [[1, 32, 1], [512, 512, 1], [64, 64, 16]];
    for (const sizes of large) {
      const shapes = convolution(...sizes);
      const split = splitFilterGradient(shapes, tuning);
      turns[`tiles ${sizes}`] = filterGradientParts(shapes, split, tiled).turns;
      turns[`parts of tiles ${sizes}`] = sumPartsKernel(split.parts, 4, 4, operands).turns;
    }
    const rows = rowParts([64, 512, 512, 2048], 4, tuning);
    turns["moments"] = momentParts(rows, operands).turns;
    turns["parts of moments"] = joinMoments(rows, operands).turns;
    const gradient = { operands: Array(5).fill(at), write: at };
    turns["gradients"] = parameterGradientParts(rows, { epsilon: 1e-5, relu: true }, gradient).turns;
    const sum = splitSum([64, 512, 512, 2048], [0, 1, 2], 4, tuning);
    turns["sum"] = sumKernel(sum, operands).turns;
    turns["parts of sum"] = sumPartsKernel(sum.parts, 2048, 4, operands).turns;
    turns["norm"] = squaresKernel(4 * squareLanes * 30000, { gradients: at, partial: at }).turns;
    for (const [name, count] of Object.entries(turns)) {
      assert(count <= longestTurns, `${name}: ${count} turns`);
    }
  }
});
