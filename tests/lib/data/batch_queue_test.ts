import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { resolveRunConfig } from "../../../lib/config.ts";
import { BatchQueue, type QueueOptions } from "../../../lib/data/batch_queue.ts";
import { type BatchFormat, BatchReader } from "../../../lib/data/batches.ts";
import type { DatasetReader } from "../../../lib/data/dataset_store.ts";
import type { WindowSource } from "../../../lib/data/inputs.ts";
import type { BatchPlan } from "../../../lib/data/pairs.ts";
import { createSampler } from "../../../lib/training/sampler.ts";
import { withStoredWindows } from "../../helpers/stored_windows.ts";

const config = resolveRunConfig({
  file: {
    data: { batchSize: 8, speechSeconds: 1 },
    model: { frameSize: [16, 16], speechSize: [16, 10] },
  },
});
const needs = { speech: true, negatives: true };
const format: BatchFormat = { frames: "u8", speech: "f16" };

function plansOf(source: WindowSource): BatchPlan[] {
  const sampler = createSampler(config, source);
  return [0, 1].flatMap((epoch) => [...sampler.epoch(epoch)]);
}

/** The same dataset without a folder that a worker could open. */
function inMemory(dataset: DatasetReader): WindowSource {
  return {
    id: dataset.id,
    config: dataset.config,
    windows: (filter) => dataset.windows(filter),
    readFrames: (...args) => dataset.readFrames(...args),
    readLogSpectrogram: (...args) => dataset.readLogSpectrogram(...args),
  };
}

/** Opens a queue, calls `work` with it and closes it. */
async function withQueue<T>(options: QueueOptions, work: (queue: BatchQueue) => Promise<T>): Promise<T> {
  const queue = await BatchQueue.open(options);
  try {
    return await work(queue);
  } finally {
    queue.close();
  }
}

Deno.test("BatchQueue.next() gives every plan's batch in order, the same bits whoever reads them", () =>
  withStoredWindows(async (dataset) => {
    const plans = plansOf(dataset);
    const reader = new BatchReader(dataset, config, needs, format);
    const cases: [WindowSource, number][] = [[inMemory(dataset), 1], [dataset, 1], [dataset, 3]];
    for (const [source, workers] of cases) {
      await withQueue({ source, config, needs, format, plans, workers }, async (queue) => {
        for (const plan of plans) assert.deepEqual(await queue.next(), reader.read(plan));
        assert.equal(await queue.next(), null);
      });
    }
  }));

Deno.test("BatchQueue gives out two plans a worker ahead of the batch that is taken, and none where it reads itself", () =>
  withStoredWindows(async (dataset) => {
    const plans = plansOf(dataset);
    for (const [source, ahead] of [[dataset, 4], [inMemory(dataset), 0]] as const) {
      let given = 0;
      const counted = function* () {
        for (const plan of plans) yield (given++, plan);
      };
      await withQueue({ source, config, needs, format, plans: counted(), workers: 2 }, async (queue) => {
        for (let taken = 1; taken <= 3; taken++) {
          await queue.next();
          assert.equal(given, taken + ahead);
        }
      });
    }
  }));

Deno.test("BatchQueue.next() tells of a failure when it is its turn, with the error's code", () =>
  withStoredWindows(async (dataset, folder) => {
    const [first, second] = plansOf(dataset);
    const lost = { ...second, samples: [{ ...second.samples[0], window: { ...second.samples[0].window } }] };
    lost.samples[0].window.scanId = "s9999";
    await withQueue(
      { source: dataset, config, needs, format, plans: [first, lost, first] },
      async (queue) => {
        assert.equal((await queue.next())?.plan, first);
        await assert.rejects(queue.next(), { name: "SonospeechError", code: "store" });
        assert.equal((await queue.next())?.plan, first);
      },
    );
    const other = { ...inMemory(dataset), path: `${folder}/none` };
    await assert.rejects(BatchQueue.open({ source: other, config, needs, format, plans: [] }), {
      code: "store",
    });
    const changed = { ...inMemory(dataset), path: dataset.path, id: "another" };
    await assert.rejects(BatchQueue.open({ source: changed, config, needs, format, plans: [] }), {
      code: "store",
      message: /the dataset must be the one that training opened, another/,
    });
    const bands = resolveRunConfig({ set: ["model.speechSize=[80,10]"] });
    await assert.rejects(BatchQueue.open({ source: dataset, config: bands, needs, format, plans: [] }), {
      code: "config",
      message: /model.speechSize\[0\] must be 16/,
    });
  }));

Deno.test("BatchQueue.next() says which scan's file was cut off or removed while it was read", () =>
  withStoredWindows(async (dataset) => {
    const plans = plansOf(dataset);
    const scans = new Set(plans.flatMap(({ samples }) => samples.map(({ window }) => window.scanId)));
    for (const tensor of ["frames", "log_spectrogram"]) {
      const files = [...scans].map((scan) => `${dataset.path}/scans/${scan}/${tensor}.safetensors`);
      const whole = await Promise.all(files.map((file) => Deno.readFile(file)));
      await withQueue({ source: dataset, config, needs, format, plans }, async (queue) => {
        assert.equal((await queue.next())?.plan, plans[0]);
        // A few batches were read ahead; all files are cut before the others are.
        for (const file of files) await Deno.truncate(file, 900);
        const told = await allOf(queue).catch((error) => error);
        assert.equal(told.code, "store");
        const name = tensor.replace("_", " ");
        assert.match(
          told.message,
          new RegExp(`^Cannot read the ${name} of scan s\\d+: .* as they were prepared`),
        );
        assert.match(told.hint, /another folder/);
      });
      for (const [i, file] of files.entries()) await Deno.writeFile(file, whole[i]);
    }
    // Removed before: the same words.
    await Deno.remove(`${dataset.path}/scans/${[...scans][0]}/frames.safetensors`);
    await withQueue({ source: dataset, config, needs, format, plans }, async (queue) => {
      await assert.rejects(allOf(queue), {
        code: "store",
        message: /Cannot read the frames .*no such file/,
      });
    });
  }));

/** Takes all batches. @returns Their number. */
async function allOf(queue: BatchQueue): Promise<number> {
  let count = 0;
  while (await queue.next() !== null) count++;
  return count;
}

Deno.test("BatchQueue gives no batch once its signal is aborted, also to who is waiting", () =>
  withStoredWindows(async (dataset) => {
    for (const source of [dataset, inMemory(dataset)]) {
      const controller = new AbortController();
      const options = { source, config, needs, format, plans: plansOf(dataset), signal: controller.signal };
      const queue = await BatchQueue.open(options);
      const reads = [queue.next(), queue.next(), queue.next()];
      controller.abort();
      const batches = await Promise.all(reads);
      // What was read in this thread was there before the signal.
      if (source === dataset) assert.deepEqual(batches, [null, null, null]);
      assert.equal(await queue.next(), null);
      assert.equal(await (await BatchQueue.open(options)).next(), null);
    }
  }));

Deno.test("BatchQueue.close() ends the workers: a process with nothing else to do comes to its end", () =>
  withStoredWindows(async ({ path }) => {
    const script = fileURLToPath(new URL("../../helpers/queue_process.ts", import.meta.url));
    const args = ["run", "--no-prompt", "--no-check", "--allow-read", script, path, JSON.stringify(config)];
    const signal = AbortSignal.timeout(60_000);
    const { stdout, success } = await new Deno.Command(Deno.execPath(), { args, signal }).output();
    assert.deepEqual([new TextDecoder().decode(stdout), success], ["closed\n", true]);
  }));

Deno.test("BatchQueue.next() says that the worker has ended, for every batch that it owes", () =>
  withStoredWindows(async (dataset) => {
    const script = fileURLToPath(new URL("../../helpers/dying_reader_process.ts", import.meta.url));
    const texts = [config, plansOf(dataset)[0]].map((value) => JSON.stringify(value));
    const args = ["run", "--no-prompt", "--no-check", "--allow-read", script, dataset.path, ...texts];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, signal: AbortSignal.timeout(120_000) })
      .output();
    const line = "environment: Cannot read batches: the worker that reads them must keep running, " +
      'received "out of memory"\n';
    assert.equal(new TextDecoder().decode(stdout), line + line);
  }));
