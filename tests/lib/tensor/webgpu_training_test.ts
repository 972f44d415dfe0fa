import assert from "node:assert/strict";
import { compileStep } from "../../../lib/tensor/compiler/compile.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import {
  type StepResult,
  type Tensor,
  totalBytes,
  type TrainingProgram,
} from "../../../lib/tensor/executor.ts";
import { findAdapter } from "../../../lib/tensor/executors/webgpu_adapter.ts";
import { WebgpuDevice } from "../../../lib/tensor/executors/webgpu_device.ts";
import { parameterValues, WebgpuProgram } from "../../../lib/tensor/executors/webgpu_program.ts";
import { WebgpuTrainingProgram } from "../../../lib/tensor/executors/webgpu_training.ts";
import { chooseTuning, fastest } from "../../../lib/tensor/executors/webgpu_tuning.ts";
import { programMemory } from "../../../lib/tensor/compiler/program_memory.ts";
import { conv2d, input, multiply, parameter, reduceSum } from "../../../lib/tensor/graph.ts";
import { tunings } from "../../../lib/tensor/kernels/wgsl_tuning.ts";
import { allParameters, optimizers, smallFeeds, smallTrainingGraph } from "./executor_checks.ts";

const ignore = await findAdapter() === undefined;
const graph = smallTrainingGraph(optimizers[1]);

/** A program whose memory can be reached. */
async function openProgram(
  device: WebgpuDevice,
  tuning = tunings.registers,
): Promise<{ program: WebgpuProgram; training: TrainingProgram }> {
  const compiled = compileStep(graph, { tuning, maxBuffers: 8 });
  const program = await WebgpuProgram.create(device, compiled);
  program.writeParameters(parameterValues(compiled, allParameters(graph)));
  return { program, training: new WebgpuTrainingProgram(device, program, graph.optimizer) };
}

const settings = (step: number, deferred = false) => ({ learningRate: 0.01, step, deferred });

/** A device under a name of which nothing was found yet in this process. */
async function openUnmeasured(): Promise<WebgpuDevice> {
  const device = await WebgpuDevice.open();
  const report = { ...device.report, name: crypto.randomUUID() };
  return Object.defineProperty(device, "report", { value: report });
}

function badFeeds(): Map<string, Tensor> {
  const feeds = smallFeeds(1);
  feeds.get("images")!.data[3] = Infinity;
  return feeds;
}

/** NaN in all memory whose content a step must not depend on. */
function poison(program: WebgpuProgram): void {
  const fill = (buffer: GPUBuffer, offset: number, size: number) =>
    program.write(buffer, offset, new Float32Array(size).fill(NaN));
  for (const slot of program.slots) fill(slot, 0, slot.size / 4);
  for (const { place, size } of program.compiled.layout.targets.values()) {
    if (place?.kind === "area") fill(program.area(place.area), place.offset, size);
  }
}

Deno.test({
  name: "webgpu steps depend on no memory but parameters, moments and feeds",
  ignore,
  async fn() {
    const device = await WebgpuDevice.open();
    for (const tuning of Object.values(tunings)) {
      const [clean, poisoned] = [await openProgram(device, tuning), await openProgram(device, tuning)];
      for (let step = 0; step < 4; step++) {
        poison(poisoned.program);
        const expected = await clean.training.step(smallFeeds(step), settings(step));
        assert.deepEqual(await poisoned.training.step(smallFeeds(step), settings(step)), expected);
      }
      assert.deepEqual(await poisoned.training.readState(), await clean.training.readState());
      for (const { training } of [clean, poisoned]) training.dispose();
    }
    assert.equal(device.bufferCount, 0);
    device.dispose();
  },
});

Deno.test({
  name: "webgpu gives deferred results in order, the very bits of steps that waited",
  ignore,
  async fn() {
    const device = await WebgpuDevice.open();
    const [waiting, deferring] = [await openProgram(device), await openProgram(device)];
    const expected: StepResult[] = [];
    const results: Promise<StepResult>[] = [];
    let known = 0;
    for (let step = 0; step < 40; step++) { // more than the ring holds
      expected.push(await waiting.training.step(smallFeeds(step), settings(step)));
      const result = deferring.training.step(smallFeeds(step), settings(step, step < 39));
      results.push(result);
      result.then(() => known++);
      await new Promise((resolve) => setTimeout(resolve));
      if (step === 10) assert.equal(known, 0, "nothing is read before it is asked for");
    }
    assert.deepEqual(await Promise.all(results), expected);
    assert.deepEqual(await deferring.training.readState(), await waiting.training.readState());
    device.dispose();
  },
});

Deno.test({
  name: "webgpu changes nothing after a step that was not finite until its result is known",
  ignore,
  async fn() {
    const device = await WebgpuDevice.open();
    const { training } = await openProgram(device);
    await training.step(smallFeeds(0), settings(0));
    const before = await training.readState();
    const results = [
      training.step(badFeeds(), settings(1, true)),
      training.step(smallFeeds(2), settings(2, true)),
      training.step(smallFeeds(3), settings(3)),
    ];
    assert.deepEqual((await Promise.all(results)).map(({ applied }) => applied), [false, false, false]);
    assert.deepEqual(await training.readState(), before);
    assert.equal((await training.step(smallFeeds(1), settings(1))).applied, true);
    device.dispose();
  },
});

Deno.test({
  name: "webgpu changes nothing after such a step, however many steps are deferred behind it",
  ignore,
  async fn() {
    const device = await WebgpuDevice.open();
    const { training } = await openProgram(device);
    const before = await training.readState();
    const results = [training.step(badFeeds(), settings(0, true))];
    // More than the ring holds: it is read in between, which does not mean that the caller has looked.
    for (let step = 1; step < 40; step++) {
      results.push(training.step(smallFeeds(step), settings(step, true)));
      await new Promise((resolve) => setTimeout(resolve));
    }
    results.push(training.step(smallFeeds(40), settings(40)));
    assert.deepEqual((await Promise.all(results)).filter(({ applied }) => applied), []);
    assert.deepEqual(await training.readState(), before);
    assert.equal((await training.step(smallFeeds(1), settings(0))).applied, true);
    device.dispose();
  },
});

Deno.test({
  name: "webgpu gives the results of deferred steps with the state",
  ignore,
  async fn() {
    const device = await WebgpuDevice.open();
    const { training } = await openProgram(device);
    const result = training.step(smallFeeds(0), settings(0, true));
    await training.readState();
    assert.equal((await result).applied, true);
    training.dispose();
    assert.equal(device.bufferCount, 0);
    device.dispose();
  },
});

Deno.test({
  name: "webgpu rejects every step that waited when the device is lost",
  ignore,
  async fn() {
    const device = await WebgpuDevice.open();
    const { training } = await openProgram(device);
    const results = [training.step(smallFeeds(0), settings(0, true))];
    await new Promise((resolve) => setTimeout(resolve));
    device.gpu.destroy();
    results.push(training.step(smallFeeds(1), settings(1)));
    for (const { status, reason } of await Promise.allSettled(results) as PromiseRejectedResult[]) {
      assert.equal(status, "rejected");
      assert.equal(reason.code, "device");
    }
  },
});

Deno.test({
  name: "webgpu refuses before the first step what no buffer holds, naming layer and limit",
  ignore,
  async fn() {
    const executor = await createExecutor("webgpu");
    const device = await WebgpuDevice.open();
    const limit = device.gpu.limits.maxStorageBufferBindingSize;
    device.dispose();
    const side = Math.ceil(Math.sqrt(limit / 8)) + 1;
    const initializer = { kind: "heNormal", fanIn: 9 } as const;
    const filter = parameter({ name: "wide.conv1", initializer, trainable: true, isWeight: true }, [
      3,
      3,
      1,
      4,
    ]);
    const x = conv2d(input("images", [1, side, side, 1]), filter);
    const wide = { ...graph, objective: reduceSum(multiply(x, x)), outputs: {}, stateUpdates: [] };
    await assert.rejects(executor.compileTraining(wide, allParameters(wide)), {
      code: "device",
      message: new RegExp(`wide\\.conv1.* must fit in ${limit} bytes`),
    });
    assert.equal(executor.tensorCount(), 0);
    await executor.dispose();
  },
});

Deno.test({
  name: "chooseTuning() measures once and keeps no buffers",
  ignore,
  async fn() {
    const device = await openUnmeasured();
    let buffers = 0;
    const createBuffer = device.createBuffer.bind(device);
    device.createBuffer = (...options) => (buffers++, createBuffer(...options));
    const tuning = await chooseTuning(device);
    assert.ok(Object.values(tunings).includes(tuning));
    assert.equal(device.bufferCount, 0);
    const measured = buffers;
    assert.ok(measured > 0);
    assert.equal(await chooseTuning(device), tuning);
    assert.equal(buffers, measured, "what was found is not measured again");
    device.dispose();
  },
});

Deno.test({
  name: "fastest() compares tiles, too, and keeps no buffers",
  ignore,
  async fn() {
    const device = await openUnmeasured();
    const candidates = [tunings.shared, { ...tunings.wide, wideTiles: 1 }];
    const found = await fastest(device, candidates, { images: [1, 8, 8, 4], filters: 16 });
    assert.ok(candidates.includes(found));
    assert.equal(device.bufferCount, 0);
    device.dispose();
  },
});

Deno.test({
  name: "chooseTuning() finds registers faster on an emulated adapter",
  ignore,
  async fn() {
    // What else the processor does may disturb one measurement, but not all of them.
    for (let attempt = 1; attempt <= 5; attempt++) {
      const device = await openUnmeasured();
      const tuning = await chooseTuning(device);
      const { isHardware } = device.report;
      device.dispose();
      if (isHardware || tuning === tunings.registers) return;
    }
    assert.fail("it took the other kernels five times");
  },
});

Deno.test({
  name: "chooseTuning() takes what was kept, and measures where that is damaged",
  ignore,
  async fn() {
    const device = await openUnmeasured();
    for (const tuning of Object.values(tunings)) {
      const measurements = { get: () => tuning.products, set: () => assert.fail("nothing is measured") };
      assert.equal(await chooseTuning(device, measurements), tuning);
    }
    device.dispose();
    const other = await openUnmeasured();
    let kept: unknown;
    const damaged = {
      get: () => ({ products: "none" }),
      set: (_: string, products: unknown) => Promise.resolve(void (kept = products)),
    };
    const { products } = await chooseTuning(other, damaged);
    assert.equal(kept, products);
    assert.ok(products in tunings);
    other.dispose();
  },
});

Deno.test({
  name: "webgpu plans to the byte what the device then holds",
  ignore,
  async fn() {
    const device = await WebgpuDevice.open();
    for (const optimizer of optimizers) {
      const compiled = compileStep(smallTrainingGraph(optimizer), {
        tuning: tunings.registers,
        maxBuffers: 8,
      });
      const planned = totalBytes(programMemory(compiled, Infinity));
      const program = await WebgpuProgram.create(device, compiled);
      assert.equal(planned, device.bufferBytes);
      const training = new WebgpuTrainingProgram(device, program, optimizer.rule);
      assert.equal(totalBytes(training.memory), device.bufferBytes);
      training.dispose();
      assert.equal(device.bufferBytes, 0);
    }
    device.dispose();
  },
});

Deno.test({
  name: "webgpu says how much device memory a program takes",
  ignore,
  async fn() {
    const executor = await createExecutor("webgpu");
    const program = await executor.compileTraining(graph, allParameters(graph));
    const total = totalBytes(program.memory);
    assert.ok(total > 10_000 && total < 1e6, `${total}`);
    program.dispose();
    await executor.dispose();
  },
});
