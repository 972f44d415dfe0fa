/** Inputs that reach the device as they are stored: bytes and 16-bit floats. @module */

import assert from "node:assert/strict";
import { Random } from "../../../lib/random.ts";
import { type Shape, sizeOf } from "../../../lib/shape.ts";
import { gradients } from "../../../lib/tensor/autodiff.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import type { Executor, Feed } from "../../../lib/tensor/executor.ts";
import { findAdapter } from "../../../lib/tensor/executors/webgpu_adapter.ts";
import { openWebgpuExecutor } from "../../../lib/tensor/executors/webgpu_executor.ts";
import { tunings } from "../../../lib/tensor/kernels/wgsl_tuning.ts";
import {
  affine,
  concat,
  conv2d,
  input,
  type InputType,
  matMul,
  maxPool,
  multiply,
  type Node,
  reduceSum,
  stopGradient,
  toneFrames,
} from "../../../lib/tensor/graph.ts";
import { evaluateReference } from "../../../lib/tensor/reference.ts";
import { relativeError } from "./executor_checks.ts";

/** A network of inputs of given types. */
interface InputCase {
  name: string;
  inputs: readonly { type: InputType; shape: Shape }[];
  build: (...inputs: Node[]) => Record<string, Node>;
}

const bytes = (...shape: number[]) => ({ type: "u8" as const, shape });
const halves = (...shape: number[]) => ({ type: "f16" as const, shape });
const floats = (...shape: number[]) => ({ type: "f32" as const, shape });

/** A convolution of pictures and the gradient of its filter. */
function convolved(pictures: Node, filter: Node): Record<string, Node> {
  const y = conv2d(pictures, filter, { stride: 2 });
  const [gradient] = gradients(reduceSum(multiply(y, y)), [filter]);
  return { y, gradient };
}

const cases: readonly InputCase[] = [
  { name: "bytes one by one", inputs: [bytes(3, 7)], build: (x) => ({ y: affine(x, 0.5, 1) }) },
  { name: "bytes in fours", inputs: [bytes(3, 8)], build: (x) => ({ y: affine(x, 0.5, 1) }) },
  { name: "bytes that are summed", inputs: [bytes(5, 9)], build: (x) => ({ y: reduceSum(x, [0]) }) },
  { name: "halves one by one", inputs: [halves(3, 5)], build: (x) => ({ y: affine(x, -2) }) },
  { name: "halves in fours", inputs: [halves(6, 4)], build: (x) => ({ y: affine(x, -2) }) },
  {
    name: "halves one after the other",
    inputs: [halves(2, 3, 3, 1), halves(2, 3, 3, 1), floats(3, 3, 1, 4)],
    build: (a, b, filter) => convolved(concat([a, b].map(stopGradient), 0), filter),
  },
  {
    name: "a matrix of halves",
    inputs: [halves(5, 6), floats(6, 3)],
    build: (a, b) => ({ y: matMul(a, b) }),
  },
  { name: "bytes that are pooled", inputs: [bytes(1, 4, 6, 3)], build: (x) => ({ y: maxPool(x, 2) }) },
  {
    name: "a convolution of bytes",
    inputs: [bytes(2, 7, 9, 1), floats(3, 3, 1, 4)],
    build: (x, filter) => convolved(x, filter),
  },
  {
    name: "a convolution of halves that are unpacked once",
    inputs: [halves(2, 8, 6, 4), floats(3, 3, 4, 8)],
    build: (x, filter) => convolved(stopGradient(x), filter),
  },
  {
    name: "toned frames of odd sizes",
    inputs: [bytes(6, 5, 7, 1), floats(3, 2), floats(3, 256)],
    build: (...inputs) => ({ y: toneFrames(inputs[0], inputs[1], inputs[2]) }),
  },
  {
    name: "a convolution of toned frames",
    inputs: [bytes(4, 8, 8, 1), floats(2, 2), floats(2, 256), floats(3, 3, 1, 8)],
    build: (frames, shifts, tones, filter) => convolved(toneFrames(frames, shifts, tones), filter),
  },
];

/** Random elements; of halves some are too small to be normal, of pairs of floats whole shifts, some beyond the edge. */
function drawFeed({ type, shape }: InputCase["inputs"][number], random: Random): Feed {
  const from = (draw: (i: number) => number) => Array.from({ length: sizeOf(shape) }, (_, i) => draw(i));
  if (type === "u8") return { shape, data: Uint8Array.from(from(() => random.integer(256))) };
  if (type === "f16") {
    const data = from((i) => random.normal() * (i % 7 === 3 ? 2 ** -16 : 1));
    return { shape, data: Float16Array.from(data) };
  }
  const isShift = shape.length === 2 && shape[1] === 2;
  return {
    shape,
    data: Float32Array.from(from(() => isShift ? random.integer(15) - 7 : random.uniform(-1, 1))),
  };
}

/** Outputs are those of the float64 reference, whose inputs have the same values. */
async function checkCase(executor: Executor, { name, inputs, build }: InputCase): Promise<void> {
  const random = new Random(5, name);
  const outputs = build(...inputs.map(({ type, shape }, i) => input(`x${i}`, shape, type)));
  const feeds = new Map(inputs.map((one, i) => [`x${i}`, drawFeed(one, random)]));
  const expected = evaluateReference(Object.values(outputs), feeds, new Map());
  const program = await executor.compileInference(outputs, new Map());
  const actual = await program.run(feeds);
  program.dispose();
  Object.keys(outputs).forEach((output, i) => {
    const error = relativeError(actual.get(output)!.data, expected[i].data);
    assert.ok(error < 1e-5, `${output}: relative L2 error ${error}`);
  });
}

async function checkRefusal(executor: Executor): Promise<void> {
  const program = await executor.compileInference({ y: affine(input("x", [2, 3], "u8"), 2) }, new Map());
  await assert.rejects(
    async () => await program.run(new Map([["x", { shape: [2, 3], data: new Float32Array(6) }]])),
    {
      code: "input",
      message: /must have shape \[2,3\] in a Uint8Array, received .* 6 elements in a Float32Array/,
    },
  );
  program.dispose();
}

async function withExecutor(executor: Executor, test: Deno.TestContext, some = cases): Promise<void> {
  try {
    for (const one of some) await test.step(one.name, () => checkCase(executor, one));
    await test.step("refuses an array of another type", () => checkRefusal(executor));
  } finally {
    await executor.dispose();
  }
}

for (const kind of ["cpu", "wasm"] as const) {
  Deno.test(`${kind} computes with the values of stored inputs as the reference`, async (test) => {
    await withExecutor(await createExecutor(kind), test);
  });
}

const adapter = await findAdapter();
for (const family of ["registers", "shared"] as const) {
  const name = `webgpu, products in ${family}, computes with the values of stored inputs as the reference`;
  Deno.test({
    name: adapter ? name : `${name} (ignored: there is no graphics adapter)`,
    ignore: adapter === undefined,
    async fn(test) {
      // Barriers take seconds on an emulated adapter, and nothing but products differs between the families.
      const some = family === "shared" ? cases.filter((one) => one.name === "a matrix of halves") : cases;
      await withExecutor(await openWebgpuExecutor({ tuning: tunings[family] }), test, some);
    },
  });
}

Deno.test("toneFrames() moves down and right, repeats the border and replaces grey levels by its group's tones", () => {
  const nodes = [input("frames", [2, 2, 3, 1], "u8"), input("shifts", [2, 2]), input("tones", [2, 256])];
  const tones = Float32Array.from({ length: 512 }, (_, i) => i < 256 ? i : 1000 + i - 256);
  const feeds = new Map<string, Feed>([
    ["frames", { shape: [2, 2, 3, 1], data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) }],
    ["shifts", { shape: [2, 2], data: Float32Array.of(1, -1, 0, 2) }],
    ["tones", { shape: [2, 256], data: tones }],
  ]);
  const [{ data }] = evaluateReference([toneFrames(nodes[0], nodes[1], nodes[2])], feeds, new Map());
  assert.deepEqual([...data], [2, 3, 3, 2, 3, 3, 1007, 1007, 1007, 1010, 1010, 1010]);
});

Deno.test("toneFrames() refuses other pictures than stored ones, groups that do not fit, and to be differentiated", () => {
  const frames = input("frames", [4, 2, 2, 1], "u8");
  const [shifts, tones] = [input("shifts", [2, 2]), input("tones", [2, 256])];
  assert.throws(() => toneFrames(input("frames", [4, 2, 2, 1]), shifts, tones), /type u8/);
  assert.throws(() => toneFrames(frames, input("shifts", [3, 2]), input("tones", [3, 256])), /\[G, 2\]/);
  assert.throws(() => toneFrames(frames, shifts, input("tones", [2, 255])), /\[G, 256\]/);
  const sum = reduceSum(toneFrames(frames, shifts, tones));
  assert.throws(() => gradients(sum, [tones]), /toneFrames of stored pictures has no gradient/);
});
