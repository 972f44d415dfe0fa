import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import type { WindowSource } from "../../../lib/data/inputs.ts";
import type { WindowRecord } from "../../../lib/data/dataset_store.ts";
import { SonospeechError } from "../../../lib/errors.ts";
import { CheckpointStore } from "../../../lib/records/checkpoint_store.ts";
import type { Executor, Feed, StepResult, Tensor, Tensors } from "../../../lib/tensor/executor.ts";
import type { EvaluationEvent, RunEvent } from "../../../lib/training/events.ts";
import type { TrainOptions } from "../../../lib/training/run_start.ts";
import { train } from "../../../lib/training/trainer.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";
import { withStoredWindows } from "../../helpers/stored_windows.ts";

const config = resolveRunConfig({
  file: {
    data: { batchSize: 8, speechSeconds: 1 },
    model: { frameSize: [16, 16], speechSize: [16, 10] },
    training: { epochs: 3, evaluateEveryEpochs: 1 },
  },
});

/** An executor whose one weight remembers every batch it saw, so that any other batch or order shows. */
function rememberingExecutor(failAtStep = Infinity): Executor {
  const mean = (data: Float32Array) => data.reduce((a, b) => a + b, 0) / data.length;
  return {
    device: { kind: "cpu", name: "fake", isHardware: false },
    compileTraining: () => {
      let weight = 1;
      return Promise.resolve({
        memory: { parts: [{ name: "values", bytes: 4 }] },
        step: (feeds: Tensors, { learningRate, step }): Promise<StepResult> => {
          const seen = mean(feeds.get("frames")!.data) + 3 * mean(feeds.get("speech")!.data);
          const objective = step + 1 >= failAtStep ? NaN : weight + seen;
          const applied = Number.isFinite(objective);
          if (applied) weight = Math.fround(0.9 * weight + learningRate * seen);
          return Promise.resolve({ objective, gradientNorm: 1, applied, outputs: new Map() });
        },
        readState: () =>
          Promise.resolve(
            new Map<string, Tensor>([["w", { shape: [1], data: new Float32Array([weight]) }]]),
          ),
        writeState: (state: Tensors) => void (weight = state.get("w")!.data[0]),
        dispose: () => {},
      });
    },
    compileInference: () => Promise.reject(new Error("not needed")),
    tensorCount: () => 0,
    dispose: () => Promise.resolve(),
  };
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function options(folder: string, changes: Partial<TrainOptions> = {}): Promise<TrainOptions> {
  return {
    config,
    dataset: fakeWindows(),
    executor: rememberingExecutor(),
    checkpoints: await CheckpointStore.open(folder),
    now: () => 0,
    ...changes,
  };
}

function evaluator(scores: number[]): NonNullable<TrainOptions["evaluate"]> {
  return (_, { step, epoch }) =>
    Promise.resolve<EvaluationEvent>({
      kind: "evaluation",
      step,
      epoch,
      split: "validation",
      metrics: {
        "retrieval.videoToSpeech.meanReciprocalRank": scores[epoch],
        "retrieval.speechToVideo.meanReciprocalRank": scores[epoch],
      },
      chance: {},
      folder: "",
    });
}

const steps = (events: readonly RunEvent[]) => events.filter((event) => event.kind === "step");

Deno.test("train() tells of every step, evaluation and checkpoint, and finishes", () =>
  inFolder(async (folder) => {
    const events = await Array.fromAsync(
      train(await options(folder, { evaluate: evaluator([0.1, 0.3, 0.2]) })),
    );
    assert.ok(events[0].kind === "started");
    assert.deepEqual(events[0].memory, { parts: [{ name: "values", bytes: 4 }] });
    assert.equal(steps(events).length, 3 * 6);
    const best = events.filter((event) => event.kind === "checkpoint").map((event) => event.isBest);
    assert.deepEqual(best, [true, true, false]);
    assert.deepEqual(events.at(-1), { kind: "finished", step: 18, epoch: 3 });
  }));

Deno.test("train() stopped anywhere goes on with the numbers of an uninterrupted run", async () => {
  const whole = await inFolder(async (folder) => Array.fromAsync(train(await options(folder))));
  for (const stopAt of [1, 5, 6, 11]) {
    const joined = await inFolder(async (folder) => {
      const controller = new AbortController();
      const first: RunEvent[] = [];
      for await (const event of train(await options(folder, { signal: controller.signal }))) {
        first.push(event);
        if (event.kind === "step" && event.step === stopAt) controller.abort();
      }
      assert.equal(first.at(-1)!.kind, "paused");
      const second = await Array.fromAsync(train(await options(folder)));
      assert.equal(second[0].kind === "started" && second[0].step, stopAt);
      return [...first, ...second];
    });
    assert.deepEqual(steps(joined), steps(whole), `stopped after step ${stopAt}`);
  }
});

Deno.test("train() has the numbers of a dataset in memory when workers read it, also after a stop", () =>
  withStoredWindows(async (dataset, folder) => {
    const inMemory: WindowSource = {
      id: dataset.id,
      config: dataset.config,
      windows: (filter) => dataset.windows(filter),
      readFrames: (...args) => dataset.readFrames(...args),
      readLogSpectrogram: (...args) => dataset.readLogSpectrogram(...args),
    };
    const whole = await Array.fromAsync(train(await options(`${folder}/here`, { dataset: inMemory })));
    const controller = new AbortController();
    const first: RunEvent[] = [];
    const run = `${folder}/workers`;
    for await (const event of train(await options(run, { dataset, signal: controller.signal }))) {
      first.push(event);
      if (event.kind === "step" && event.step === 8) controller.abort();
    }
    const second = await Array.fromAsync(train(await options(run, { dataset })));
    assert.deepEqual(steps([...first, ...second]), steps(whole));
  }));

Deno.test("train() says how many steps it makes and which share of their time it waits for data", () =>
  inFolder(async (folder) => {
    let seconds = 0;
    const source = fakeWindows();
    const dataset: WindowSource = {
      ...source,
      readFrames: (...args) => {
        seconds += 1 / 32; // 8 windows of 4 frames
        return source.readFrames(...args);
      },
    };
    const executor = rememberingExecutor();
    const slow: Executor = {
      ...executor,
      compileTraining: async (graph, parameters) => {
        const program = await executor.compileTraining(graph, parameters);
        return { ...program, step: (...args) => (seconds += 3, program.step(...args)) };
      },
    };
    const checkpoints = await CheckpointStore.open(folder);
    const save = checkpoints.save.bind(checkpoints);
    checkpoints.save = (...args) => (seconds += 100, save(...args)); // no part of any step
    const frequent = { ...config, training: { ...config.training, checkpointMinutes: 0.1 } };
    const changes = { config: frequent, dataset, executor: slow, checkpoints, now: () => seconds };
    const events = await Array.fromAsync(train(await options(folder, changes)));
    assert.ok(events.filter(({ kind, step }) => kind === "checkpoint" && step % 6 !== 0).length > 3);
    for (const { metrics } of steps(events)) {
      assert.deepEqual([metrics.stepsPerSecond, metrics.dataStallShare], [1 / 4, 1 / 4]);
    }
  }));

Deno.test("train() notices an abort that arrives while every promise is settled at once", () =>
  inFolder(async (folder) => {
    const controller = new AbortController();
    const events: RunEvent[] = [];
    for await (const event of train(await options(folder, { signal: controller.signal }))) {
      events.push(event);
      if (event.kind === "started") setTimeout(() => controller.abort(), 0);
      // A step takes longer than the timer.
      for (const end = performance.now() + 5; performance.now() < end;);
    }
    assert.equal(events.at(-1)!.kind, "paused");
    assert.ok(steps(events).length <= 3, `${steps(events).length} steps after it`);
  }));

Deno.test("train() killed between an epoch's last step and its evaluation makes up for the evaluation", () =>
  inFolder(async (folder) => {
    const broken = train(
      await options(folder, {
        // Checkpoints at every step, as a slow run has them.
        now: (() => {
          let seconds = 0;
          return () => seconds += 3600;
        })(),
        evaluate: () => Promise.reject(new SonospeechError("device", { action: "evaluate", must: "…" })),
      }),
    );
    await assert.rejects(Array.fromAsync(broken), { code: "device" });
    const events = await Array.fromAsync(
      train(await options(folder, { evaluate: evaluator([0.1, 0.2, 0.3]) })),
    );
    const evaluations = events.filter((event) => event.kind === "evaluation").map((event) => event.step);
    assert.deepEqual(evaluations, [6, 12, 18]);
  }));

Deno.test("train() asked to stop during an evaluation stops at once and makes it when it goes on", () =>
  inFolder(async (folder) => {
    const controller = new AbortController();
    const evaluate: TrainOptions["evaluate"] = () => {
      controller.abort(new Error("stop"));
      return Promise.reject(controller.signal.reason);
    };
    const first = await Array.fromAsync(
      train(await options(folder, { evaluate, signal: controller.signal })),
    );
    const last = first.at(-1)!;
    assert.ok(last.kind === "paused" && last.cause === "signal" && last.safeStep === 6);
    const second = await Array.fromAsync(
      train(await options(folder, { evaluate: evaluator([0.1, 0.2, 0.3]) })),
    );
    const evaluations = second.filter((event) => event.kind === "evaluation").map((event) => event.step);
    assert.deepEqual(evaluations, [6, 12, 18]);
  }));

Deno.test("train() stops before the update when a value is not finite, names the windows and keeps a safe step", () =>
  inFolder(async (folder) => {
    const events: RunEvent[] = [];
    const run = async () => {
      for await (const event of train(await options(folder, { executor: rememberingExecutor(9) }))) {
        events.push(event);
      }
    };
    await assert.rejects(run, (error: SonospeechError) => {
      assert.equal(error.code, "not-finite");
      assert.match(error.message, /make step 9: .*objective NaN.*windows( \d+){8}/);
      return true;
    });
    const last = events.at(-1)!;
    assert.ok(last.kind === "paused" && last.cause === "not-finite" && last.safeStep === 8);
    const { checkpoint } = await (await CheckpointStore.open(folder)).newest();
    assert.equal(checkpoint!.step, 8);
  }));

Deno.test("train() waits for results at the steps it tells of and at the end of an epoch, with the same numbers", async () => {
  const told = { ...config, training: { ...config.training, logEverySteps: 4 } };
  const deferred: boolean[] = [];
  const executor = rememberingExecutor();
  const spying: Executor = {
    ...executor,
    compileTraining: async (graph, parameters) => {
      const program = await executor.compileTraining(graph, parameters);
      const step: typeof program.step = (feeds, settings) => {
        deferred.push(settings.deferred === true);
        return program.step(feeds, settings);
      };
      return { ...program, step };
    },
  };
  const [whole, some] = [
    await inFolder(async (folder) => Array.fromAsync(train(await options(folder)))),
    await inFolder(async (folder) =>
      Array.fromAsync(train(await options(folder, { config: told, executor: spying })))
    ),
  ];
  // Epochs have six steps: results are read after steps 4, 6, 8, 12, 16 and 18.
  const read = deferred.flatMap((later, i) => later ? [] : [i + 1]);
  assert.deepEqual(read, [4, 6, 8, 12, 16, 18]);
  assert.deepEqual(some.at(-1), { kind: "finished", step: 18, epoch: 3 });
  const numbers = (events: readonly RunEvent[]) =>
    events.flatMap((event) => {
      if (event.kind !== "step" || event.step % 4 !== 0) return [];
      const { stepsPerSecond: _, ...metrics } = event.metrics;
      return [{ step: event.step, epoch: event.epoch, metrics }];
    });
  assert.deepEqual(steps(some).length, 4);
  assert.deepEqual(numbers(some), numbers(whole));
});

Deno.test("train() names the step that was not finite among those whose results waited", () =>
  inFolder(async (folder) => {
    const told = { ...config, training: { ...config.training, logEverySteps: 100 } };
    const failing = train(await options(folder, { config: told, executor: rememberingExecutor(9) }));
    await assert.rejects(Array.fromAsync(failing), /make step 9: .*objective NaN/);
    const { checkpoint } = await (await CheckpointStore.open(folder)).newest();
    assert.equal(checkpoint!.step, 8);
  }));

Deno.test("train() asked to stop between two readings keeps the steps that were made", () =>
  inFolder(async (folder) => {
    const told = { ...config, training: { ...config.training, logEverySteps: 100 } };
    const controller = new AbortController();
    const executor = rememberingExecutor();
    const stopping: Executor = {
      ...executor,
      compileTraining: async (graph, parameters) => {
        const program = await executor.compileTraining(graph, parameters);
        const step: typeof program.step = (feeds, settings) => {
          if (settings.step === 2) controller.abort();
          return program.step(feeds, settings);
        };
        return { ...program, step };
      },
    };
    const { signal } = controller;
    const events = await Array.fromAsync(
      train(await options(folder, { config: told, executor: stopping, signal })),
    );
    const last = events.at(-1)!;
    assert.ok(last.kind === "paused" && last.cause === "signal" && last.step === 3 && last.safeStep === 3);
  }));

Deno.test("train() keeps an epoch whose evaluation fails", () =>
  inFolder(async (folder) => {
    const evaluate = () => Promise.reject(new SonospeechError("input", { action: "evaluate", must: "…" }));
    const events: RunEvent[] = [];
    const run = async () => {
      for await (const event of train(await options(folder, { evaluate }))) events.push(event);
    };
    await assert.rejects(run, { code: "input" });
    const last = events.at(-1)!;
    assert.ok(last.kind === "paused" && last.cause === "input" && last.safeStep === 6);
    const [started] = await Array.fromAsync(train(await options(folder)));
    assert.ok(started.kind === "started" && started.step === 6);
  }));

Deno.test("train() says which checkpoints it passed over", () =>
  inFolder(async (folder) => {
    await Array.fromAsync(train(await options(folder)));
    await Deno.truncate(`${folder}/step-000000018.safetensors`, 100);
    const events = await Array.fromAsync(train(await options(folder)));
    assert.ok(events[0].kind === "started" && events[0].step === 12);
    assert.deepEqual(events[0].brokenCheckpoints, ["step-000000018.safetensors"]);
    assert.deepEqual(events.at(-1), { kind: "finished", step: 18, epoch: 3 });
  }));

Deno.test("train() refuses to go on with other data", () =>
  inFolder(async (folder) => {
    await Array.fromAsync(train(await options(folder)));
    const other = train(await options(folder, { dataset: fakeWindows({ seed: 2 }) }));
    await assert.rejects(Array.fromAsync(other), /dataset must be the one it was trained on/);
  }));

Deno.test("train() takes hard negatives from windows with speech alone, and from all where nothing is paced", () =>
  inFolder(async (folder) => {
    const source = fakeWindows();
    const quiet = (window: WindowRecord) => ({ ...window, voicedFractionWebrtc: window.index === 0 ? 1 : 0 });
    const dataset = { ...source, windows: (filter?: object) => source.windows(filter).map(quiet) };
    for (const [kind, isHard] of [["voice", 0], ["none", 1]] as const) {
      const seen: number[] = [];
      const executor = rememberingExecutor();
      const spying: Executor = {
        ...executor,
        compileTraining: async (graph, parameters) => {
          const program = await executor.compileTraining(graph, parameters);
          const step: typeof program.step = (feeds, settings) => {
            const weights = feeds.get("pairWeights")!.data;
            seen.push(...feeds.get("hardNegativeMask")!.data.filter((_, pair) => weights[pair] > 0));
            return program.step(feeds, settings);
          };
          return { ...program, step };
        },
      };
      const settings = {
        ...config,
        data: { ...config.data, windowsPerScan: 2 },
        pacing: { ...config.pacing, kind },
      };
      const run = `${folder}/${kind}`;
      await Array.fromAsync(train(await options(run, { executor: spying, dataset, config: settings })));
      assert.ok(seen.length > 10 && seen.every((value) => value === isHard), `${kind}: ${seen}`);
    }
  }));

Deno.test("train() gives low-affinity windows no pair weight but keeps their frame order", () =>
  inFolder(async (folder) => {
    const seen: { pairs: Feed["data"]; order: Feed["data"] }[] = [];
    const executor = rememberingExecutor();
    const spying: Executor = {
      ...executor,
      compileTraining: async (graph, parameters) => {
        const program = await executor.compileTraining(graph, parameters);
        return {
          ...program,
          step: (feeds, settings) => {
            seen.push({ pairs: feeds.get("pairWeights")!.data, order: feeds.get("orderWeights")!.data });
            return program.step(feeds, settings);
          },
        };
      },
    };
    const dataset = fakeWindows({ silentEvery: 2 });
    const [started] = await Array.fromAsync(train(await options(folder, { executor: spying, dataset })));
    assert.ok(started.kind === "started" && started.admittedShare === 0.5 && started.voicedShare === 0.5);
    const pairs = seen.flatMap((step) => [...step.pairs]);
    assert.ok(pairs.some((weight) => weight === 0) && pairs.some((weight) => weight === 1));
    assert.ok(seen.every((step) => step.order.every((weight) => weight === 1)));
  }));
