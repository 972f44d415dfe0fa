/**
 * Max-pooling on WebAssembly.
 *
 * @module
 */

import { sizeOf } from "../../shape.ts";
import type { Node } from "../graph.ts";
import { maxPoolFunction, maxPoolGradientFunction, type PoolSizes } from "../kernels/wasm_pool.ts";
import type { Kernel } from "./tensor_device.ts";
import type { WasmEngine } from "./wasm_engine.ts";

/** Makes a pooling ready whose channels are whole vectors. */
export function compilePool(
  geometry: PoolSizes["geometry"],
  { inputs, shape }: Node,
  engine: WasmEngine,
): Kernel {
  const sizes = { image: inputs[0].shape, output: shape, geometry };
  const kernel = engine.kernel(`maxPool ${JSON.stringify(sizes)}`, () => maxPoolFunction(sizes));
  const units = shape[0] * shape[1];
  return computing(kernel, { units, cost: costOf(sizes) }, shape, engine);
}

/** Makes its gradient ready. */
export function compilePoolGradient(
  geometry: PoolSizes["geometry"],
  { inputs, shape }: Node,
  engine: WasmEngine,
): Kernel {
  const sizes = { image: shape, output: inputs[1].shape, geometry };
  const kernel = engine.kernel(
    `maxPoolGradient ${JSON.stringify(sizes)}`,
    () => maxPoolGradientFunction(sizes),
  );
  return computing(kernel, { units: shape[0], cost: 3 * costOf(sizes) }, shape, engine);
}

function costOf({ output, geometry }: PoolSizes): number {
  return sizeOf(output) / 4 * geometry.window[0] * geometry.window[1];
}

function computing(
  kernel: ReturnType<WasmEngine["kernel"]>,
  job: { units: number; cost: number },
  shape: readonly number[],
  engine: WasmEngine,
): Kernel {
  const { memory } = engine;
  return (inputs) => {
    const out = memory.allocate(shape);
    engine.run(kernel, job, ...inputs.map((one) => memory.addressOf(one)), memory.addressOf(out));
    return out;
  };
}
