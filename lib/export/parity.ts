/**
 * Agreement of an exported network with the one it was exported from, measured on noise.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { Random } from "../random.ts";
import { encodeSafetensors, type SafetensorsTensor } from "../records/safetensors.ts";
import { sizeOf } from "../shape.ts";
import type { Executor, Tensor, Tensors } from "../tensor/executor.ts";
import { inputsOf, type Node } from "../tensor/graph.ts";
import type { ExportableNetwork } from "./encoder_networks.ts";
import type { ChannelsAxis } from "./preprocessing.ts";

/** Two programs agree when their results differ by at most this share of the largest value. */
export const parityTolerance = 1e-4;

/** Rows of noise that are compared; not 1, so that a batch is. */
const rows = 2;

/** Inputs of noise and what our own executor makes of them. Noise, because an export leaves the house: patients stay. */
export interface ParitySamples {
  /** Rows of each. */
  rows: number;
  /** By name of the input; `[rows, H, W, 1]`. */
  inputs: Map<string, Tensor>;
  /** By name of the network. */
  outputs: Map<string, Tensor>;
}

/** Runs networks on noise: frames in [−1, 1], spectrograms of mean 0 and deviation 1. */
export async function paritySamples(
  networks: readonly ExportableNetwork[],
  parameters: Tensors,
  executor: Executor,
): Promise<ParitySamples> {
  const inputs = new Map<string, Tensor>();
  const outputs = new Map<string, Tensor>();
  for (const { name, input, output, build } of networks) {
    const built = build(rows);
    const { shape } = inputsOf(Object.values(built)).get(input)!;
    const feed = inputs.get(input) ?? noise(input, shape);
    inputs.set(input, feed);
    outputs.set(name, await runOnce(executor, built[output], parameters, new Map([[input, feed]])));
  }
  return { rows, inputs, outputs };
}

function noise(input: string, shape: readonly number[]): Tensor {
  const random = new Random(1, "parity", input);
  const draw = input === "frames" ? () => random.uniform(-1, 1) : () => random.normal();
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, draw) };
}

/** Runs a network once. */
export async function runOnce(
  executor: Executor,
  output: Node,
  parameters: Tensors,
  feeds: Tensors,
): Promise<Tensor> {
  const program = await executor.compileInference({ output }, parameters);
  try {
    return (await program.run(feeds)).get("output")!;
  } finally {
    program.dispose();
  }
}

/**
 * The largest difference of two results as a share of the largest expected value.
 *
 * @throws SonospeechError `input` when it is above {@linkcode parityTolerance}: such an export would be another
 * network under this one's name.
 */
export function requireParity(what: string, found: Tensor, expected: Tensor): number {
  let [difference, largest] = [0, 0];
  expected.data.forEach((value, i) => {
    const off = Math.abs(found.data[i] - value);
    difference = Number.isFinite(off) ? Math.max(difference, off) : Infinity;
    largest = Math.max(largest, Math.abs(value));
  });
  const error = found.data.length === expected.data.length ? difference / (largest || 1) : Infinity;
  if (error <= parityTolerance) return error;
  throw new SonospeechError("input", {
    action: `export ${what}`,
    must: `what was written must compute the same as the run to ${parityTolerance} of the largest value`,
    received: error,
    hint: "check that the checkpoint's values are finite",
  });
}

/** The samples as a safetensors file; inputs are `[rows, 1, H, W]`, or `[rows, H, W, 1]` where channels are last. */
export function encodeParitySamples(
  { inputs, outputs }: ParitySamples,
  channels: ChannelsAxis = "first",
): Uint8Array {
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, { shape: [count, height, width], data }] of inputs) {
    tensors.set(name, {
      dtype: "F32",
      shape: channels === "first" ? [count, 1, height, width] : [count, height, width, 1],
      data,
    });
  }
  for (const [name, { shape, data }] of outputs) tensors.set(name, { dtype: "F32", shape, data });
  return encodeSafetensors(tensors, { content: "noise, and what the exported networks make of it" });
}
