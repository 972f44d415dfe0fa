/**
 * Which kernels and tiles an adapter runs fastest: found by a short measurement, not by its name.
 *
 * @module
 */

import { compileForward } from "../compiler/compile.ts";
import { conv2d, input } from "../graph.ts";
import type { Shape } from "../../shape.ts";
import { type Tuning, tunings } from "../kernels/wgsl_tuning.ts";
import type { DeviceMeasurements } from "../measurements.ts";
import type { WebgpuDevice } from "./webgpu_device.ts";
import { WebgpuProgram } from "./webgpu_program.ts";

/** A measurement that takes less than this says nothing beside the 10 ms of reading back. */
const leastMilliseconds = 25;
/** Repetitions in one measurement, at most. */
const mostRepetitions = 4096;

/** What was found in this process, by adapter and driver. */
const found = new Map<string, Promise<Tuning>>();

/** The tuning for an adapter; measured once for each, which takes a second on a processor and less on a chip. */
export function chooseTuning(device: WebgpuDevice, measurements?: DeviceMeasurements): Promise<Tuning> {
  const { name, vendor } = device.report;
  const key = `kernels of ${vendor} ${name}`;
  const tuning = recall(key, measurements) ?? found.get(key) ?? measureAndKeep(device, key, measurements);
  found.set(key, tuning);
  tuning.catch(() => found.delete(key));
  return tuning;
}

function recall(key: string, measurements?: DeviceMeasurements): Promise<Tuning> | undefined {
  const products = measurements?.get(key);
  const tuning = Object.values(tunings).find((one) => one.products === products);
  return tuning && Promise.resolve(tuning);
}

async function measureAndKeep(
  device: WebgpuDevice,
  key: string,
  measurements?: DeviceMeasurements,
): Promise<Tuning> {
  const tuning = await measure(device);
  await measurements?.set(key, tuning.products);
  return tuning;
}

/** The family first, as large tiles take seconds where none should be in workgroup memory. */
async function measure(device: WebgpuDevice): Promise<Tuning> {
  const { registers, shared, wide } = tunings;
  const family = await fastest(device, [registers, shared], { images: [8, 16, 16, 32], filters: 64 });
  if (family === registers) return family;
  return fastest(device, [shared, wide], { images: [8, 56, 56, 64], filters: 128 });
}

/** Times a convolution by each candidate, more and more often until the fastest takes long enough. */
export async function fastest(
  device: WebgpuDevice,
  candidates: readonly Tuning[],
  { images, filters }: { images: Shape; filters: number },
): Promise<Tuning> {
  const trials: { tuning: Tuning; program: WebgpuProgram; milliseconds: number }[] = [];
  const output = conv2d(input("images", images), input("filter", [3, 3, images[3], filters]));
  try {
    for (const tuning of candidates) {
      const compiled = compileForward({ output }, { tuning, maxBuffers: 8 });
      const program = await WebgpuProgram.create(device, compiled);
      trials.push({ tuning, program, milliseconds: 0 });
      await time(device, program, 1); // drivers compile at the first run
    }
    for (let repetitions = 1; repetitions <= mostRepetitions; repetitions *= 4) {
      for (const one of trials) one.milliseconds = await time(device, one.program, repetitions);
      if (Math.min(...trials.map(({ milliseconds }) => milliseconds)) > leastMilliseconds) break;
    }
    return trials.reduce((a, b) => b.milliseconds < a.milliseconds ? b : a).tuning;
  } finally {
    for (const { program } of trials) program.dispose();
  }
}

async function time(device: WebgpuDevice, program: WebgpuProgram, repetitions: number): Promise<number> {
  const start = performance.now();
  const encoder = device.gpu.createCommandEncoder();
  for (let i = 0; i < repetitions; i++) program.encode(encoder);
  device.gpu.queue.submit([encoder.finish()]);
  await device.read([{ buffer: program.area("results"), offset: 0, size: 1 }]);
  return performance.now() - start;
}
