/**
 * Choosing and opening a device.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { Random } from "../random.ts";
import { trialMilliseconds } from "./device_trial.ts";
import type { DeviceInfo, Executor, Tensor } from "./executor.ts";
import { GraphExecutor } from "./executors/graph_executor.ts";
import { openArrayDevice, openWasmDevice } from "./executors/host_device.ts";
import { type AdapterReport, findAdapter, reportAdapter } from "./executors/webgpu_adapter.ts";
import { openWebgpuExecutor } from "./executors/webgpu_executor.ts";
import { input, matMul, type Node, parameter, reduceSum } from "./graph.ts";
import type { DeviceMeasurements } from "./measurements.ts";

export type { AdapterReport } from "./executors/webgpu_adapter.ts";
export type { DeviceMeasurements } from "./measurements.ts";

/** Options of {@linkcode createExecutor} and {@linkcode chooseDevice}. */
export interface ExecutorOptions {
  /**
   * Threads that compute on wasm, the caller's included; by default as many as there are cores, but 8 at most. Results
   * do not depend on it.
   */
  threads?: number;
  /** Keeps what was measured of devices; without it, it is measured in every process. */
  measurements?: DeviceMeasurements;
  /** Hears why `auto` takes which device. */
  onNote?: (note: string) => void;
}

/** What a user may ask for. */
export type DeviceChoice = "auto" | DeviceInfo["kind"];

/**
 * Opens the executor of one kind. Several may live side by side.
 *
 * @throws SonospeechError `device` when there is no such device.
 */
export async function createExecutor(
  kind: DeviceInfo["kind"],
  options: ExecutorOptions = {},
): Promise<Executor> {
  if (kind === "wasm") return new GraphExecutor(openWasmDevice(options.threads));
  if (kind === "cpu") return new GraphExecutor(openArrayDevice());
  return await openWebgpuExecutor({ measurements: options.measurements });
}

/**
 * Opens the device asked for. `auto` takes the one of the graphics adapter and WebAssembly on which a short trial
 * (`device_trial.ts`) trains faster, and WebAssembly where there is no adapter or it fails.
 *
 * @throws SonospeechError `device` when the device asked for is not there.
 */
export async function chooseDevice(choice: DeviceChoice, options: ExecutorOptions = {}): Promise<Executor> {
  if (choice !== "auto") return await createExecutor(choice, options);
  const { onNote = () => {} } = options;
  const adapter = await findAdapter();
  if (adapter === undefined) {
    onNote("auto takes wasm: there is no graphics adapter");
    return await createExecutor("wasm", options);
  }
  return await fasterDevice(reportAdapter(adapter), options, onNote);
}

/** Milliseconds of a trial step. */
interface TrialTimes {
  wasm: number;
  webgpu: number;
}

async function fasterDevice(
  { name, vendor }: AdapterReport,
  options: ExecutorOptions,
  onNote: (note: string) => void,
): Promise<Executor> {
  const wasm = await createExecutor("wasm", options);
  let webgpu: Executor | undefined;
  try {
    const key = `trial of ${vendor} ${name} and ${wasm.device.name}`;
    const kept = options.measurements?.get(key);
    const times = isTrialTimes(kept)
      ? kept
      : await measureTrial(wasm, webgpu = await createExecutor("webgpu", options));
    if (times !== kept) await options.measurements?.set(key, times);
    const taken = times.webgpu < times.wasm ? webgpu ??= await createExecutor("webgpu", options) : wasm;
    const [host, adapter] = [times.wasm, times.webgpu].map((time) => Number(time.toPrecision(2)));
    onNote(
      `auto takes ${taken.device.kind}: a trial step takes ${host} ms on wasm, ` +
        `${adapter} ms on ${name}${times === kept ? ", as measured before" : ""}`,
    );
    await (taken === wasm ? webgpu : wasm)?.dispose();
    return taken;
  } catch (error) {
    await webgpu?.dispose();
    if (!(error instanceof SonospeechError) || error.code !== "device") {
      await wasm.dispose();
      throw error;
    }
    onNote(`auto takes wasm: ${name} failed in a trial: ${error.message}`);
    return wasm;
  }
}

async function measureTrial(wasm: Executor, webgpu: Executor): Promise<TrialTimes> {
  const times = { wasm: await trialMilliseconds(wasm), webgpu: 0 };
  return { ...times, webgpu: await trialMilliseconds(webgpu, 3 * times.wasm + readingMilliseconds) };
}

/** What waiting for one result costs on a graphics adapter, whatever it computed. */
const readingMilliseconds = 25;

function isTrialTimes(value: unknown): value is TrialTimes {
  const times = value as Partial<TrialTimes> | null | undefined;
  return [times?.wasm, times?.webgpu].every((one) => typeof one === "number" && one > 0);
}

/** What the system offers for computing on a graphics adapter: one report, or none where there is no adapter. */
export async function describeAdapters(): Promise<AdapterReport[]> {
  const adapter = await findAdapter();
  return adapter === undefined ? [] : [reportAdapter(adapter)];
}

/**
 * Speed of a product of square matrices, the best of some tries, in 10⁹ multiplications and additions per second.
 * Several products are chained in a run, so that the time of reading the result counts little.
 *
 * @param size Rows and columns; the default takes a fraction of a second on a processor.
 * @throws SonospeechError `device` when the device fails or its result is wrong.
 */
export async function measureGigaflops(executor: Executor, size = 512): Promise<number> {
  const products = 8;
  const shape = [size, size];
  const mixer = parameter(
    { name: "mixer", initializer: { kind: "constant", value: 1 / size }, trainable: false, isWeight: true },
    shape,
  );
  let x: Node = input("x", shape);
  for (let i = 0; i < products; i++) x = matMul(x, mixer);
  const random = new Random(1, "gigaflops");
  const values = (draw: () => number): Tensor => ({
    shape,
    data: Float32Array.from({ length: size * size }, draw),
  });
  const feeds = new Map([["x", values(() => random.uniform())]]);
  const program = await executor.compileInference(
    { sum: reduceSum(x) },
    new Map([["mixer", values(() => 1 / size)]]),
  );
  try {
    let best = Infinity;
    for (let attempt = 0; attempt < 4; attempt++) {
      const start = performance.now();
      const sum = (await program.run(feeds)).get("sum")!.data[0];
      best = Math.min(best, performance.now() - start);
      assertSum(sum, feeds.get("x")!.data);
    }
    return 2 * products * size ** 3 / best / 1e6;
  } finally {
    program.dispose();
  }
}

/** Averaging the columns of a row again and again leaves the sum of all elements as it was. */
function assertSum(sum: number, data: Float32Array): void {
  const expected = data.reduce((total, value) => total + value, 0);
  if (Math.abs(sum / expected - 1) < 1e-3) return;
  throw new SonospeechError("device", {
    action: "measure the device's speed",
    must: `the product's sum must be ${expected.toFixed(1)}`,
    received: sum,
  });
}
