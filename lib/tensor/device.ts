/**
 * Choosing and opening a device.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { Random } from "../random.ts";
import type { DeviceInfo, Executor, Tensor } from "./executor.ts";
import { GraphExecutor } from "./executors/graph_executor.ts";
import { openHostDevice } from "./executors/host_device.ts";
import type { WasmOptions } from "./executors/host_memory.ts";
import { type AdapterReport, findAdapter, reportAdapter } from "./executors/webgpu_adapter.ts";
import { input, matMul, type Node, parameter, reduceSum } from "./graph.ts";

export type { AdapterReport } from "./executors/webgpu_adapter.ts";

/** Options of {@linkcode createExecutor} and {@linkcode chooseDevice}. */
export type ExecutorOptions = WasmOptions;

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
  if (kind !== "webgpu") return new GraphExecutor(await openHostDevice(kind, options));
  // Loaded on demand: tfjs's WebGPU backend is large, and most of the program's commands need no device.
  const { openWebgpuDevice } = await import("./executors/webgpu_device.ts");
  return new GraphExecutor(await openWebgpuDevice());
}

/**
 * Opens the device asked for. `auto` takes a hardware graphics adapter, else WebAssembly: an emulated adapter is
 * slower than WebAssembly on the same processor.
 *
 * @throws SonospeechError `device` when the device asked for is not there.
 */
export async function chooseDevice(choice: DeviceChoice, options: ExecutorOptions = {}): Promise<Executor> {
  if (choice !== "auto") return await createExecutor(choice, options);
  const adapter = await findAdapter();
  const isHardware = adapter !== undefined && reportAdapter(adapter).isHardware;
  return await createExecutor(isHardware ? "webgpu" : "wasm", options);
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
