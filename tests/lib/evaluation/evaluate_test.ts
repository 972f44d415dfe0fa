import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { certifySplit } from "../../../lib/data/split_certificate.ts";
import {
  canEvaluate,
  evaluate,
  type EvaluateOptions,
  subjectDigest,
} from "../../../lib/evaluation/evaluate.ts";
import { SonospeechError } from "../../../lib/errors.ts";
import { buildEmbeddingGraph } from "../../../lib/models/dual_encoder.ts";
import { decodeSafetensors } from "../../../lib/records/safetensors.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";

const config = resolveRunConfig({
  file: {
    data: { speechSeconds: 1 },
    model: { frameSize: [16, 16], speechSize: [16, 10], widthMultiplier: 0.5 },
  },
});

async function withOptions(test: (options: EvaluateOptions) => Promise<void>): Promise<void> {
  const executor = await createExecutor("wasm");
  const folder = await Deno.makeTempDir();
  const graph = buildEmbeddingGraph(config.model, 1);
  const dataset = fakeWindows({ silentEvery: 4 });
  try {
    await test({
      executor,
      config,
      parameters: initializeParameters([graph.video, graph.speech], 1),
      dataset,
      split: "test",
      step: 3,
      trainedOn: await certifySplit(dataset).then(({ certificate, trainFingerprints }) => ({
        certificate,
        trainFingerprints: () => Promise.resolve(trainFingerprints),
      })),
      folder,
    });
  } finally {
    await executor.dispose();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("evaluate() scores windows with speech of held-out subjects, beside chance, and writes what it found", () =>
  withOptions(async (options) => {
    const report = await evaluate(options);
    assert.deepEqual([report.windows, report.voicedWindows, report.subjects], [16, 12, 2]);
    assert.equal(report.chance["retrieval.videoToSpeech.recallAt1"], 1 / 12);
    const [low, high] = report.intervals["retrieval.speechToVideo.recallAt5"];
    const value = report.metrics["retrieval.speechToVideo.recallAt5"];
    assert.ok(low <= value && value <= high && low < high);
    assert.deepEqual(Object.keys(report.intervals), Object.keys(report.metrics));
    assert.deepEqual(JSON.parse(await Deno.readTextFile(`${options.folder}/report.json`)), report);
    const map = JSON.parse(await Deno.readTextFile(`${options.folder}/map.json`));
    assert.equal(map.points.length, 16);
    const labels = options.dataset.labels!();
    assert.ok(
      map.points.every((point: { windowId: number; label: string }) =>
        point.label === labels.get(point.windowId)
      ),
    );
    assert.ok(map.points.every((point: { video: number[] }) => point.video.every(Number.isFinite)));
  }));

Deno.test("evaluate() gives no intervals of one subject, whose windows all agree on who they are", () =>
  withOptions(async (options) => {
    const windows = (filter?: Parameters<typeof options.dataset.windows>[0]) => {
      const all = options.dataset.windows(filter);
      const subject = all.find(({ split }) => split === "test")?.subject;
      return all.filter((window) => window.subject === subject);
    };
    const report = await evaluate({ ...options, dataset: { ...options.dataset, windows } });
    assert.equal(report.subjects, 1);
    assert.ok(Object.keys(report.metrics).length > 0);
    assert.deepEqual(report.intervals, {});
  }));

Deno.test("evaluate() writes embeddings of unit length with their windows' ids", () =>
  withOptions(async (options) => {
    await evaluate(options);
    const { tensors } = decodeSafetensors(await Deno.readFile(`${options.folder}/embeddings.safetensors`));
    const ids = options.dataset.windows({ split: "test" }).map((window) => window.id);
    assert.deepEqual(Array.from(tensors.get("window_ids")!.data, Number), ids);
    const { data, shape } = tensors.get("video")!;
    assert.deepEqual(shape, [16, config.model.embeddingDim]);
    for (let row = 0; row < 16; row++) {
      const norm = Math.hypot(...Array.from(data.slice(row * shape[1], (row + 1) * shape[1]), Number));
      assert.ok(Math.abs(norm - 1) < 1e-5);
    }
  }));

Deno.test("evaluate() refuses parameters without a split certificate, and subjects that were trained on", () =>
  withOptions(async (options) => {
    await assert.rejects(evaluate({ ...options, trainedOn: { certificate: null } }), {
      code: "input",
      message: /must have a split certificate, received "none"/,
    });
    // Scans are fewer here, so that subjects of the test split are others, among them trained ones.
    const dataset = { ...fakeWindows({ scans: 5, silentEvery: 4 }), id: "other" };
    await assert.rejects(evaluate({ ...options, dataset }), /no subject may have been trained on.*1 of 1/);
    // So are subjects that only the weights it started from have seen.
    const [{ subject }] = options.dataset.windows({ split: options.split });
    const startSubjects = [subjectDigest(subject)];
    await assert.rejects(
      evaluate({ ...options, trainedOn: { ...options.trainedOn, startSubjects } }),
      /no subject may have been trained on.*1 of /,
    );
  }));

Deno.test("evaluate() refuses data without speech and runs without projections", () =>
  withOptions(async (options) => {
    const dataset = fakeWindows({ silentEvery: 1 });
    await assert.rejects(evaluate({ ...options, dataset }), /at least two windows must have speech/);
    const single = { ...dataset, windows: () => [] };
    await assert.rejects(
      evaluate({ ...options, dataset: single }),
      (error) => error instanceof SonospeechError && /scans of more subjects/.test(error.hint!),
    );
    const videoOnly = resolveRunConfig({ set: ["losses.contrastiveWeight=0"] });
    await assert.rejects(evaluate({ ...options, config: videoOnly }), /must have trained its projections/);
  }));

Deno.test("canEvaluate() is false where evaluate() would refuse", () =>
  withOptions((options) => {
    assert.equal(canEvaluate(options), true);
    assert.equal(canEvaluate({ ...options, dataset: fakeWindows({ silentEvery: 1 }) }), false);
    assert.equal(canEvaluate({ ...options, windowLimit: 1 }), false);
    const videoOnly = resolveRunConfig({ set: ["losses.contrastiveWeight=0"] });
    assert.equal(canEvaluate({ ...options, config: videoOnly }), false);
    return Promise.resolve();
  }));

Deno.test("evaluate() refuses embeddings that are not finite and names their windows", () =>
  withOptions(async (options) => {
    const parameters = new Map(
      [...options.parameters].map(([name, { shape, data }]) => [name, { shape, data: data.map(() => NaN) }]),
    );
    await assert.rejects(evaluate({ ...options, parameters }), {
      code: "not-finite",
      message: /16 of 16 .*windows \d+/,
    });
  }));

Deno.test("evaluate() maps embeddings of one dimension, too", () =>
  withOptions(async (options) => {
    const model = { ...config.model, embeddingDim: 1 };
    const graph = buildEmbeddingGraph(model, 1);
    const parameters = initializeParameters([graph.video, graph.speech], 1);
    await evaluate({ ...options, config: { ...config, model }, parameters });
    const map = JSON.parse(await Deno.readTextFile(`${options.folder}/map.json`));
    assert.equal(map.points[0].video[1], 0);
  }));

Deno.test("evaluate() notices an abort that arrives while it computes", () =>
  withOptions(async (options) => {
    const stop = new Error("stop");
    const controller = new AbortController();
    let batches = 0;
    const onProgress = () => {
      if (batches++ === 0) setTimeout(() => controller.abort(stop), 0);
      // A batch takes longer than the timer.
      for (const end = performance.now() + 5; performance.now() < end;);
    };
    const evaluation = evaluate({ ...options, signal: controller.signal, onProgress });
    await assert.rejects(evaluation, (error) => error === stop);
  }));
