/**
 * Memory of programs that are interpreted, known before they run.
 *
 * @module
 */

import { SonospeechError } from "../../errors.ts";
import { sizeOf } from "../../shape.ts";
import { labelOf } from "../compiler/kernel_code.ts";
import { memoryLine, type MemoryUse, totalBytes } from "../memory_use.ts";
import type { Node } from "../graph.ts";
import type { Schedule } from "./schedule.ts";
import type { TensorDevice } from "./tensor_device.ts";

/** What lies in memory besides the values of a run. */
export interface LastingNodes {
  /** Uploaded for each run. */
  inputs: Iterable<Node>;
  /** Kept from run to run. */
  parameters: Iterable<Node>;
  /** Of the optimizer: so many tensors like each of these. */
  moments?: { nodes: Iterable<Node>; each: number };
}

/**
 * What a schedule takes on a device, without what kernels need for themselves in passing.
 *
 * @throws SonospeechError `device` when the device can never hold it, naming where it takes most.
 */
export function scheduleMemory(
  { info, memoryLimitBytes: limitBytes }: TensorDevice,
  { peak }: Schedule,
  { inputs, parameters, moments }: LastingNodes,
): MemoryUse {
  const parts = [
    { name: "values", bytes: peak.bytes },
    { name: "parameters", bytes: bytesOf(parameters) },
    { name: "moments", bytes: moments ? moments.each * bytesOf(moments.nodes) : 0 },
    { name: "inputs", bytes: bytesOf(inputs) },
  ].filter(({ bytes }) => bytes > 0);
  if (limitBytes === undefined) return { parts };
  const bytes = totalBytes({ parts });
  const label = peak.node ? `all of it while computing ${labelOf(peak.node)}` : "all of it";
  const use = { parts, tightest: { label, bytes, limitBytes } };
  if (bytes <= limitBytes) return use;
  throw new SonospeechError("device", {
    action: `make room on ${info.name}`,
    must: `its memory of ${limitBytes} bytes must suffice`,
    received: memoryLine(use),
    hint: "encode batches in chunks (training.chunkSize), or lower data.batchSize or the model's size",
  });
}

function bytesOf(nodes: Iterable<Node>): number {
  let sum = 0;
  for (const { shape } of nodes) sum += 4 * sizeOf(shape);
  return sum;
}
