/**
 * What a training step costs besides the arithmetic, on the graphics adapter: dispatches, device memory, and the time
 * that the program's own thread computes in a step, uploads and readings included, when results are read every 16
 * steps; and which share of such a step the device computes. An emulated adapter computes on the program's own cores,
 * so the clock on the wall says nothing about the thread: Linux's account of its time does. It also empties the
 * thread's caches, so that the same commands are timed with nothing to compute, too.
 *
 * @module
 */

import { nextTurn } from "../../../lib/event_loop.ts";
import { type CompiledProgram, compileStep } from "../../../lib/tensor/compiler/compile.ts";
import type { Dispatch } from "../../../lib/tensor/compiler/value.ts";
import { type Tensors, totalBytes, type TrainingGraph } from "../../../lib/tensor/executor.ts";
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
  /** The same where the device has nothing to compute. */
  idleThreadMs: number;
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
  const { dispatches, plan } = compiled;
  const run = { device, graph, values: parameterValues(compiled, parameters), batches };
  const computing = await timeSteps(run, compiled, 4);
  const idle = await timeSteps(run, { ...compiled, dispatches: dispatches.map(withoutWork) }, 24);
  const overhead: Overhead = {
    model: name,
    dispatches: dispatches.length,
    deviceBytes: computing.deviceBytes,
    sharedShare: plan.slots.reduce((sum, slot) => sum + slot, 0) / plan.unsharedSize,
    threadMs: computing.threadMs,
    idleThreadMs: idle.threadMs,
    busyShare: computing.busyShare,
    busyIsExact: computing.busyIsExact,
  };
  device.dispose();
  return overhead;
}

/** The same command with no workgroup; what writes a step's results stays, as they tell whether the device lives. */
function withoutWork(dispatch: Dispatch): Dispatch {
  const writesResults = dispatch.bindings.some(({ access, value: { place } }) => {
    return access === "write" && place?.kind === "area" && place.area === "results";
  });
  return writesResults ? dispatch : { ...dispatch, workgroups: [0, 0] };
}

interface TimedRun {
  device: WebgpuDevice;
  graph: TrainingGraph;
  values: Tensors;
  batches: readonly Tensors[];
}

/** Trains for some strides, of which the first is not counted. */
async function timeSteps(
  { device, graph, values, batches }: TimedRun,
  compiled: CompiledProgram,
  strides: number,
): Promise<Pick<Overhead, "deviceBytes" | "threadMs" | "busyShare" | "busyIsExact">> {
  const program = await WebgpuProgram.create(device, compiled);
  program.writeParameters(values);
  const training = new WebgpuTrainingProgram(device, program, graph.optimizer);
  const clock = deviceClock(device, program, stride);
  const [own, busy]: number[][] = [[], []];
  for (let block = 0, step = 0; block < strides; block++) {
    const results = [];
    const [before, start] = [threadMilliseconds(), performance.now()];
    for (let i = 0; i < stride; i++, step++) {
      const deferred = i < stride - 1;
      clock.next();
      results.push(training.step(batches[step % batches.length], { learningRate, step, deferred }));
      if (deferred) await nextTurn();
    }
    await Promise.all(results);
    const wall = performance.now() - start;
    own.push((threadMilliseconds() - before) / stride);
    busy.push(await clock.read() / wall);
  }
  const timed = {
    deviceBytes: totalBytes(training.memory),
    threadMs: median(own.slice(1)),
    busyShare: median(busy.slice(1)),
    busyIsExact: clock.isExact,
  };
  clock.dispose();
  training.dispose();
  return timed;
}

function targetsOf(
  { model, dispatches, threadMs, idleThreadMs, busyShare }: Overhead,
  hasHardware: boolean,
): Target[] {
  const busy = { what: `${model}: share of a step that the device computes`, value: busyShare, least: 0.9 };
  if (model !== "S") return hasHardware ? [busy] : [];
  return [
    { what: "S: dispatches of a step", value: dispatches, most: 170 },
    { what: "S: the program's thread in a step", value: threadMs, most: 1, unit: "ms" },
    { what: "S: the same with nothing to compute", value: idleThreadMs, most: 1, unit: "ms" },
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
    { model, dispatches, deviceBytes, sharedShare, threadMs, idleThreadMs, busyShare, busyIsExact },
  ) => [
    model,
    String(dispatches),
    milliseconds(threadMs),
    milliseconds(idleThreadMs),
    mebibytes(deviceBytes),
    sharedShare.toFixed(2),
    percent(busyShare) + (busyIsExact ? "" : ", estimated"),
  ]);
  const heads = [
    "model",
    "dispatches",
    "ms of the thread a step",
    "with nothing to compute",
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
