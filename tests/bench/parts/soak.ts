/**
 * Whether memory stays as it is over a long training: a real one, on a small dataset and a small network, watched from
 * outside of it.
 *
 * @module
 */

import { memoryGrowth, type MemorySample } from "../memory_growth.ts";
import type { DatasetReader } from "../../../lib/data/dataset_store.ts";
import { CheckpointStore } from "../../../lib/records/checkpoint_store.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import type { Executor } from "../../../lib/tensor/executor.ts";
import { train } from "../../../lib/training/trainer.ts";
import type { BenchContext, Part, PartResult } from "../part.ts";
import { makeDataset, runConfigOf } from "../synthetic_data.ts";
import { columns, mebibytes } from "../table.ts";

/** Windows of a step: 10,000 steps see 100,000 windows. */
const batchSize = 10;
/** What the process may grow by over the whole soak, bytes; what is measured wavers by half of that. */
const allowedGrowth = 32 * 2 ** 20;

const config = runConfigOf(
  `data.batchSize=${batchSize}`,
  "model.widthMultiplier=0.25",
  "training.epochs=1000000",
  "training.evaluateEveryEpochs=1000000",
  "training.logEverySteps=16",
);

/** Trains until so many steps are done. @returns What was seen on the way. */
async function trainWatched(
  dataset: DatasetReader,
  executor: Executor,
  { options: { soakSteps }, signal, progress, scratch }: BenchContext,
): Promise<MemorySample[]> {
  const stop = new AbortController();
  const samples: MemorySample[] = [];
  const checkpoints = await CheckpointStore.open(`${scratch}/checkpoints`);
  const events = train({
    config,
    dataset,
    executor,
    checkpoints,
    signal: AbortSignal.any([signal, stop.signal]),
  });
  for await (const event of events) {
    if (event.kind !== "step") continue;
    const { rss, heapUsed, external } = Deno.memoryUsage();
    samples.push({
      step: event.step,
      ...{ residentBytes: rss, heapBytes: heapUsed + external, deviceTensors: executor.tensorCount() },
    });
    progress(0.1 + (0.9 * event.step) / soakSteps, `${event.step} steps, ${mebibytes(rss)} MiB`);
    if (event.step >= soakSteps) stop.abort();
  }
  signal.throwIfAborted();
  return samples;
}

async function run(context: BenchContext): Promise<PartResult> {
  const { machine, scratch, signal, progress } = context;
  const dataset = await makeDataset(scratch, signal);
  progress(0.1);
  const executor = await createExecutor(machine.hasHardwareAdapter ? "webgpu" : "wasm");
  try {
    const samples = await trainWatched(dataset, executor, context);
    const steps = samples.at(-1)!.step;
    const growth = memoryGrowth(samples);
    const passed = growth.residentBytes <= allowedGrowth && growth.deviceTensors === 0;
    const row = (what: string, of: (sample: MemorySample) => number, grown: number) => {
      return [what, ...[samples[0], samples.at(-1)!].map((one) => mebibytes(of(one))), mebibytes(grown)];
    };
    return {
      text: `${steps} steps, ${steps * batchSize} windows, on ${executor.device.kind}; ` +
        `device tensors ${samples[0].deviceTensors} to ${samples.at(-1)!.deviceTensors}\n` +
        columns(["MiB", "first", "last", "growth over as many steps"], [
          row("process", (sample) => sample.residentBytes, growth.residentBytes),
          row("heap", (sample) => sample.heapBytes, growth.heapBytes),
        ]),
      data: { steps, windows: steps * batchSize, device: executor.device.kind, growth: { ...growth } },
      targets: [
        {
          what: "growth of the process",
          value: growth.residentBytes / 2 ** 20,
          most: allowedGrowth / 2 ** 20,
          unit: "MiB",
        },
        { what: "growth of device tensors", value: growth.deviceTensors, most: 0 },
      ],
      passed,
    };
  } finally {
    dataset.close();
    await executor.dispose();
  }
}

/** Flat memory. */
export const soakPart: Part = {
  name: "soak",
  title: "memory over a long training, which must stay flat",
  isDefault: false,
  seconds: ({ soakSteps }) => 30 + soakSteps * 0.03,
  run,
};
