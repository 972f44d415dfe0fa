import assert from "node:assert/strict";
import fc from "fast-check";
import { WasmEngine } from "../../../lib/tensor/executors/wasm_engine.ts";
import { GraphExecutor } from "../../../lib/tensor/executors/graph_executor.ts";
import { openWasmDevice } from "../../../lib/tensor/executors/host_device.ts";
import { WasmMemory } from "../../../lib/tensor/executors/wasm_memory.ts";
import {
  add,
  batchMoments,
  batchNorm,
  conv2d,
  maxPool,
  reduceSum,
  stopGradient,
  subtract,
} from "../../../lib/tensor/graph.ts";
import { FunctionBuilder, get, i32, v128 } from "../../../lib/tensor/kernels/wasm_assembler.ts";
import { checkParity } from "./executor_checks.ts";
import type { OperationCase } from "./operation_cases.ts";

const executor = new GraphExecutor(openWasmDevice(2));

/** A convolution whose window fits into the padded picture. */
const convolutionCases = fc.record({
  batch: fc.integer({ min: 1, max: 7 }),
  size: fc.tuple(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 13 })),
  kernel: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
  stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  dilation: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  padding: fc.record({ top: fc.nat(3), bottom: fc.nat(3), left: fc.nat(3), right: fc.nat(3) }),
  groups: fc.integer({ min: 1, max: 3 }),
  channels: fc.integer({ min: 1, max: 7 }),
  filters: fc.integer({ min: 1, max: 19 }),
}).filter(({ size: [height, width], kernel, dilation, padding }) =>
  height + padding.top + padding.bottom > dilation[0] * (kernel[0] - 1) &&
  width + padding.left + padding.right > dilation[1] * (kernel[1] - 1)
).map(({ batch, size, kernel, groups, channels, filters, ...options }): OperationCase => ({
  name: JSON.stringify({ batch, size, kernel, groups, channels, filters, ...options }),
  shapes: [[batch, ...size, channels * groups], [...kernel, channels, filters * groups]],
  build: (x, filter) => conv2d(x, filter, { ...options, groups }),
}));

Deno.test("wasm convolves as the reference whatever the sizes, and so are the gradients", async () => {
  const property = fc.asyncProperty(convolutionCases, (one) => checkParity(executor, one));
  await fc.assert(property, { numRuns: 60 });
});

Deno.test("wasm normalizes and pools pictures of many blocks as the reference", async () => {
  await checkParity(executor, {
    name: "many rows",
    shapes: [[3, 61, 47, 8], [8], [8]],
    build: (x, gamma, beta) => {
      const y = batchNorm(x, batchMoments(x), add(gamma, reduceSum(beta)), beta, { relu: true });
      return maxPool(y, 3, { stride: 2, padding: 1 });
    },
  });
});

Deno.test("wasm gives a pooling's gradient to the first of equal values", async () => {
  await checkParity(executor, {
    name: "equal values",
    shapes: [[2, 5, 5, 4]],
    build: (x) => maxPool(subtract(x, stopGradient(x)), 3, { stride: 2, padding: 1 }),
  });
});

Deno.test("i32.constant() is encoded so that it is read back, and so are addresses", () => {
  const engine = new WasmEngine(1);
  const out = engine.memory.allocate([1]);
  const address = engine.memory.addressOf(out);
  const view = new Int32Array(engine.memory.memory.buffer, address, 1);
  fc.assert(fc.property(fc.integer(), fc.nat(300), (value, offset) => {
    const f = new FunctionBuilder(3);
    const to = i32.subtract(get(f.parameters[2]), i32.constant(offset));
    f.body(v128.store32Lane(to, i32.splat(i32.constant(value)), 0, offset));
    const kernel = engine.kernel(`${value} ${offset}`, () => f);
    engine.run(kernel, { units: 1, cost: 1 }, address);
    assert.equal(view[0], value);
  }));
});

Deno.test("WasmMemory gives tensors places of their own and takes them back", () => {
  const sizes = fc.array(fc.record({ size: fc.nat(3_000_000), frees: fc.nat(9) }), { maxLength: 60 });
  fc.assert(
    fc.property(sizes, (steps) => {
      const memory = new WasmMemory(512);
      const held: { handle: ReturnType<WasmMemory["allocate"]>; start: number; end: number }[] = [];
      for (const { size, frees } of steps) {
        const handle = memory.allocate([size]);
        const start = memory.addressOf(handle);
        const end = start + 4 * size;
        assert(start >= 512 && start % 64 === 0 && end + 64 <= memory.memory.buffer.byteLength);
        assert(held.every((other) => end <= other.start || other.end <= start), "tensors must not overlap");
        held.push({ handle, start, end });
        if (frees < held.length) memory.release(held.splice(frees, 1)[0].handle);
      }
      for (const { handle } of held) memory.release(handle);
      assert.equal(memory.tensorCount(), 0);
      const before = memory.memory.buffer.byteLength;
      memory.allocate([(before - 512 - 64) / 4]);
      assert.equal(memory.memory.buffer.byteLength, before, "all of it must be free again, in one piece");
    }),
    { numRuns: 30 },
  );
});

Deno.test("WasmMemory refuses what it cannot hold", () => {
  const memory = new WasmMemory(512);
  assert.throws(() => memory.allocate([2 ** 30]), {
    code: "device",
    message: /Cannot allocate a tensor on wasm: its memory must suffice/,
  });
  memory.release(memory.allocate([1000]));
});
