/**
 * What a training step costs besides the arithmetic, on the graphics adapter: dispatches, device memory, and the time
 * that the program's own thread computes in a step, uploads included, when results are read every 16 steps; and which
 * share of such a step the device computes. An emulated adapter runs commands inside the submit, so the clock on the
 * wall says nothing about the thread: Linux's account of its time does.
 *
 * @module
 */

import { nextTurn } from "../../../lib/event_loop.ts";
import { compileStep } from "../../../lib/tensor/compiler/compile.ts";
import { totalBytes } from "../../../lib/tensor/executor.ts";
import { WebgpuDevice } from "../../../lib/tensor/executors/webgpu_device.ts";
import { parameterValues, WebgpuProgram } from "../../../lib/tensor/executors/webgpu_program.ts";
import { WebgpuTrainingProgram } from "../../../lib/tensor/executors/webgpu_training.ts";
import { chooseTuning } from "../../../lib/tensor/executors/webgpu_tuning.ts";
import { benchModel, learningRate, type ModelName } from "../bench_models.ts";
import { deviceClock } from "../device_clock.ts";
import type { BenchContext, Json, Part, PartResult, Target } from "../part.ts";
import { median } from "../statistics.ts";
import { columns, mebibytes, milliseconds, percent } from "../table.ts";

/** Steps from one reading of results to the next. */
const stride = 16;

/** Milliseconds that this thread has computed, without what it waited. */
function threadMilliseconds(): number {
  return Number(Deno.readTextFileSync("/proc/thread-self/schedstat").split(" ")[0]) / 1e6;
}

interface Overhead {
  model: ModelName;
  dispatches: number;
  /** Device memory that the program has planned. */
  deviceBytes: number;
  /** Memory of values between kernels, over what they would take without sharing. */
  sharedShare: number;
  /** Milliseconds of the thread for each step. */
  threadMs: number;
  /** The share of a step, readings included, in which the device computes. */
  busyShare: number;
  /** Whether the device's own clock told it. */
  busyIsExact: boolean;
}

async function measure(name: ModelName, batch: number, size: number): Promise<Overhead> {
  const { graph, parameters, batches } = benchModel({ name, batch, size });
  const device = await WebgpuDevice.open();
  const target = {
    tuning: await chooseTuning(device),
    maxBuffers: device.gpu.limits.maxStorageBuffersPerShaderStage,
  };
  const compiled = compileStep(graph, target);
  const program = await WebgpuProgram.create(device, compiled);
  program.writeParameters(parameterValues(compiled, parameters));
  const training = new WebgpuTrainingProgram(device, program, graph.optimizer);
  const deviceBytes = totalBytes(training.memory);
  const clock = deviceClock(device, program, stride);
  const [own, busy]: number[][] = [[], []];
  for (let block = 0, step = 0; block < 4; block++) {
    const results = [];
    const [before, start] = [threadMilliseconds(), performance.now()];
    for (let i = 0; i < stride; i++, step++) {
      const deferred = i < stride - 1;
      if (!deferred) own.push((threadMilliseconds() - before) / i);
      clock.next();
      results.push(training.step(batches[step % batches.length], { learningRate, step, deferred }));
      if (deferred) await nextTurn();
    }
    await Promise.all(results);
    const wall = performance.now() - start;
    busy.push(await clock.read() / wall);
  }
  const { dispatches, plan } = compiled;
  const shared = plan.slots.reduce((sum, slot) => sum + slot, 0);
  const overhead: Overhead = {
    model: name,
    dispatches: dispatches.length,
    deviceBytes,
    sharedShare: shared / plan.unsharedSize,
    threadMs: median(own.slice(1)),
    busyShare: median(busy.slice(1)),
    busyIsExact: clock.isExact,
  };
  clock.dispose();
  training.dispose();
  device.dispose();
  return overhead;
}

function targetsOf({ model, dispatches, threadMs, busyShare }: Overhead, hasHardware: boolean): Target[] {
  const busy = { what: `${model}: share of a step that the device computes`, value: busyShare, least: 0.9 };
  if (model !== "S") return hasHardware ? [busy] : [];
  return [
    { what: "S: dispatches of a step", value: dispatches, most: 170 },
    { what: "S: JavaScript of a step", value: threadMs, most: 1, unit: "ms" },
    busy,
  ];
}

async function run({ options, machine, signal, progress }: BenchContext): Promise<PartResult> {
  if (machine.adapter === "none") return { text: "not run: there is no graphics adapter", data: null };
  if (Deno.build.os !== "linux") {
    return { text: "not run: only Linux tells a thread's time", data: null };
  }
  const found: Overhead[] = [];
  const models = options.models.filter((name) => name !== "small" && name !== "paper");
  for (const [i, name] of models.entries()) {
    signal.throwIfAborted();
    found.push(await measure(name, options.batch ?? 32, options.size));
    progress((i + 1) / models.length, `model ${name}`);
  }
  const rows = found.map((
    { model, dispatches, deviceBytes, sharedShare, threadMs, busyShare, busyIsExact },
  ) => [
    model,
    String(dispatches),
    milliseconds(threadMs),
    mebibytes(deviceBytes),
    sharedShare.toFixed(2),
    percent(busyShare) + (busyIsExact ? "" : ", estimated"),
  ]);
  const heads = [
    "model",
    "dispatches",
    "ms of the thread a step",
    "MiB planned",
    "values shared",
    "device computes",
  ];
  return {
    text: columns(heads, rows),
    data: found.map((one): Json => ({ ...one })),
    targets: found.flatMap((one) => targetsOf(one, machine.hasHardwareAdapter)),
  };
}

/** Dispatches and time of the program's own thread. */
export const overheadPart: Part = {
  name: "overhead",
  title: "dispatches and milliseconds of the program's own thread per step, webgpu",
  isDefault: true,
  seconds: ({ models }) => 60 * models.length,
  run,
};
