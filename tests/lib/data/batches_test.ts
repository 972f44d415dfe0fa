import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { BatchReader, planNegativeMask } from "../../../lib/data/batches.ts";
import { InputReader, type SpeechAugmentation } from "../../../lib/data/inputs.ts";
import { type BatchPlan, PairSampler } from "../../../lib/data/pairs.ts";
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

Deno.test("BatchReader.read() lays out the frames, speech and hard negatives that were planned", () => {
  const config = configOf();
  const plan = firstPlan(config);
  const batch = new BatchReader(source, config, { speech: true, hardNegatives: true }).read(plan);
  assert.equal(batch.frames.length, 4 * 4 * 256);
  assert.equal(batch.speech!.length, 4 * 2 * 160);
  const inputs = new InputReader(source, config.model, config.data.speechSeconds);
  const frame = new Float32Array(256);
  const { window, frames, pairs } = plan.samples[2];
  inputs.frame(window.scanId, window.firstFrame + frames[3], frame, 0);
  assert.deepEqual(batch.frames.slice((2 * 4 + 3) * 256, (2 * 4 + 4) * 256), frame);
  const speech = new Float32Array(160);
  const negative = pairs[1].hardNegative!;
  inputs.speech(negative.window.scanId, negative.startSeconds, speech, 0);
  assert.deepEqual(batch.hardNegativeSpeech!.slice((2 * 2 + 1) * 160, (2 * 2 + 2) * 160), speech);
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
  const read = () => new BatchReader(source, config, { speech: true, hardNegatives: false }).read(plan);
  const [first, second] = [read(), read()];
  assert.deepEqual(first.frames, second.frames);
  assert.deepEqual(first.speech, second.speech);
  const plain = new BatchReader(source, configOf(), { speech: true, hardNegatives: false }).read(plan);
  assert.notDeepEqual(first.frames, plain.frames);
  assert.notDeepEqual(first.speech, plain.speech);
});

Deno.test("BatchReader.read() reads no speech when no loss hears any", () => {
  const config = configOf();
  const batch = new BatchReader(source, config, { speech: false, hardNegatives: false }).read(
    firstPlan(config),
  );
  assert.equal(batch.speech, null);
  assert.equal(batch.hardNegativeSpeech, null);
});

Deno.test("planNegativeMask() never lets two pairs of one window be each other's negatives", () => {
  const plan = firstPlan();
  const mask = planNegativeMask(plan, new Float32Array(8).fill(1), 0);
  for (let i = 0; i < 8; i++) {
    for (let j = 0; j < 8; j++) {
      assert.equal(mask[i * 8 + j], Math.floor(i / 2) === Math.floor(j / 2) ? 0 : 1);
    }
  }
});
