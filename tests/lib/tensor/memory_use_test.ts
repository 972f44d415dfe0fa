import assert from "node:assert/strict";
import { sizeOf } from "../../../lib/shape.ts";
import { gradients } from "../../../lib/tensor/autodiff.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import { Schedule } from "../../../lib/tensor/executors/schedule.ts";
import { memoryLimitBytes } from "../../../lib/tensor/executors/wasm_memory.ts";
import type { Handle, TensorDevice } from "../../../lib/tensor/executors/tensor_device.ts";
import {
  conv2d,
  input,
  inputsOf,
  type Node,
  parameter,
  parametersOf,
  relu,
} from "../../../lib/tensor/graph.ts";
import { enoughMemoryLine, memoryLine, type MemoryUse, totalBytes } from "../../../lib/tensor/memory_use.ts";
import { allParameters, optimizers, smallTrainingGraph } from "./executor_checks.ts";

/** A device that computes nothing and counts the bytes it would hold. */
function countingDevice(): { device: TensorDevice; held: () => number; most: () => number } {
  let [held, most] = [0, 0];
  const take = (shape: readonly number[]): Handle => {
    most = Math.max(most, held += 4 * sizeOf(shape));
    return { dataId: { holds: 1, bytes: 4 * sizeOf(shape) }, shape: [...shape], dtype: "float32" };
  };
  const block = ({ dataId }: Handle) => dataId as { holds: number; bytes: number };
  const retain = (handle: Handle): Handle => (block(handle).holds++, handle);
  const device: TensorDevice = {
    info: { kind: "cpu", name: "counting", isHardware: false },
    compile: ({ operation: { kind }, shape }) => ([x]) =>
      kind === "reshape" || kind === "stopGradient" ? retain(x) : take(shape),
    upload: ({ shape }) => take(shape),
    retain,
    release: (handle) => void (--block(handle).holds === 0 && (held -= block(handle).bytes)),
    read: () => Promise.resolve([]),
    compileUpdate: () => assert.fail("nothing is updated"),
    tensorCount: () => 0,
    dispose() {},
  };
  return { device, held: () => held, most: () => most };
}

function handlesOf(device: TensorDevice, nodes: ReadonlyMap<string, Node>): Map<string, Handle> {
  return new Map(
    [...nodes].map(([name, { shape }]) => [name, device.upload({ shape, data: new Float32Array() })]),
  );
}

Deno.test("Schedule.peak is the most that a run holds at once", () => {
  const graph = smallTrainingGraph(optimizers[0]);
  const trained = [...parametersOf([graph.objective]).values()];
  const outputs = [graph.objective, ...Object.values(graph.outputs), ...gradients(graph.objective, trained)];
  const { device, held, most } = countingDevice();
  const schedule = new Schedule(device, outputs);
  const feeds = handlesOf(device, inputsOf(outputs));
  const parameters = new Map(
    [...handlesOf(device, parametersOf(outputs))].map(([name, handle]) => [name, { handle }]),
  );
  const before = held();
  const handles = schedule.run({ feeds, parameters });
  assert.equal(schedule.peak.bytes, most() - before);
  assert.ok(schedule.peak.bytes > held() - before, "values within the run take more than what it gives out");
  handles.forEach((handle) => device.release(handle));
  assert.equal(held(), before);
});

Deno.test("wasm refuses before the first step what its memory never holds, naming layer and limit", async () => {
  const executor = await createExecutor("wasm", { threads: 1 });
  const initializer = { kind: "heNormal", fanIn: 9 } as const;
  const filter = parameter({ name: "wide.conv1", initializer, trainable: true, isWeight: true }, [
    3,
    3,
    1,
    4,
  ]);
  const output = relu(conv2d(input("images", [1, 2 ** 14, 2 ** 14, 1]), filter));
  const parameters = new Map([["wide.conv1", { shape: filter.shape, data: new Float32Array(36) }]]);
  await assert.rejects(async () => await executor.compileInference({ output }, parameters), {
    code: "device",
    message: new RegExp(`memory of ${memoryLimitBytes} bytes.*at wide\\.conv1`),
  });
  assert.equal(executor.tensorCount(), 0);
  await executor.dispose();
});

Deno.test("cpu and wasm plan the parameters, moments and inputs that they hold", async () => {
  for (const kind of ["cpu", "wasm"] as const) {
    const executor = await createExecutor(kind, { threads: 1 });
    for (const optimizer of optimizers) {
      const graph = smallTrainingGraph(optimizer);
      const parameters = allParameters(graph);
      const program = await executor.compileTraining(graph, parameters);
      const part = (name: string) => program.memory.parts.find((one) => one.name === name)!.bytes;
      const bytes = (names: (name: string) => boolean) =>
        [...parameters].reduce((sum, [name, { data }]) => sum + (names(name) ? data.byteLength : 0), 0);
      assert.equal(part("parameters"), bytes(() => true));
      const moments = optimizer.rule.kind === "sgd" ? 1 : 2;
      assert.equal(part("moments"), moments * bytes((name) => name !== "running"));
      assert.equal(part("inputs"), 4 * (6 * 10 * 9 + 6 * 5 + 36));
      assert.equal(program.memory.tightest === undefined, kind === "cpu");
      program.dispose();
    }
    await executor.dispose();
  }
});

Deno.test("memoryLine() gives parts, their sum and the nearest limit in MiB", () => {
  const parts = [{ name: "values", bytes: 3 * 2 ** 20 }, { name: "inputs", bytes: 2 ** 19 }, {
    name: "x",
    bytes: 99,
  }];
  assert.equal(totalBytes({ parts }), 3.5 * 2 ** 20 + 99);
  assert.equal(memoryLine({ parts }), "3.5 MiB (values 3.0, inputs 0.5, x 0.00009)");
  const use: MemoryUse = { parts, tightest: { label: "relu", bytes: 2 ** 20, limitBytes: 2 ** 27 } };
  assert.match(memoryLine(use), /; nearest to the device's limit: relu, 1\.0 of 128\.0$/);
  const sum = "a step takes 3.5 MiB (values 3.0, inputs 0.5, x 0.00009) of memory";
  assert.equal(enoughMemoryLine({ parts }), sum);
  assert.equal(enoughMemoryLine(use), `${sum}, 1 % of what the device allows at once: enough`);
});
