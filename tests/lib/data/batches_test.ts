import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { BatchReader, compactFormat } from "../../../lib/data/batches.ts";
import type { SpeechAugmentation } from "../../../lib/data/augmentation.ts";
import { InputReader, type InputSource, speechColumns } from "../../../lib/data/inputs.ts";
import { SonospeechError } from "../../../lib/errors.ts";
import { type BatchPlan, PairSampler } from "../../../lib/data/pairs.ts";
import { input, toneFrames } from "../../../lib/tensor/graph.ts";
import { evaluateReference } from "../../../lib/tensor/reference.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";

const source = fakeWindows();
const still = {
  shift: 0,
  gamma: 0,
  brightness: 0,
  speechStretch: 0,
  bandShift: 0,
  spectrogramMask: 0,
};

function configOf(augmentation: object = still) {
  return resolveRunConfig({
    file: {
      data: { batchSize: 4, samplingGroups: 2, speechSeconds: 1, augmentation },
      model: { frameSize: [16, 16], speechSize: [16, 10] },
    },
  });
}

function firstPlan(config = configOf()): BatchPlan {
  const sampler = new PairSampler(source.windows({ split: "train" }), {
    seed: 1,
    data: config.data,
    withOrder: true,
    hasSpeech: () => true,
    windowSeconds: 2,
  });
  return sampler.epoch(0).next().value!;
}

Deno.test("InputReader.frame() scales stored intensities to [−1, 1]", () => {
  const inputs = new InputReader(source, configOf().model, 1);
  const out = new Float32Array(256 + 3).fill(7);
  inputs.frame("s0", 2, out, 3);
  const stored = source.readFrames("s0", 2, 1);
  assert.deepEqual([...out.subarray(0, 3)], [7, 7, 7]);
  stored.forEach((value, i) => assert.ok(Math.abs(out[3 + i] - (value / 127.5 - 1)) < 1e-6));
});

Deno.test("InputReader.frame() shifts down and right and repeats the border", () => {
  const inputs = new InputReader(source, configOf().model, 1);
  const plain = new Float32Array(256);
  const shifted = new Float32Array(256);
  inputs.frame("s0", 0, plain, 0);
  inputs.frame("s0", 0, shifted, 0, { shift: [2, 3], gamma: 1, brightness: 0 });
  assert.equal(shifted[10 * 16 + 9], plain[8 * 16 + 6]);
  assert.equal(shifted[0], plain[0]);
});

Deno.test("InputReader.speech() gives bands by columns with mean 0 and deviation 1", () => {
  const inputs = new InputReader(source, configOf().model, 1);
  const out = new Float32Array(160);
  inputs.speech("s1", 4, out, 0);
  assert.ok(Math.abs(out.reduce((a, b) => a + b, 0) / 160) < 1e-5);
  assert.ok(Math.abs(out.reduce((a, b) => a + b * b, 0) / 160 - 1) < 1e-4);
  const stored = source.readLogSpectrogram("s1", 40, 10);
  // Differences inside a band are those of the stored values, all scaled alike.
  const ratio = (band: number) =>
    (out[band * 10 + 5] - out[band * 10]) / (stored[5 * 16 + band] - stored[band]);
  for (let band = 1; band < 16; band++) assert.ok(Math.abs(ratio(band) / ratio(0) - 1) < 1e-2);
});

Deno.test("InputReader.speech() keeps a ramp's shape at any speed and hears nothing where masked", () => {
  const ramp = {
    ...source,
    readLogSpectrogram: (_: string, first: number, count: number) =>
      Float32Array.from({ length: count * 16 }, (_, i) => Math.floor(i / 16) + first),
  };
  const inputs = new InputReader(ramp, configOf().model, 1);
  const heard = (change: Partial<SpeechAugmentation>) => {
    const out = new Float32Array(160);
    const none = [0, 0] as const;
    inputs.speech("s0", 4, out, 0, {
      stretch: 1,
      shift: 0,
      maskedColumns: none,
      maskedBands: none,
      ...change,
    });
    return out;
  };
  // A ramp in time looks the same at any speed once its deviation is 1.
  const plain = heard({});
  heard({ stretch: 1.2 }).forEach((value, i) => assert.ok(Math.abs(value - plain[i]) < 0.05));
  heard({ maskedColumns: [0.2, 0.4], maskedBands: [0, 0.25] }).forEach((value, i) => {
    const [band, column] = [Math.floor(i / 10), i % 10];
    const isMasked = band < 4 || column === 2 || column === 3;
    assert.equal(value, isMasked ? 0 : plain[i]);
  });
});

Deno.test("InputReader.speech() takes out what a band has in common over the whole scan", () => {
  const coloured = {
    ...source,
    readLogSpectrogram: (scanId: string, first: number, count: number) =>
      source.readLogSpectrogram(scanId, first, count).map((value, i) => value + 5 * (i % 16)),
  };
  const [plain, colour] = [source, coloured].map((each) => {
    const out = new Float32Array(160);
    new InputReader(each, configOf().model, 1).speech("s1", 4, out, 0);
    return out;
  });
  colour.forEach((value, i) => assert.ok(Math.abs(value - plain[i]) < 1e-3));
});

Deno.test("InputReader.speech() moves a tone by the shift in bands", () => {
  const tone = {
    ...source,
    // Only in the first half of the scan.
    readLogSpectrogram: (_: string, first: number, count: number) =>
      Float32Array.from(
        { length: count * 16 },
        (_, i) => i % 16 === 7 && first + Math.floor(i / 16) < 80 ? 1 : 0,
      ),
  };
  const inputs = new InputReader(tone, configOf().model, 1);
  const out = new Float32Array(160);
  inputs.speech("s0", 0, out, 0, { stretch: 1, shift: 2 / 16, maskedColumns: [0, 0], maskedBands: [0, 0] });
  const loud = Array.from({ length: 16 }, (_, band) => band).filter((band) => out[band * 10] > 0);
  assert.deepEqual(loud, [5]);
});

Deno.test("InputReader refuses a network with other bands than the dataset", () => {
  const { model } = resolveRunConfig({ set: ["model.speechSize=[80,10]"] });
  assert.throws(() => new InputReader(source, model, 1), /model.speechSize\[0\] must be 16/);
});

/** Scans of one-second windows, each as many as said; columns outside whole windows are not numbers. */
function shortScans(windowCounts: readonly number[]): InputSource {
  const config = { ...source.config, windowSeconds: 1 };
  const windows = windowCounts.flatMap((count, scan) =>
    Array.from({ length: count }, (_, index) => ({ ...source.windows()[0], scanId: `s${scan}`, index }))
  );
  return {
    ...source,
    config,
    windows: () => windows,
    readLogSpectrogram: (scanId, first, count) =>
      source.readLogSpectrogram("s0", first, count).map((value, i) => {
        const column = first + Math.floor(i / 16);
        return column < 0 || column >= 10 * windowCounts[Number(scanId.slice(1))] ? NaN : value;
      }),
  };
}

Deno.test("InputReader.speech() never reads outside a scan's whole windows, wherever it is asked and however stretched", () => {
  for (const counts of [[1, 1], [1, 3], [2, 5], [12, 12]]) {
    const speechSeconds = Math.min(3, ...counts);
    const inputs = new InputReader(shortScans(counts), configOf().model, speechSeconds);
    counts.forEach((count, scan) => {
      assert.equal(inputs.scanSeconds(`s${scan}`), count);
      for (let start = -1; start <= count; start += 0.25) {
        for (const stretch of [0.7, 1, 1.3]) {
          const out = new Float32Array(160);
          const none = [0, 0] as const;
          const change = { stretch, shift: 0, maskedColumns: none, maskedBands: none };
          inputs.speech(`s${scan}`, start, out, 0, change);
          assert.ok(out.every(Number.isFinite), `scan of ${count} s at ${start} s, ${stretch}`);
        }
      }
    });
  }
});

Deno.test("InputReader.speech() takes band means over equal lengths of time where scans are short", () => {
  const inputs = new InputReader(shortScans([1, 4]), configOf().model, 1);
  // Over its own second, a sample's bands have no mean left, in the short scan and in the long one.
  for (const [scan, start] of [["s0", 0], ["s1", 0], ["s1", 2.5], ["s1", 3]] as const) {
    const out = new Float32Array(160);
    inputs.speech(scan, start, out, 0);
    for (let band = 0; band < 16; band++) {
      const mean = out.subarray(band * 10, band * 10 + 10).reduce((a, b) => a + b, 0) / 10;
      assert.ok(Math.abs(mean) < 1e-5, `${scan} ${start}: ${mean}`);
    }
  }
});

Deno.test("InputReader.speech() takes band means of a long scan that has few columns", () => {
  const spectrogram = { ...source.config.spectrogram, hopSeconds: 0.5 };
  const inputs = new InputReader(
    { ...source, config: { ...source.config, spectrogram } },
    configOf().model,
    2,
  );
  const out = new Float32Array(160);
  inputs.speech("s1", 4, out, 0);
  assert.ok(out.every(Number.isFinite) && out.some((value) => value !== 0));
});

Deno.test("speechColumns() of speech as long as the shortest scan fit into it, whatever the hop", () => {
  assert.deepEqual(speechColumns(1.56, 1.56, 0.016), { heard: 97, common: 97, mean: 97 });
  assert.deepEqual(speechColumns(0.6, 10, 0.01), { heard: 60, common: 1000, mean: null });
});

Deno.test("InputReader refuses speech longer than the shortest scan, with the setting", () => {
  assert.throws(
    () => new InputReader(shortScans([1, 4, 4]), configOf().model, 3),
    (error) =>
      error instanceof SonospeechError && error.code === "config" &&
      /data.speechSeconds must be at most 1, .*\(1 of 3 scans .* received 3/.test(error.message) &&
      /--set data.speechSeconds=1 .*windowSeconds/.test(error.hint!),
  );
});

Deno.test("BatchReader.read() lays out the frames, speech and hard negatives that were planned", () => {
  const config = configOf();
  const plan = firstPlan(config);
  const batch = new BatchReader(source, config, { speech: true, negatives: true }).read(plan);
  assert.equal(batch.frames.length, 4 * 4 * 256);
  assert.equal(batch.speech!.length, 4 * 2 * 160);
  const inputs = new InputReader(source, config.model, config.data.speechSeconds);
  const frame = new Float32Array(256);
  const { window, frames, pairs } = plan.samples[2];
  inputs.frame(window.scanId, window.firstFrame + frames[3], frame, 0);
  assert.deepEqual(batch.frames.slice((2 * 4 + 3) * 256, (2 * 4 + 4) * 256), frame);
  const speech = new Float32Array(160);
  const negative = pairs[1].negative!;
  inputs.speech(negative.window.scanId, negative.startSeconds, speech, 0);
  assert.deepEqual(batch.negativeSpeech!.slice((2 * 2 + 1) * 160, (2 * 2 + 2) * 160), speech);
});

Deno.test("BatchReader.read() repeats its random changes and shows all frames of a window the same one", () => {
  const config = configOf({
    shift: 0.2,
    gamma: 0.5,
    brightness: 0.2,
    speechStretch: 0.2,
    bandShift: 0.1,
    spectrogramMask: 0.3,
  });
  const plan = firstPlan(config);
  const read = () => new BatchReader(source, config, { speech: true, negatives: false }).read(plan);
  const [first, second] = [read(), read()];
  assert.deepEqual(first.frames, second.frames);
  assert.deepEqual(first.speech, second.speech);
  const plain = new BatchReader(source, configOf(), { speech: true, negatives: false }).read(plan);
  assert.notDeepEqual(first.frames, plain.frames);
  assert.notDeepEqual(first.speech, plain.speech);
});

Deno.test("BatchReader.read() hands over stored frames with what makes finished ones of them, bit by bit", () => {
  const config = configOf({ ...still, shift: 0.2, gamma: 0.5, brightness: 0.2, speechStretch: 0.2 });
  const plan = firstPlan(config);
  const needs = { speech: true, negatives: false };
  const finished = new BatchReader(source, config, needs).read(plan);
  const format = compactFormat(source, config);
  assert.deepEqual(format, { frames: "u8", speech: "f16" });
  const { frames, frameShifts, frameTones, speech } = new BatchReader(source, config, needs, format).read(
    plan,
  );
  const inputs = [input("frames", [16, 16, 16, 1], "u8"), input("shifts", [4, 2]), input("tones", [4, 256])];
  const feeds = new Map([
    ["frames", { shape: inputs[0].shape, data: frames }],
    ["shifts", { shape: inputs[1].shape, data: frameShifts! }],
    ["tones", { shape: inputs[2].shape, data: frameTones! }],
  ]);
  const [made] = evaluateReference([toneFrames(inputs[0], inputs[1], inputs[2])], feeds, new Map());
  assert.deepEqual(Float32Array.from(made.data), finished.frames);
  assert.ok(new Set(frameShifts).size > 2 && frameTones![0] !== frameTones![256]);
  assert.deepEqual(speech, Float16Array.from(finished.speech!));
  const other = { ...config, model: { ...config.model, frameSize: [12, 16] as const } };
  assert.deepEqual(compactFormat(source, other), { frames: "f32", speech: "f16" });
  const resized = compactFormat(source, other);
  assert.deepEqual(
    new BatchReader(source, other, needs, resized).read(plan).frames,
    new BatchReader(source, other, needs).read(plan).frames,
  );
});

Deno.test("BatchReader.read() reads no speech when no loss hears any", () => {
  const config = configOf();
  const batch = new BatchReader(source, config, { speech: false, negatives: false }).read(
    firstPlan(config),
  );
  assert.equal(batch.speech, null);
  assert.equal(batch.negativeSpeech, null);
});
