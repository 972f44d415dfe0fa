/**
 * Growth in measurements that go up and down with every garbage collection.
 *
 * @module
 */

import { fitLine } from "./statistics.ts";

/** What was seen of a process's memory. */
export interface MemorySample {
  /** Steps done. */
  step: number;
  /** Of the whole process. */
  residentBytes: number;
  /** Of the JavaScript engine, and of the buffers it manages. */
  heapBytes: number;
  /** Tensors that the device holds. */
  deviceTensors: number;
}

/** Steps are put into so many groups; the lowest of a group is what was left after collecting. */
const groups = 20;
/** The share of the steps in which compilers and caches still fill up. */
const warmUpShare = 0.25;

/**
 * What the process grows by over as many steps as were made: the slope of the lowest measurements, after a quarter of
 * the steps, times the number of steps. Device tensors are counted exactly, from there to the end.
 *
 * @throws RangeError with fewer than 40 samples, which would tell nothing.
 */
export function memoryGrowth(
  samples: readonly MemorySample[],
): Pick<MemorySample, "residentBytes" | "heapBytes" | "deviceTensors"> {
  if (samples.length < 2 * groups) {
    throw new RangeError(`Cannot tell growth: ${2 * groups} samples are needed, received ${samples.length}`);
  }
  const steps = samples.at(-1)!.step;
  const warm = samples.filter(({ step }) => step >= warmUpShare * steps);
  const size = Math.ceil(warm.length / groups);
  const grouped = Array.from({ length: Math.ceil(warm.length / size) }, (_, g) => {
    return warm.slice(g * size, (g + 1) * size);
  });
  const growth = (of: (sample: MemorySample) => number) => {
    const lowest = grouped.map((group): [number, number] => {
      const sample = group.reduce((a, b) => of(b) < of(a) ? b : a);
      return [sample.step, of(sample)];
    });
    return fitLine(lowest).slope * steps;
  };
  return {
    residentBytes: growth(({ residentBytes }) => residentBytes),
    heapBytes: growth(({ heapBytes }) => heapBytes),
    deviceTensors: warm.at(-1)!.deviceTensors - warm[0].deviceTensors,
  };
}
