/**
 * Batch normalization on WebAssembly.
 *
 * @module
 */

import { type Shape, sizeOf } from "../../shape.ts";
import type { Node, Operation } from "../graph.ts";
import { gradientSums, inputGradient, momentSums, normalizeChannels } from "../kernels/wasm_batch_norm.ts";
import type { Handle, Kernel } from "./tensor_device.ts";
import type { WasmEngine, WasmJob, WasmKernel } from "./wasm_engine.ts";

/** Bytes of a block that stays in the first-level cache. */
const blockBytes = 8 << 10;
/** Most units: they bound the partial sums. */
const largestUnitCount = 64;

/** How a tensor `[…, C]` is cut into units. */
interface Cut {
  channels: number;
  /** Pixels. */
  rows: number;
  /** Units, and vector instructions of an average kernel. */
  job: WasmJob;
  /** The kernels' last arguments. */
  sizes: readonly number[];
}

function cutOf(shape: Shape): Cut {
  const channels = shape[shape.length - 1];
  const rows = sizeOf(shape) / channels;
  const blockRows = Math.max(1, Math.floor(blockBytes / (4 * channels)));
  const unitRows = blockRows * Math.ceil(rows / (blockRows * largestUnitCount));
  return {
    channels,
    rows,
    job: { units: Math.ceil(rows / unitRows), cost: 2 * rows * channels },
    sizes: [rows, 4 * channels, unitRows, blockRows],
  };
}

/** Makes the moments of a batch ready. */
export function compileMoments({ inputs: [x], shape }: Node, engine: WasmEngine): Kernel {
  const { memory } = engine;
  const cut = cutOf(x.shape);
  const sums = engine.kernel("momentSums", momentSums);
  return ([x]) => {
    const totals = summed(
      engine,
      cut,
      (partials) => engine.run(sums, cut.job, memory.addressOf(x), partials, ...cut.sizes),
    );
    const out = memory.allocate(shape);
    const values = memory.view(out);
    for (let c = 0; c < cut.channels; c++) {
      const mean = totals[c] / cut.rows;
      values[c] = mean;
      values[cut.channels + c] = Math.max(0, totals[cut.channels + c] / cut.rows - mean * mean);
    }
    return out;
  };
}

/** The two sums of each channel, over the units in their order. */
function summed(
  { memory }: WasmEngine,
  { channels, job: { units } }: Cut,
  run: (partials: number) => void,
): Float64Array {
  const handle = memory.allocate([units, 2 * channels, 2]);
  memory.view(handle).fill(0);
  const address = memory.addressOf(handle);
  run(address);
  const partials = new Float64Array(memory.memory.buffer, address, units * 2 * channels);
  const totals = new Float64Array(2 * channels);
  for (let i = 0; i < partials.length;) {
    for (let c = 0; c < totals.length; c++) totals[c] += partials[i++];
  }
  memory.release(handle);
  return totals;
}

type Normalization = Extract<
  Operation,
  { kind: "batchNorm" | "batchNormParameterGradient" | "batchNormInputGradient" }
>;

/** Makes a normalization or one of its gradients ready. */
export function compileBatchNorm(operation: Normalization, node: Node, engine: WasmEngine): Kernel {
  const { epsilon, relu } = operation;
  const cut = cutOf(node.inputs[0].shape);
  const kernel = (make: (relu: boolean) => ReturnType<typeof normalizeChannels>) =>
    engine.kernel(`${make.name} ${relu}`, () => make(relu));
  switch (operation.kind) {
    case "batchNorm":
      return compileForward(kernel(normalizeChannels), epsilon, { cut, node, engine });
    case "batchNormParameterGradient":
      return compileParameterGradient(kernel(gradientSums), epsilon, { cut, node, engine });
    case "batchNormInputGradient":
      return compileInputGradient(kernel(inputGradient), epsilon, { cut, node, engine });
  }
}

interface Place {
  cut: Cut;
  node: Node;
  engine: WasmEngine;
}

/** Mean, scale and shift of each channel: rows 0 to 2 of a tensor of `rows` rows. The caller releases it. */
function channelMap(
  { memory }: WasmEngine,
  [, moments, gamma, beta]: readonly Handle[],
  epsilon: number,
  rows = 3,
): { handle: Handle; map: Float32Array; address: number } {
  const [channels] = gamma.shape;
  const handle = memory.allocate([rows, channels]);
  const map = memory.view(handle);
  const [mean, scale, shift] = [memory.view(moments), memory.view(gamma), memory.view(beta)];
  for (let c = 0; c < channels; c++) {
    map[c] = mean[c];
    map[channels + c] = scale[c] / Math.sqrt(mean[channels + c] + epsilon);
    map[2 * channels + c] = shift[c];
  }
  return { handle, map, address: memory.addressOf(handle) };
}

function compileForward(kernel: WasmKernel, epsilon: number, { cut, node, engine }: Place): Kernel {
  const { memory } = engine;
  return (inputs) => {
    const { handle, address } = channelMap(engine, inputs, epsilon);
    const out = memory.allocate(node.shape);
    engine.run(kernel, cut.job, memory.addressOf(inputs[0]), address, memory.addressOf(out), ...cut.sizes);
    memory.release(handle);
    return out;
  };
}

function compileParameterGradient(
  kernel: WasmKernel,
  epsilon: number,
  { cut, node, engine }: Place,
): Kernel {
  const { memory } = engine;
  const { channels } = cut;
  return (inputs) => {
    const [x, moments, , , dy] = inputs;
    const { handle, address } = channelMap(engine, inputs, epsilon);
    const totals = summed(
      engine,
      cut,
      (partials) =>
        engine.run(
          kernel,
          cut.job,
          memory.addressOf(x),
          memory.addressOf(dy),
          address,
          partials,
          ...cut.sizes,
        ),
    );
    memory.release(handle);
    const out = memory.allocate(node.shape);
    const [values, variance] = [memory.view(out), memory.view(moments).subarray(channels)];
    for (let c = 0; c < channels; c++) {
      values[c] = totals[channels + c] / Math.sqrt(variance[c] + epsilon);
      values[channels + c] = totals[c];
    }
    return out;
  };
}

function compileInputGradient(kernel: WasmKernel, epsilon: number, { cut, node, engine }: Place): Kernel {
  const { memory } = engine;
  const { channels, rows } = cut;
  return (inputs) => {
    const [x, moments, , , dy, gradient] = inputs;
    const { handle, map, address } = channelMap(engine, inputs, epsilon, 5);
    const [sums, variance] = [memory.view(gradient), memory.view(moments).subarray(channels)];
    for (let c = 0; c < channels; c++) {
      const scale = map[channels + c];
      map[3 * channels + c] = -scale * sums[c] / (rows * Math.sqrt(variance[c] + epsilon));
      map[4 * channels + c] = -scale * sums[channels + c] / rows;
    }
    const out = memory.allocate(node.shape);
    const addresses = [x, dy].map((one) => memory.addressOf(one));
    engine.run(kernel, cut.job, ...addresses, address, memory.addressOf(out), ...cut.sizes);
    memory.release(handle);
    return out;
  };
}
