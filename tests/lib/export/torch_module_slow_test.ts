/** The exported PyTorch module in PyTorch, against our own executor and our own preparation of inputs. */

import assert from "node:assert/strict";
import { resolvePrepareConfig, resolveRunConfig, type RunConfig } from "../../../lib/config.ts";
import type { WindowRecord } from "../../../lib/data/dataset_store.ts";
import { InputReader, type InputSource } from "../../../lib/data/inputs.ts";
import { exportSafetensors } from "../../../lib/export/export_safetensors.ts";
import { runOnce } from "../../../lib/export/parity.ts";
import type { TrainedRun } from "../../../lib/export/trained_run.ts";
import { buildDualEncoder } from "../../../lib/models/dual_encoder.ts";
import { Random } from "../../../lib/random.ts";
import { encodeSafetensors, type SafetensorsTensor } from "../../../lib/records/safetensors.ts";
import { logSpectrogram } from "../../../lib/signal/spectrogram.ts";
import type { Tensor } from "../../../lib/tensor/executor.ts";
import { input, reshape } from "../../../lib/tensor/graph.ts";
import { inWasm } from "../../helpers/fine_tuning.ts";
import { findTorch, runPython } from "../../helpers/python.ts";
import { smallRun, trainedRun } from "../../helpers/trained_run.ts";

const python = await findTorch();
const ignore = python === null;
const note = ignore ? " (ignored: no python3 with torch on this machine)" : "";

/** Exports a run into a folder of its own. */
async function withModule(run: TrainedRun, check: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await inWasm((executor) => exportSafetensors({ run, executor, folder }));
    await check(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs Python in the folder with `m` (the module), `model`, and `t` (tensors) at hand; gives what it prints. */
async function inTorch<T>(
  folder: string,
  tensors: Record<string, SafetensorsTensor>,
  lines: string,
): Promise<T> {
  await Deno.writeFile(`${folder}/test.safetensors`, encodeSafetensors(new Map(Object.entries(tensors))));
  const code = `
import json, sys, torch
sys.path.insert(0, ${JSON.stringify(folder)})
import modeling_sonospeech as m
model = m.SonospeechModel.from_pretrained(${JSON.stringify(folder)})
t = m.load_safetensors(${JSON.stringify(`${folder}/test.safetensors`)})
def off(found, name):
    assert found.shape == t[name].shape, (found.shape, t[name].shape)
    return float((found - t[name]).abs().max() / t[name].abs().max())
with torch.no_grad():
    print(json.dumps(${lines}))
`;
  return JSON.parse(await runPython(python!, "-c", code));
}

const cases: Record<string, Partial<RunConfig["model"]>> = {
  "the tiny preset": resolveRunConfig().model,
  "resnet18, small": { ...smallRun.model, encoder: "resnet18", frameSize: [40, 48], speechSize: [16, 64] },
  "seResNeXt50, small": {
    ...smallRun.model,
    encoder: "seResNeXt50",
    frameSize: [40, 48],
    speechSize: [16, 64],
  },
};

for (const [name, model] of Object.entries(cases)) {
  Deno.test({
    name: `modeling_sonospeech.py computes what the run computes, ${name}${note}`,
    ignore,
    fn: () =>
      withModule(trainedRun(resolveRunConfig({ file: { model } })), async (folder) => {
        const errors: Record<string, number> = JSON.parse(
          await runPython(python!, `${folder}/modeling_sonospeech.py`),
        );
        assert.deepEqual(Object.keys(errors), [
          "video_encoder",
          "video_embedding",
          "speech_encoder",
          "speech_embedding",
        ]);
        console.log(name, errors);
        for (const [network, error] of Object.entries(errors)) {
          assert.ok(error < 1e-5, `${network}: ${error}`);
        }
      }),
  });
}

const allFour = ["video_encoder", "video_embedding", "speech_encoder", "speech_embedding"];
const lossCases: [string, Partial<RunConfig["losses"]>, string[]][] = [
  ["frame order alone", { contrastiveWeight: 0, correlationWeight: 0 }, ["video_encoder"]],
  ["no contrast", { contrastiveWeight: 0 }, ["video_encoder", "speech_encoder"]],
  ["the literal form, which has no temperature", { contrastiveForm: "literal", orderWeight: 0 }, allFour],
];

for (const [name, losses, networks] of lossCases) {
  Deno.test({
    name: `modeling_sonospeech.py loads what a run trained with ${name}${note}`,
    ignore,
    fn: () =>
      withModule(trainedRun(resolveRunConfig({ file: { ...smallRun, losses } })), async (folder) => {
        const errors: Record<string, number> = JSON.parse(
          await runPython(python!, `${folder}/modeling_sonospeech.py`),
        );
        assert.deepEqual(Object.keys(errors), networks);
        assert.ok(Object.values(errors).every((error) => error < 1e-5));
      }),
  });
}

Deno.test({
  name: `modeling_sonospeech.py ends with 1 when its results are not those of the run${note}`,
  ignore,
  fn: () =>
    withModule(trainedRun(), async (folder) => {
      const path = `${folder}/model.safetensors`;
      const bytes = await Deno.readFile(path);
      bytes.fill(0, bytes.length - 40_000, bytes.length - 20_000);
      await Deno.writeFile(path, bytes);
      await assert.rejects(runPython(python!, `${folder}/modeling_sonospeech.py`), /video_encoder/);
    }),
});

Deno.test({
  name: `modeling_sonospeech.py has the heads of the run${note}`,
  ignore,
  fn: () => {
    const run = trainedRun();
    const { model } = run.config;
    const draw = (name: string, [height, width]: readonly [number, number]): Tensor => {
      const random = new Random(1, name);
      return {
        shape: [4, height, width, 1],
        data: Float32Array.from({ length: 4 * height * width }, () => random.normal()),
      };
    };
    const feeds = new Map([
      ["frames", draw("frames", model.frameSize)],
      ["speech", draw("speech", model.speechSize)],
    ]);
    return withModule(run, async (folder) => {
      const encoder = buildDualEncoder(model, "inference");
      const [frames, speech] = ["frames", "speech"].map((name) => input(name, feeds.get(name)!.shape));
      const features = encoder.videoFeatures(frames);
      const correlation = encoder.correlationLogits(features, encoder.speechFeatures(speech));
      const order = encoder.orderLogits(reshape(features, [1, 4 * features.shape[1]]));
      const [a, b] = await inWasm(async (executor) => [
        await runOnce(executor, correlation, run.parameters, feeds),
        await runOnce(executor, order, run.parameters, feeds),
      ]);
      const f32 = ({ shape, data }: Tensor): SafetensorsTensor => ({ dtype: "F32", shape, data });
      const tensors = {
        frames: f32(feeds.get("frames")!),
        speech: f32(feeds.get("speech")!),
        correlation: f32(a),
        order: f32(b),
      };
      const errors = await inTorch<number[]>(
        folder,
        tensors,
        `[off(model.correlation_logits(t["frames"].permute(0, 3, 1, 2), t["speech"].permute(0, 3, 1, 2)), "correlation"),
          off(model.order_logits(t["frames"].permute(0, 3, 1, 2)[None]), "order"),
          abs(float(model.log_temperature) - ${run.parameters.get("temperature.log")!.data[0]})]`,
      );
      console.log("heads", errors);
      assert.ok(errors.every((error) => error < 1e-5), String(errors));
    });
  },
});

for (
  const [name, spectrogram, speechSize, lengths] of [
    ["mel bands, stretched time, long scans", { bands: 24, sampleRate: 8000 }, [24, 400], [14, 12]],
    ["mel bands, short clips", { bands: 24, sampleRate: 8000 }, [24, 100], [8, 4]],
    [
      "linear bands, shrunk time, clips of one length",
      { scale: "linear", bands: 32, sampleRate: 4000, winSeconds: 0.02 },
      [32, 48],
      [6],
    ],
  ] as const
) {
  Deno.test({
    name: `modeling_sonospeech.py prepares frames and speech as the dataset does, ${name}${note}`,
    ignore,
    fn: () => {
      const prepare = resolvePrepareConfig({ file: { spectrogram, frameSize: [24, 30] } });
      const model = { ...smallRun.model, speechSize: [...speechSize] };
      const shortestScanSeconds = Math.min(...lengths);
      const config = resolveRunConfig({ file: { ...smallRun, model } });
      const run = { ...trainedRun(config), prepare, shortestScanSeconds };
      const starts = [1.5, -0.5, lengths[0] - 1];
      return withModule(run, async (folder) => {
        const random = new Random(2, "sound");
        const pcm = Int16Array.from(
          { length: (lengths[0] + 0.7) * spectrogram.sampleRate + 7 },
          (_, n) => 8000 * Math.sin(n * n / 9e6) + random.normal(0, 500),
        );
        const columns = logSpectrogram(pcm, prepare.spectrogram);
        const levels = Uint8Array.from({ length: 2 * 24 * 30 }, () => random.integer(256));
        const { frames, speech } = ourInputs(run, columns, { levels, lengths, starts });
        const { bands } = spectrogram;
        const errors = await inTorch<number[]>(
          folder,
          {
            pcm: { dtype: "I16", shape: [pcm.length], data: pcm },
            levels: { dtype: "U8", shape: [2, 24, 30], data: levels },
            columns: { dtype: "F32", shape: [columns.length / bands, bands], data: columns },
            frames: { dtype: "F32", shape: [2, 1, 16, 20], data: frames },
            speech: { dtype: "F32", shape: [starts.length, 1, ...speechSize], data: speech },
          },
          `[off(m.log_spectrogram(t["pcm"].double() / 32768, model.config).float(), "columns"),
            off(m.prepare_frames(t["levels"], model.config), "frames"),
            off(torch.cat([m.prepare_speech(t["columns"], start, model.config) for start in ${
            JSON.stringify(starts)
          }]), "speech")]`,
        );
        console.log(name, errors);
        assert.ok(errors.every((error) => error < 1e-5), String(errors));
      });
    },
  });
}

/** What is read of the first of some scans of the given lengths, seconds. */
interface Reading {
  levels: Uint8Array;
  lengths: readonly number[];
  starts: readonly number[];
}

/** The inputs that our own reader makes. */
function ourInputs(run: TrainedRun, columns: Float32Array, { levels, lengths, starts }: Reading) {
  const { model, data } = run.config;
  const { bands } = run.prepare.spectrogram;
  const windows = lengths.flatMap((seconds, scan) =>
    Array.from(
      { length: seconds / run.prepare.windowSeconds },
      (_, index) => ({ scanId: `s000${scan + 1}`, index }) as WindowRecord,
    )
  );
  const source: InputSource = {
    config: run.prepare,
    windows: () => windows,
    readFrames: (_scan, start, count) => levels.subarray(start * 720, (start + count) * 720),
    readLogSpectrogram: (_scan, start, count) =>
      Float32Array.from({ length: count * bands }, (_, i) => columns[start * bands + i] ?? NaN),
  };
  const reader = new InputReader(source, model, data.speechSeconds);
  const frames = new Float32Array(2 * 16 * 20);
  const size = model.speechSize[0] * model.speechSize[1];
  const speech = new Float32Array(starts.length * size);
  for (const row of [0, 1]) reader.frame("s0001", row, frames, row * 320);
  starts.forEach((start, row) => reader.speech("s0001", start, speech, row * size));
  return { frames, speech };
}
